"""Looks at a server, a project and its models, and says what is wrong and which command mends it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Any

from data.labels import NONE_ID, LabelSet
from data.studio_access import HERE
from data.studio_backend import backends_of
from data.studio_client import connected, explained, fetch
from data.studio_doctor_backend import Model, examine_backends, examine_newest, read_model
from data.studio_doctor_queue import examine_queue, order, read_queue
from data.studio_finding import Called, Finding, count
from data.studio_project import adjudication_of, find_project, identity, labels_of
from data.studio_pull import file_of
from data.studio_store import PROJECT, opened, store_path

if TYPE_CHECKING:
    from label_studio_sdk import LabelStudio

TRIED = "1.23"
RECENT_S = 120  # a watch pulls more often
CURRENT = HERE.parent / "serve" / "models" / "current"
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Patient:
    """What is looked at: a server by address and key, a project by title, what its labels should be.

    ``store`` is the project's file on this side, ``model`` the directory of the newest model, None where none is
    looked at.
    """

    address: str
    key: str
    title: str
    labels: LabelSet
    store: Path
    backend_key: str
    called: Called = field(default_factory=Called)
    model: Path | None = None


def examine(patient: Patient) -> Iterator[Finding]:
    """Findings in the order in which one depends on another; it ends where nothing more can be seen."""
    try:
        with connected(patient.address, patient.key) as client:
            kind = "personal access token" if patient.key.count(".") == 2 else "legacy token"
            yield Finding(True, f"server {patient.address} answers and takes the key (a {kind})")
            yield _version(client)
            project = find_project(client, patient.title)
            if project is None:
                what = f"no project has the title {patient.title!r}"
                yield Finding(False, what, patient.called.command("setup"))
                return
            yield from _project(client, project, patient)
            yield from _adjudication(client, patient)
    except ValueError as error:
        start = "# mend what this line says" if patient.called.url else patient.called.command("up --detach")
        yield Finding(False, str(error), start)


def examine_order(client: LabelStudio, project: int, called: Called, newest: Path) -> Finding:
    """Whether sentences are handed out as the project's model version says."""
    with explained("the order of the queue was not read"):
        now = fetch(client, f"api/projects/{project}").body
        queue = read_queue(client, project)
    found = order(now, queue, "MODEL", called)
    return found if found.good else order(now, queue, _directory(read_model(newest), now), called)


def _version(client: LabelStudio) -> Finding:
    with explained("the version was not read"):
        release = str(fetch(client, "api/version").body["release"])
    if release.startswith(TRIED):
        return Finding(True, f"Label Studio {release}")
    return Finding(False, f"Label Studio {release}: tried with {TRIED} only", f"# install {TRIED}, or expect surprises")


def _project(client: LabelStudio, project: int, patient: Patient) -> Iterator[Finding]:
    called = patient.called
    with explained(f"project {project} was not read"):
        backends = backends_of(client, project)
        now = fetch(client, f"api/projects/{project}").body
        queue = read_queue(client, project)
        people = len(list(client.users.list()))
    model = read_model(patient.model) if patient.model else None
    yield _labels(now, patient.labels, called)
    yield _people(people, now, called)
    yield _shown(now, called)
    yield from examine_queue(now, queue, bool(backends), _directory(model, now), called)
    yield _pulled(now, patient.store, called)
    yield from examine_backends(backends, now, patient.backend_key, model, called)
    if isinstance(model, Finding):
        yield model
    elif model:
        yield examine_newest(model, backends, now, called)


def _directory(model: Model | Finding | None, now: Row) -> str:
    """The directory, for a command, of the model that a project goes by, where it is known; else a word for it."""
    return quote(model.folder) if isinstance(model, Model) and model.version == now["model_version"] else "MODEL"


def _labels(now: Row, labels: LabelSet, called: Called) -> Finding:
    found, wanted = labels_of(now["label_config"]), [*labels.ids, NONE_ID]
    if found == wanted:
        return Finding(True, f"project {now['title']} asks for the labels of {called.labels.name}")
    what = f"project {now['title']} asks for {found}, {called.labels.name} has {wanted}"
    mend = called.command("setup")
    if now["total_annotations_number"] + now["skipped_annotations_number"]:
        mend += (
            "  # people have labelled already: it says what a change would mean, and --extend makes it all the same; "
            "or name the label set that they know with --labels"
        )
    return Finding(False, what, mend)


def _people(people: int, now: Row, called: Called) -> Finding:
    wanted = now["maximum_annotations"]
    first = "(the first one included)" if people > 1 else "(the first one)"
    what = f"{count(people, 'account')} {first}, {wanted} wanted for each sentence"
    fewer = called.command(f"setup --annotators {people}  # or fewer for each sentence")
    return Finding(people >= wanted, what, "" if people >= wanted else f"{called.command('invite')}\n{fewer}")


def _shown(now: Row, called: Called) -> Finding:
    if now["show_collab_predictions"]:
        return Finding(True, "suggested labels are shown as ticks")
    return Finding(False, "suggested labels are hidden", called.command("setup"))


def _pulled(now: Row, store: Path, called: Called) -> Finding:
    """Everybody with an account can delete what others did, so what isn't pulled has no copy."""
    known, skips, since = 0, now["skipped_annotations_number"], ""
    if store.exists():
        with opened(store) as kept:
            if kept.fact(PROJECT) in ("", identity(now)):
                known, since = kept.answers(), kept.fact("since")
    answers = now["total_annotations_number"] + skips
    what = f"{count(answers, 'answer')} on the server" + (f" ({skips} of them skipped)" if skips else "")
    if answers <= known:
        return Finding(True, f"{what}, all pulled")
    age = (datetime.now(UTC) - datetime.fromisoformat(since)).total_seconds() if since else RECENT_S
    if age < RECENT_S:
        return Finding(True, f"{what}, {answers - known} not pulled yet; the last pull was {age:.0f} s ago")
    what += f", {answers - known} not pulled: there is no copy of them"
    return Finding(False, what, called.command("pull"))


def _adjudication(client: LabelStudio, patient: Patient) -> Iterator[Finding]:
    """The project in which a third decides, where there is one."""
    title = adjudication_of(patient.title)
    project = find_project(client, title)
    if project is None:
        return
    with explained(f"project {project} was not read"):
        now = fetch(client, f"api/projects/{project}").body
        waiting = sum(task.waits for task in read_queue(client, project))
    store = patient.store.with_name(store_path(Path(), file_of(title)).name)
    yield _labels(now, patient.labels, replace(patient.called, project=title))
    yield Finding(True, f"there: {count(waiting, 'sentence')} still to be decided by a third person")
    pulled = _pulled(now, store, patient.called)  # of the project itself: that pulls both
    yield replace(pulled, what=f"there: {pulled.what}")


def report(findings: Iterator[Finding], show: Callable[[str], None]) -> bool:
    """Show each finding as it comes; whether all is well."""
    good = True
    for finding in findings:
        show(str(finding))
        good &= finding.good
    return good
