"""Connects a project with the server of a model, which then suggests labels for tasks that are opened."""

from __future__ import annotations

import hashlib
import hmac
import os
from typing import TYPE_CHECKING, Any

from data.studio_client import explained, fetch, proxied

if TYPE_CHECKING:
    from label_studio_sdk import LabelStudio

KEY_VARIABLE = "POLICY_API_KEY"  # the one that `python -m serve` asks its callers for
USER = "label-studio"
ADVICE = (
    "Label Studio has to reach it: a server that `label-studio up` started asks this machine alone (127.0.0.1); others "
    "block loopback and private networks unless USE_DEFAULT_BANNED_SUBNETS=false is set where they start. "
    f"Its key has to be in {KEY_VARIABLE} here as it is there"
)


def connect(client: LabelStudio, project: int, url: str, key: str) -> str:
    """Connect, or bring an earlier connection up to date; returns the version of the model that answers.

    The backend's title is that version: Label Studio sorts and shows the predictions whose version is the project's,
    which it sets to the title. Raises ValueError, and leaves nothing half-made, where either can't reach the other.
    """
    url = url.rstrip("/")
    version = served_version(url, key)
    basic: dict[str, Any] = {"auth_method": "BASIC_AUTH", "basic_auth_user": USER, "basic_auth_pass": key}
    try:
        with explained(f"{url} was not connected", ADVICE):
            _remove(client, project, url)
            client.ml.create(project=project, url=url, title=version, **(basic if key else {}))
            client.projects.update(project, model_version=version)
            _quieten_webhook(client, project, url, key)
    except ValueError:
        with explained(f"{url}: what was half-made was not removed"):
            _remove(client, project, url)
        raise
    return version


def served_version(url: str, key: str = "") -> str:
    """The version of the model behind a server of ours. Raises ValueError where it is not reached or refuses."""
    import httpx

    auth = (USER, key) if key else None
    try:
        with httpx.Client(trust_env=proxied(url), timeout=10) as http:
            answer = http.get(f"{url}/versions", auth=auth)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise ValueError(f"{url}: no answer ({error}); is it running? start one: python -m serve") from error
    if answer.status_code == 401:
        raise ValueError(f"{url}: refused the key; put the one it was started with into {KEY_VARIABLE}")
    try:
        return str(answer.json()["versions"][0])
    except (ValueError, KeyError, IndexError, TypeError) as error:
        raise ValueError(f"{url}: expected a server of ours (python -m serve), got {answer.status_code}") from error


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


def backends_of(client: LabelStudio, project: int) -> list[dict[str, Any]]:
    """The connected backends, asked for their state by Label Studio just now."""
    found: list[dict[str, Any]] = fetch(client, "api/ml", project=project).body
    return found


def _remove(client: LabelStudio, project: int, url: str) -> None:
    """Take away what is connected under an address, a row too that a refused connection left behind."""
    for backend in backends_of(client, project):
        if backend["url"].rstrip("/") == url:
            client.ml.delete(backend["id"])
    for hook in _webhooks(client, project, url):
        client.webhooks.delete(hook["id"])


def _quieten_webhook(client: LabelStudio, project: int, url: str, key: str) -> None:
    """The webhook that comes with a backend: no texts in it, and a key of its own, which it would be without."""
    for hook in _webhooks(client, project, url):
        headers = {"X-API-Key": webhook_key(key)} if key else {}
        client.webhooks.update(hook["id"], url=hook["url"], send_payload=False, headers=headers)


def _webhooks(client: LabelStudio, project: int, url: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = fetch(client, "api/webhooks/", project=project).body
    return [row for row in rows if row["url"] == f"{url}/webhook"]
