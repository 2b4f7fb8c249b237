"""Looks at a server, a project and its backends, and says what is wrong and which command mends it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from data.labels import NONE_ID, LabelSet
from data.studio_backend import backends_of, served_version
from data.studio_client import connected, explained, fetch, fetch_tasks
from data.studio_project import find_project, labels_of
from data.studio_store import opened

if TYPE_CHECKING:
    from label_studio_sdk import LabelStudio

TRIED = "1.23"
COMMAND = "python -m data label-studio"
BLOCKED = (
    "it answers from here, so Label Studio probably blocks loopback and private addresses: start it with "
    "`label-studio up`, or set USE_DEFAULT_BANNED_SUBNETS=false where it starts"
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. ``mend`` is the command, or the step, that sets right what isn't ``good``."""

    good: bool
    what: str
    mend: str = ""

    def __str__(self) -> str:
        return f"{'ok ' if self.good else 'bad'}  {self.what}" + (f"\n     -> {self.mend}" if self.mend else "")


@dataclass(frozen=True, slots=True)
class Patient:
    """What is looked at: a server by address and key, a project by title, what its labels should be."""

    address: str
    key: str
    title: str
    labels: LabelSet
    store: Path
    backend_key: str


def examine(patient: Patient) -> Iterator[Finding]:
    """Findings in the order in which one depends on another; it ends where nothing more can be seen."""
    try:
        with connected(patient.address, patient.key) as client:
            kind = "personal access token" if patient.key.count(".") == 2 else "legacy token"
            yield Finding(True, f"server {patient.address} answers and takes the key (a {kind})")
            yield _version(client)
            project = find_project(client, patient.title)
            if project is None:
                yield Finding(False, f"no project has the title {patient.title!r}", f"{COMMAND} setup")
                return
            yield from _project(client, project, patient)
            yield from _backends(client, project, patient)
    except ValueError as error:
        yield Finding(False, str(error), f"{COMMAND} up --detach, or mend what the line says")


def _version(client: LabelStudio) -> Finding:
    with explained("the version was not read"):
        release = str(fetch(client, "api/version").body["release"])
    if release.startswith(TRIED):
        return Finding(True, f"Label Studio {release}")
    return Finding(False, f"Label Studio {release}: tried with {TRIED} only", f"install {TRIED}, or expect surprises")


def _project(client: LabelStudio, project: int, patient: Patient) -> Iterator[Finding]:
    with explained(f"project {project} was not read"):
        now = fetch(client, f"api/projects/{project}").body
        ranked = _ranked(client, project)
        people = len(list(client.users.list()))
    yield _labels(now, patient)
    tasks, answers = now["task_number"], now["total_annotations_number"]
    yield Finding(tasks > 0, f"{tasks} tasks, {answers} annotations", "" if tasks else f"{COMMAND} push")
    yield _order(now, ranked)
    yield _shown(now)
    enough = people >= now["maximum_annotations"]
    what = f"{people} accounts for {now['maximum_annotations']} people per sentence"
    yield Finding(enough, what, "" if enough else f"{COMMAND} invite, or setup --annotators {people}")
    yield _pulled(now, patient)


def _labels(now: dict[str, Any], patient: Patient) -> Finding:
    found, wanted = labels_of(now["label_config"]), [*patient.labels.ids, NONE_ID]
    if found == wanted:
        return Finding(True, f"project {now['id']} asks for the labels of labels.yaml")
    return Finding(False, f"project {now['id']} asks for {found}, labels.yaml has {wanted}", f"{COMMAND} setup")


def _order(now: dict[str, Any], ranked: dict[int, set[str]]) -> Finding:
    """Label Studio hands out by chance, without a word, what has no prediction of the project's model version."""
    if not now["sampling"].startswith("Uncertainty"):
        return Finding(True, f"order of the queue: {now['sampling']}")
    version, waiting = now["model_version"], len(ranked)
    count = sum(version in versions for versions in ranked.values())
    if count == waiting:
        return Finding(True, f"order of the queue: by the predictions of {version}, for all {waiting} waiting tasks")
    what = f"{count} of {waiting} waiting tasks have a prediction of the project's model version {version!r}: "
    rest = "the others come last, in random order" if count else "the queue is in random order"
    return Finding(False, what + rest, f"{COMMAND} push --order uncertainty --prelabel MODEL")


def _ranked(client: LabelStudio, project: int) -> dict[int, set[str]]:
    """Of each task that waits for people the versions that it has predictions of."""
    rows, _ = fetch_tasks(client, project, fields="all", include="id,is_labeled")
    found: dict[int, set[str]] = {row["id"]: set() for row in rows if not row["is_labeled"]}
    for prediction in fetch(client, "api/predictions", project=project).body:
        if prediction["task"] in found:
            found[prediction["task"]].add(prediction["model_version"])
    return found


def _shown(now: dict[str, Any]) -> Finding:
    good = bool(now["show_collab_predictions"])
    return Finding(
        good, "predictions are shown as ticks" if good else "predictions are hidden", "" if good else f"{COMMAND} setup"
    )


def _pulled(now: dict[str, Any], patient: Patient) -> Finding:
    """Everybody with an account can delete what others did, so what isn't pulled has no copy."""
    known = 0
    if patient.store.exists():
        with opened(patient.store) as kept:
            known = kept.answers()
    missing = now["total_annotations_number"] + now["skipped_annotations_number"] - known
    what = f"{known} answers pulled, {max(missing, 0)} on the server only"
    return Finding(missing <= 0, what, f"{COMMAND} pull" if missing > 0 else "")


def _backends(client: LabelStudio, project: int, patient: Patient) -> Iterator[Finding]:
    with explained("the backends were not read"):
        backends = backends_of(client, project)
        shown = fetch(client, f"api/projects/{project}").body["model_version"]
    if not backends:
        yield Finding(True, "no backend is connected (tasks show what was pushed)")
    for backend in backends:
        yield from _backend(backend, shown, patient.backend_key)


def _backend(backend: dict[str, Any], shown: str, key: str) -> Iterator[Finding]:
    url = backend["url"].rstrip("/")
    again = f"{COMMAND} connect {url}"
    try:
        version = served_version(url, key)
        yield Finding(True, f"backend {url} answers from here with {version}")
    except ValueError as error:
        yield Finding(False, str(error), "python -m serve, then " + again)
        return
    if backend["state"] != "CO":
        why = str(backend.get("error_message") or "no reason given")
        what = f"Label Studio does not reach {url} (state {backend['state']}): {why[:300]}"
        yield Finding(False, what, (f"{BLOCKED}; then " if _is_near(url) else "") + again)
        return
    yield Finding(True, f"Label Studio reaches {url}")
    names = {"served": version, "title": backend["title"], "project": shown}
    if len(set(names.values())) == 1:
        yield Finding(True, "served version, backend's title and project's model version are the same")
    else:
        mend = f"{again}; {COMMAND} push --order uncertainty --prelabel MODEL"
        yield Finding(False, f"versions differ, so the order is random and ticks are missing: {names}", mend)


def _is_near(url: str) -> bool:
    """Whether an address is one that Label Studio asks nothing of unless it is told to."""
    host = urlsplit(url).hostname or ""
    try:
        return not ip_address(host).is_global
    except ValueError:
        return "." not in host  # localhost


def report(findings: Iterator[Finding], show: Callable[[str], None]) -> bool:
    """Show each finding as it comes; whether all is well."""
    good = True
    for finding in findings:
        show(str(finding))
        good &= finding.good
    return good
