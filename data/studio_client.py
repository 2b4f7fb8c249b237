"""The connection to a Label Studio server, and its refusals in words that say what to do."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from label_studio_sdk import LabelStudio
    from label_studio_sdk.core.api_error import ApiError
    from label_studio_sdk.core.parse_error import ParsingError

KEY_VARIABLE = "LABEL_STUDIO_API_KEY"
TIMEOUT_S = 600  # an export of 10,000 tasks takes 20 s, and the server answers only when it is done
ATTEMPTS, LONGEST_WAIT_S = 6, 8
PAGE = 1000
EXPORT = {"exportType": "JSON", "download_all_tasks": "false", "download_resources": "false"}  # of annotated tasks


class Fault(Exception):
    """An answer that a healthy server would not give: asking again may help."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The JSON of an answer, and the server's clock when it was given."""

    body: Any
    at: datetime


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
    with httpx.Client(trust_env=proxied(url), timeout=TIMEOUT_S, follow_redirects=True) as http:
        with explained(f"{url}: could not log in"):
            # a retried import would make every task twice
            client = LabelStudio(  # type: ignore[no-untyped-call]
                base_url=url, api_key=key, httpx_client=http, max_retries=0
            )
            client.users.whoami()
        yield client


def proxied(url: str) -> bool:
    """Whether an address may be asked through a proxy: never this machine's own."""
    return urlsplit(url).hostname not in ("127.0.0.1", "localhost", "::1")


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


def fetch(client: LabelStudio, path: str, **params: Any) -> Answer:
    """GET a path of the API. Nothing changes by it, so it is asked again after faults of network and server."""
    import httpx
    from label_studio_sdk.core.api_error import ApiError
    from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential

    asking = Retrying(
        retry=retry_if_exception_type((httpx.TransportError, Fault)),
        stop=stop_after_attempt(ATTEMPTS),
        wait=wait_random_exponential(multiplier=0.1, max=LONGEST_WAIT_S),
        reraise=True,
    )
    try:
        return asking(_ask, client, path, params)
    except Fault as fault:
        raise ApiError(status_code=500, body=f"{path}: {fault}, {ATTEMPTS} times in a row") from fault


def _ask(client: LabelStudio, path: str, params: dict[str, Any]) -> Answer:
    from label_studio_sdk.core.api_error import ApiError

    response = client._client_wrapper.httpx_client.request(path, method="GET", params=params)  # it knows the token
    if response.status_code == 429 or response.status_code >= 500:
        raise Fault(f"answered {response.status_code}")
    if response.status_code != 200:
        raise ApiError(status_code=response.status_code, body=response.text[:1000])
    try:
        body = response.json()
    except ValueError as error:
        raise Fault(f"no whole JSON ({error})") from error
    date = response.headers.get("date")
    return Answer(body, parsedate_to_datetime(date) if date else datetime.now(UTC))


def send(client: LabelStudio, method: str, path: str, body: dict[str, Any] | None = None) -> None:
    """A request that the client has no name for. It changes something, so it is sent once; gone already is deleted."""
    from label_studio_sdk.core.api_error import ApiError

    response = client._client_wrapper.httpx_client.request(path, method=method, json=body)
    if response.status_code >= 400 and (method, response.status_code) != ("DELETE", 404):
        raise ApiError(status_code=response.status_code, body=response.text[:1000])


def fetch_tasks(client: LabelStudio, project: int, **params: Any) -> tuple[list[dict[str, Any]], datetime]:
    """All tasks that a listing holds, by id, and the server's clock before the first page.

    A page with fewer tasks than it should have is asked for again, and so is the whole where tasks were deleted
    meanwhile; the client's own pager would take a short page for the last.
    """
    from label_studio_sdk.core.api_error import ApiError

    for _ in range(ATTEMPTS):
        first = fetch_page(client, project, 1, **params)
        found = {task["id"]: task for task in first.body["tasks"]}
        total, number = first.body["total"], 1
        while number * PAGE < total:
            number += 1
            page = fetch_page(client, project, number, **params).body
            found |= {task["id"]: task for task in page["tasks"]}
            total = page["total"]
        if len(found) >= total:
            return [found[key] for key in sorted(found)], first.at
    raise ApiError(status_code=500, body="tasks were being deleted all the while that they were read")


def fetch_page(client: LabelStudio, project: int, number: int, **params: Any) -> Answer:
    """A page of a listing of tasks, from 1, with all the tasks that it should have."""
    from label_studio_sdk.core.api_error import ApiError

    for _ in range(ATTEMPTS):
        answer = fetch(client, "api/tasks", project=project, page=number, page_size=PAGE, **params)
        tasks, total = answer.body.get("tasks"), answer.body.get("total")
        if isinstance(tasks, list) and isinstance(total, int) and len(tasks) >= min(PAGE, total - (number - 1) * PAGE):
            return answer
    raise ApiError(status_code=500, body=f"page {number} of the tasks was never whole")


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
