"""The connection to a Label Studio server, and its refusals in words that say what to do."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from label_studio_sdk import LabelStudio
    from label_studio_sdk.core.api_error import ApiError
    from label_studio_sdk.core.parse_error import ParsingError

KEY_VARIABLE = "LABEL_STUDIO_API_KEY"
TIMEOUT_S = 600  # an export of 10,000 tasks takes 20 s, and the server answers only when it is done


@contextlib.contextmanager
def connected(url: str, key: str) -> Iterator[LabelStudio]:
    """A client that has been let in. Raises ValueError where the server can't be reached or refuses the key."""
    try:
        import httpx
        from label_studio_sdk import LabelStudio
    except ImportError as error:
        raise ValueError(f"Label Studio's client is missing ({error}); pip install -e '.[label]'") from error
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"--url: expected an address such as http://127.0.0.1:8080, got {url!r}")
    proxied = parts.hostname not in ("127.0.0.1", "localhost", "::1")
    with httpx.Client(trust_env=proxied, timeout=TIMEOUT_S, follow_redirects=True) as http:
        with explained(f"{url}: could not log in"):
            # a retried import would make every task twice
            client = LabelStudio(  # type: ignore[no-untyped-call]
                base_url=url, api_key=key, httpx_client=http, max_retries=0
            )
            client.users.whoami()
        yield client


@contextlib.contextmanager
def explained(failed: str, advice: str = "") -> Iterator[None]:
    """Turn the client's exceptions into a ValueError: what failed, why, what to do."""
    import httpx
    from label_studio_sdk.core.api_error import ApiError
    from label_studio_sdk.core.parse_error import ParsingError

    try:
        yield
    except httpx.HTTPError as error:
        raise ValueError(
            f"{failed}: no answer from Label Studio ({error or type(error).__name__}); "
            "is it running? start one here: python -m data label-studio up"
        ) from error
    except (ApiError, ParsingError) as error:
        raise ValueError(f"{failed}: {_reason(error)}. {advice or _advice(error)}".strip()) from error


def _reason(error: ApiError | ParsingError) -> str:
    """The server's own words, without its envelope: {"detail": "Validation error", "validation_errors": {…}}."""
    body: Any = error.body
    if isinstance(body, dict):
        body = body.get("validation_errors") or body.get("detail") or body
    return f"Label Studio answered {error.status_code}: {str(body)[:1000]}"


def _advice(error: ApiError | ParsingError) -> str:
    if error.status_code in (401, 403):
        return (
            f"The API key is wrong or may not do this: set {KEY_VARIABLE} to the access token of your account page; "
            "without --url the key of the local server is used"
        )
    if error.status_code in (200, 404, 405):
        return "Is this the address of a Label Studio server, without a path behind it?"
    return "Nothing was lost; mend the cause and run the command again"
