"""Connects a project with the server of a model, which then suggests labels for tasks that are opened."""

from __future__ import annotations

import hashlib
import hmac
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from data.studio_client import explained, fetch, proxied

if TYPE_CHECKING:
    from label_studio_sdk import LabelStudio

KEY_VARIABLE = "POLICY_API_KEY"  # the one that `python -m serve` asks its callers for
USER = "label-studio"
Row = dict[str, Any]
ADVICE = (
    "Label Studio has to reach it: a server that `label-studio up` started asks this machine alone (127.0.0.1); others "
    "block loopback and private networks unless USE_DEFAULT_BANNED_SUBNETS=false is set where they start. "
    f"Its key has to be in {KEY_VARIABLE} here as it is there"
)


class Unanswered(ValueError):
    """Nothing answers at an address."""


@dataclass(frozen=True, slots=True)
class Before:
    """What a project was connected with before it is connected anew."""

    backends: list[Row]
    webhooks: list[Row]
    version: str


def connect(client: LabelStudio, project: int, url: str, key: str, replace: bool = False) -> str:
    """Connect, or bring an earlier connection up to date; returns the version of the model that answers.

    The backend's title is that version: Label Studio sorts and shows the predictions whose version is the project's,
    which may be a title. The new connection is made before older ones are removed, those of other addresses too with
    ``replace``. Raises ValueError, and leaves everything as it was, where either can't reach the other, or where there
    are backends at other addresses and ``replace`` isn't given.
    """
    url = url.rstrip("/")
    version = served_version(url, key)
    with explained(f"{url} was not connected"):
        before = _before(client, project)
    others = sorted({address_of(backend) for backend in before.backends} - {url})
    if others and not replace:
        raise ValueError(
            f"{url} was not connected: project {project} has {', '.join(others)}, and Label Studio asks only one. "
            "Say --replace: what is at other addresses is taken away once this one is connected"
        )
    _make(client, project, url, key, version, before)
    with explained(f"{url} is connected, but what was connected before may be there still", "Run the same again"):
        _remove(client, before.backends, [hook for hook in before.webhooks if hook["url"] in map(_hooked, others)])
        client.projects.update(project, model_version=version)  # removing a backend of this title emptied it
    return version


def served_version(url: str, key: str = "") -> str:
    """The version of the model behind a server of ours. Raises ValueError where it is not reached or refuses.

    Where nothing answers, the ValueError is an Unanswered.
    """
    import httpx

    auth = (USER, key) if key else None
    try:
        with httpx.Client(trust_env=proxied(url), timeout=10) as http:
            answer = http.get(f"{url}/versions", auth=auth)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise Unanswered(f"{url}: no answer ({error}); is it running? start one: {serve_line(url)}") from error
    if answer.status_code == 401:
        raise ValueError(f"{url}: refused the key; put the one it was started with into {KEY_VARIABLE}")
    try:
        return str(answer.json()["versions"][0])
    except (ValueError, KeyError, IndexError, TypeError) as error:
        raise ValueError(f"{url}: expected a server of ours (python -m serve), got {answer.status_code}") from error


def serve_line(url: str) -> str:
    """The command that starts a server of ours at an address; run where that is."""
    port = urlsplit(url).port or 8000
    return "python -m serve" + (f" --port {port}" if port != 8000 else "")


def webhook_key(key: str) -> str:
    """What opens nothing but ``POST /webhook``: every member of a Label Studio server can read a webhook's headers."""
    return hmac.new(key.encode(), b"webhook", hashlib.sha256).hexdigest()


def webhook_events(url: str) -> int | None:
    """How many changes Label Studio has told a server of ours; None where it can't be asked, which is no fault."""
    import httpx

    key = os.environ.get(KEY_VARIABLE, "")
    try:
        with httpx.Client(trust_env=proxied(url), timeout=2) as http:
            answer = http.get(f"{url.rstrip('/')}/webhook", headers={"X-API-Key": key} if key else {})
        return int(answer.json()["events"])
    except (httpx.HTTPError, httpx.InvalidURL, ValueError, KeyError, TypeError):
        return None


def backends_of(client: LabelStudio, project: int) -> list[Row]:
    """The connected backends, asked for their state by Label Studio just now; of several it asks one."""
    found: list[Row] = fetch(client, "api/ml", project=project).body
    return found


def address_of(backend: Row) -> str:
    """The address of a connected backend, as `connect` writes it."""
    return str(backend["url"]).rstrip("/")


def _before(client: LabelStudio, project: int) -> Before:
    version = fetch(client, f"api/projects/{project}").body["model_version"]
    return Before(backends_of(client, project), _webhooks(client, project), version or "")


def _make(client: LabelStudio, project: int, url: str, key: str, version: str, before: Before) -> None:
    """Make a connection beside the ones there are; where that fails, what there was before is all there is."""
    basic: dict[str, Any] = {"auth_method": "BASIC_AUTH", "basic_auth_user": USER, "basic_auth_pass": key}
    try:
        with explained(f"{url} was not connected", ADVICE):
            client.ml.create(project=project, url=url, title=version, **(basic if key else {}))
            _mend_webhook(client, project, url, key)
    except ValueError:
        with explained(f"{url}: what was half-made was not removed"):
            now = _before(client, project)
            _remove(client, _new(now.backends, before.backends), _new(now.webhooks, before.webhooks))
            if before.version and fetch(client, f"api/projects/{project}").body["model_version"] != before.version:
                client.projects.update(project, model_version=before.version)
        raise


def _mend_webhook(client: LabelStudio, project: int, url: str, key: str) -> None:
    """The one webhook that comes with a backend: no texts in it, and a key of its own, which it would be without.

    Label Studio makes one only where the address has none; what it has may be an earlier key's, or switched off.
    """
    hooks = [hook for hook in _webhooks(client, project) if hook["url"] == _hooked(url)]
    headers = {"X-API-Key": webhook_key(key)} if key else {}
    wanted: dict[str, Any] = {"send_payload": False, "send_for_all_actions": True, "is_active": True}
    for hook in hooks[:1]:
        client.webhooks.update(hook["id"], url=hook["url"], headers=headers, **wanted)
    _remove(client, [], hooks[1:])


def _remove(client: LabelStudio, backends: list[Row], webhooks: list[Row]) -> None:
    for backend in backends:
        client.ml.delete(backend["id"])
    for hook in webhooks:
        client.webhooks.delete(hook["id"])


def _new(now: list[Row], before: list[Row]) -> list[Row]:
    known = {row["id"] for row in before}
    return [row for row in now if row["id"] not in known]


def _hooked(url: str) -> str:
    """The address of the webhook that Label Studio makes for a backend."""
    return f"{url}/webhook"


def _webhooks(client: LabelStudio, project: int) -> list[Row]:
    rows: list[Row] = fetch(client, "api/webhooks/", project=project).body
    return rows
