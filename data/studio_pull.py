"""What people labelled in Label Studio, kept as a file of annotations on this side.

A pull reads what changed since the last one by the server's clock, and everything where that can't be enough: the
first time, after a day, in another project of the same title, and where the numbers of annotations differ, as after a
deletion. What was read is kept in the project's store first and written out of it, so that a pull that is cut off at
any moment loses nothing and the next one goes on.
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
from data.records import Annotation, read_jsonl, to_json
from data.studio_answers import Pulled, annotations_of
from data.studio_client import EXPORT, Answer, explained, fetch, fetch_tasks
from data.studio_store import TRAINED, Store, opened

if TYPE_CHECKING:
    from label_studio_sdk import LabelStudio

FILE = "label_studio.jsonl"
RECONCILE = timedelta(hours=24)
LATE = timedelta(seconds=30)  # a change may be committed so long after the time it bears
CLOCK = "%Y-%m-%dT%H:%M:%S.%fZ"  # a filter by a time without a fraction crashes the server
FIELDS = (  # names of nested fields too: what isn't named is left out at every level
    "id,data,annotations,updated_at,completed_by,result,was_cancelled,created_at,ground_truth,prediction,updated_by"
)


def file_of(title: str) -> str:
    """The file of a project's annotations: every project has its own."""
    return re.sub(r"[^\w-]+", "_", title) + ".jsonl"  # 政策句子 (一期) -> 政策句子_一期_.jsonl


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
    with explained(f"project {project} was not read"):
        with opened(store) as kept:
            _refresh(client, project, kept, full)
        people = {user["id"]: user["email"] for user in fetch(client, "api/users/").body}
    with opened(store) as kept:
        pulled = annotations_of(kept.tasks(), people, labels, kept.history())
    _keep_vanished(pulled, out / file, project)
    rows = "".join(to_json(annotation) + "\n" for annotation in pulled.annotations)
    write_atomic(out / file, rows)
    facts = {**read_manifest(out).get("facts", {}), file: pulled.facts()}
    write_manifest(out, inputs={f"project {project}": sha256(rows.encode()).hexdigest()}, facts=facts)
    return pulled


def _refresh(client: LabelStudio, project: int, kept: Store, full: bool) -> None:
    """Bring the mirror up to date with the server."""
    now = fetch(client, f"api/projects/{project}")
    which = f"{client._client_wrapper.get_base_url()} {project} {now.body['created_at']}"
    if kept.fact("project") != which:
        full = True
        kept.set_fact("project", which)
        kept.set_fact(TRAINED, "0")
    whole = kept.fact("whole")
    if full or not whole or now.at - datetime.fromisoformat(whole) > RECONCILE:
        _read_whole(client, project, kept, now)
        return
    since = datetime.fromisoformat(kept.fact("since")) - LATE
    changed, at = _changed_since(client, project, since)
    kept.update_tasks(changed)
    kept.set_fact("since", at.isoformat())
    if kept.answers() != _answers(now):
        _read_whole(client, project, kept, now)


def _answers(project: Answer) -> int:
    """How many annotations the server counts, skips included."""
    return int(project.body["total_annotations_number"]) + int(project.body["skipped_annotations_number"])


def _read_whole(client: LabelStudio, project: int, kept: Store, now: Answer) -> None:
    """All tasks that anybody worked on, in one request: a filter by ids would be ignored."""
    for _ in range(2):  # an export may lack something and look whole; deletions meanwhile are no fault
        kept.replace_tasks(fetch(client, f"api/projects/{project}/export", **EXPORT).body)
        if kept.answers() >= _answers(now):
            break
    for name in ("whole", "since"):
        kept.set_fact(name, now.at.isoformat())


def _changed_since(client: LabelStudio, project: int, since: datetime) -> tuple[list[dict[str, Any]], datetime]:
    """The tasks whose annotations were made, changed or deleted since, and the server's clock."""
    value = since.astimezone(UTC).strftime(CLOCK)
    item = {"filter": "filter:tasks:updated_at", "operator": "greater", "type": "Datetime", "value": value}
    query = json.dumps({"filters": {"conjunction": "and", "items": [item]}})
    return fetch_tasks(client, project, fields="all", include=FIELDS, query=query)


def _keep_vanished(pulled: Pulled, path: Path, project: int) -> None:
    """Answers that were here and are gone on the server stay in a file beside; everybody there can delete them."""
    before = [Annotation.from_json(row) for row in read_jsonl(path)] if path.exists() else []
    if before and not pulled.annotations:
        raise ValueError(
            f"project {project} has no annotations now, {path} has some and was kept; "
            "is this the right server and project? delete the file if it is"
        )
    now = {(a.document, a.start, a.end, *a.annotators) for a in pulled.annotations}
    gone = [a for a in before if (a.document, a.start, a.end, *a.annotators) not in now]
    if gone:
        beside = path.with_suffix(".gone")
        kept = beside.read_text(encoding="utf-8") if beside.exists() else ""
        there = set(kept.split("\n"))  # a pull that was cut off may have kept them before
        write_atomic(beside, kept + "".join(f"{row}\n" for row in map(to_json, gone) if row not in there))
        pulled.doubtful.append(
            f"{len(gone)} answers of the last pull are gone on the server; they are kept in {beside}"
        )
