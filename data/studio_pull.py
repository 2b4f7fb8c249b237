"""What people labelled in Label Studio, kept as a file of annotations on this side.

A pull reads what changed since the last one by the server's clock, and everything where that can't be enough: the
first time, after a day, and where the numbers of annotations differ, as after a deletion. What was read is kept in the
project's store first and written out of it, so that a pull that is cut off at any moment loses nothing and the next
one goes on.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from data.files import read_manifest, write_atomic, write_manifest
from data.labels import LabelSet
from data.records import to_json
from data.studio_answers import Pulled, annotations_of
from data.studio_client import EXPORT, PAGE, Answer, explained, fetch, fetch_page
from data.studio_project import identity
from data.studio_store import held, opened
from data.studio_vanished import keep_vanished

if TYPE_CHECKING:
    from label_studio_sdk import LabelStudio

FILE = "label_studio.jsonl"
RECONCILE = timedelta(hours=24)
LATE = timedelta(seconds=30)  # a change may be committed so long after the time it bears
CLOCK = "%Y-%m-%dT%H:%M:%S.%fZ"  # a filter by a time without a fraction crashes the server
FIELDS = "id,total_annotations,cancelled_annotations"  # a listing lacks what an answer was suggested
EXPORTED = 200  # tasks in one request, whose address may not get too long


def file_of(title: str) -> str:
    """The file of a project's annotations: every project has its own, also where a name of a file can't say all."""
    title = title.strip()  # as the server does
    name = re.sub(r"[^\w·-]+", "_", title)  # 政策句子 (一期) -> 政策句子_一期__5d3c1f.jsonl
    return name + ("" if name == title else f"_{sha256(title.encode()).hexdigest()[:6]}") + ".jsonl"


def pull(
    client: LabelStudio,
    project: int,
    labels: LabelSet,
    out: Path,
    file: str = FILE,
    *,
    store: Path,
    full: bool = False,
) -> Pulled:
    """Write all annotations of the project to ``out / file``. Raises ValueError rather than replace work by nothing.

    ``store`` is the project's file on this side; ``full`` reads everything again.
    """
    with held(store):
        with explained(f"project {project} was not read"):
            _refresh(client, project, store, full)
            people = {user["id"]: user["email"] for user in fetch(client, "api/users/").body}
        with opened(store) as kept:
            pulled = annotations_of(kept.tasks(), people, labels, kept.history())
        rows = "".join(to_json(annotation) + "\n" for annotation in pulled.annotations)
        path = out / file
        if not path.exists() or path.read_text(encoding="utf-8") != rows:
            keep_vanished(pulled, path, project)
            write_atomic(path, rows)
        before = read_manifest(out)
        facts = {**before.get("facts", {}), file: pulled.facts()}
        inputs = {**before.get("inputs", {}), f"project {project}": sha256(rows.encode()).hexdigest()}
        write_manifest(out, inputs=inputs, facts=facts)
    return pulled


def _refresh(client: LabelStudio, project: int, store: Path, full: bool) -> None:
    """Bring the mirror up to date with the server."""
    now = fetch(client, f"api/projects/{project}")
    with opened(store) as kept:
        kept.bind(identity(now.body), store)
        whole, since = kept.fact("whole"), kept.fact("since")
    due = full or not whole or now.at - datetime.fromisoformat(whole) > RECONCILE
    if due or not _read_changed(client, project, store, since, _answers(now.body)):
        _read_whole(client, project, store, now)


def _answers(project: dict[str, Any]) -> int:
    """How many annotations the server counts, skips included."""
    return int(project["total_annotations_number"]) + int(project["skipped_annotations_number"])


def _read_whole(client: LabelStudio, project: int, store: Path, now: Answer) -> None:
    """All tasks that anybody worked on, in one request."""
    for _ in range(2):  # an export may lack something and look whole; deletions meanwhile are no fault
        tasks = fetch(client, f"api/projects/{project}/export", **EXPORT).body
        if sum(len(task["annotations"]) for task in tasks) >= _answers(now.body):
            break
    with opened(store) as kept:
        kept.replace_tasks(tasks)
        for name in ("whole", "since"):
            kept.set_fact(name, now.at.isoformat())


def _read_changed(client: LabelStudio, project: int, store: Path, since: str, answers: int) -> bool:
    """Take over the tasks that changed since a time of the server's clock; whether that is all.

    It isn't where annotations were deleted, or where more changed than fits on a page, as after a push: an export of
    what was worked on is shorter then.
    """
    value = (datetime.fromisoformat(since) - LATE).astimezone(UTC).strftime(CLOCK)
    item = {"filter": "filter:tasks:updated_at", "operator": "greater", "type": "Datetime", "value": value}
    query = json.dumps({"filters": {"conjunction": "and", "items": [item]}})
    page = fetch_page(client, project, 1, fields="all", include=FIELDS, query=query)
    if page.body["total"] > PAGE:
        return False
    listed = {row["id"]: row["total_annotations"] + row["cancelled_annotations"] for row in page.body["tasks"]}
    tasks = _exported(client, project, [number for number, count in listed.items() if count])
    if sum(len(task["annotations"]) for task in tasks) < sum(listed.values()):
        return False
    with opened(store) as kept:
        kept.remove_tasks(listed)
        kept.update_tasks(tasks)
        kept.set_fact("since", page.at.isoformat())
        return kept.answers() == answers


def _exported(client: LabelStudio, project: int, numbers: list[int]) -> list[dict[str, Any]]:
    """These tasks as an export has them. It would ignore a filter by ``ids`` or ``id``."""
    found = []
    for at in range(0, len(numbers), EXPORTED):
        chunk = {"ids[]": numbers[at : at + EXPORTED]}
        found += fetch(client, f"api/projects/{project}/export", **EXPORT, **chunk).body
    return found
