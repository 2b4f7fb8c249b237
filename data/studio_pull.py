"""What people labelled in Label Studio, as stand-off annotations: one row per annotator and sentence."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from data.files import write_atomic, write_manifest
from data.labels import NONE_ID, LabelSet
from data.records import Annotation, Span, read_jsonl, to_json
from data.studio_client import explained
from data.studio_page import COMMENT, LABELS, UNSURE

if TYPE_CHECKING:
    from label_studio_sdk import LabelStudio

FILE = "label_studio.jsonl"
NEEDED = {"ext_id", "document", "start", "end", "pieces", "sentence", "text"}
Row = dict[str, Any]


@dataclass(slots=True)
class Pulled:
    """The annotations, and what was left out with the reason."""

    annotations: list[Annotation] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    skipped: int = 0
    foreign: int = 0

    def facts(self) -> dict[str, Any]:
        """Counts for the manifest and the summary."""
        people = {person for a in self.annotations for person in a.annotators}
        sentences = {(a.document, a.start, a.end) for a in self.annotations}
        return {
            "annotations": len(self.annotations),
            "sentences": len(sentences),
            "annotators": len(people),
            "unsure": sum(a.unsure for a in self.annotations),
            "skipped": self.skipped,
            "foreign_tasks": self.foreign,
            "refused": self.refused,
        }


def file_of(title: str) -> str:
    """The file of a project's annotations: every project has its own."""
    return re.sub(r"[^\w-]+", "_", title) + ".jsonl"  # 政策句子 (一期) -> 政策句子_一期_.jsonl


def pull(client: LabelStudio, project: int, labels: LabelSet, out: Path, file: str = FILE) -> Pulled:
    """Write all annotations of the project to ``out / file``. Raises ValueError rather than replace work by nothing."""
    with explained(f"project {project} was not exported"):
        export = _export(client, project)
        users: Iterable[Any] = client.users.list()
        people = {user.id: user.email for user in users}
    pulled = annotations_of(json.loads(export), people, labels)
    path = out / file
    if not pulled.annotations and path.exists() and any(read_jsonl(path)):
        raise ValueError(
            f"project {project} has no annotations now, {path} has some and was kept; "
            "is this the right server and project? delete the file if it is"
        )
    write_atomic(path, "".join(to_json(annotation) + "\n" for annotation in pulled.annotations))
    write_manifest(out, inputs={f"export of project {project}": sha256(export).hexdigest()}, facts=pulled.facts())
    return pulled


def annotations_of(tasks: Iterable[Row], people: dict[int, str], labels: LabelSet) -> Pulled:
    """Read an export. The same person's newest decision on a task wins; skips and drafts are no decisions."""
    pulled = Pulled()
    for task in tasks:
        if NEEDED - task["data"].keys():
            pulled.foreign += 1
            continue
        decided = [a for a in task["annotations"] if not a["was_cancelled"]]
        pulled.skipped += len(task["annotations"]) - len(decided)
        newest = {_person(a, people): a for a in sorted(decided, key=_when)}
        for person, annotation in newest.items():
            _take(pulled, task, person, annotation, labels)
    pulled.annotations.sort(key=lambda a: (a.document, a.start, a.end, a.annotators))
    return pulled


def _export(client: LabelStudio, project: int) -> bytes:
    """All tasks that anybody worked on, unfiltered: filters by id are ignored, filters by date may crash the server."""
    parts = client.projects.exports.download_sync(
        project, export_type="JSON", download_all_tasks=False, download_resources=False
    )
    return b"".join(parts)


def _when(annotation: Row) -> datetime:
    return datetime.fromisoformat(annotation["updated_at"])  # as text, 06Z would come after 06.5Z


def _person(annotation: Row, people: dict[int, str]) -> str:
    """An e-mail address; accounts that were deleted keep their number."""
    who = annotation["completed_by"]
    return str(who["email"]) if isinstance(who, dict) else people.get(who, f"user-{who}")


def _take(pulled: Pulled, task: Row, person: str, annotation: Row, labels: LabelSet) -> None:
    results = {result["from_name"]: result["value"] for result in annotation["result"]}
    chosen = results.get(LABELS, {}).get("choices", [])
    objection = _objection(chosen, labels)
    if objection:
        pulled.refused.append(f"task {task['id']}, {person}: {objection}: {task['data']['text'][:40]}")
        return
    data = task["data"]
    pulled.annotations.append(
        Annotation(
            document=data["document"],
            start=data["start"],
            end=data["end"],
            sentence=data["sentence"],
            labels=[label for label in labels.ids if label in chosen],
            annotators=[person],
            pieces=[Span(*piece) for piece in data["pieces"]],
            unsure=UNSURE in results,
            comment="\n".join(results.get(COMMENT, {}).get("text", [])),
            updated_at=str(annotation["updated_at"]),
        )
    )


def _objection(chosen: list[str], labels: LabelSet) -> str:
    """Why these choices are no decision; the server takes each of them."""
    if not chosen:
        return "no label chosen, not even 无"
    if NONE_ID in chosen and len(chosen) > 1:
        return f"无 together with {sorted(set(chosen) - {NONE_ID})}"
    unknown = sorted(set(chosen) - {NONE_ID, *labels.ids})
    return f"labels {unknown} are not in the label set" if unknown else ""
