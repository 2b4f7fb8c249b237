"""What people answered in Label Studio's tasks, as stand-off annotations: one row per annotator and sentence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from data.labellers import Said
from data.labels import NONE_ID, LabelSet
from data.order import Order
from data.records import Annotation, Span, Suggestion, sentence_id
from data.studio_page import COMMENT, LABELS, UNSURE
from data.studio_tasks import BLIND, DECIDES

NEEDED = {"ext_id", "document", "start", "end", "pieces", "sentence", "text"}
Row = dict[str, Any]
History = Mapping[str, list[tuple[float, str, Said]]]  # of a sentence, by ext_id: when which version said what


@dataclass(slots=True)
class Pulled:
    """The annotations, and what was left out with the reason.

    ``doubtful`` names what was taken and somebody should look at: in a community server everybody can change
    everybody's answers.
    """

    annotations: list[Annotation] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    doubtful: list[str] = field(default_factory=list)
    withheld: set[tuple[str, str]] = field(default_factory=set)  # whose answers were left out, by ext_id and person
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
            "blind": sum(bool(a.suggestion and not a.suggestion.shown) for a in self.annotations),
            "skipped": self.skipped,
            "foreign_tasks": self.foreign,
            "refused": self.refused,
        }


def annotations_of(
    tasks: Iterable[Row], people: Mapping[int, str], labels: LabelSet, history: History | None = None
) -> Pulled:
    """Read tasks. The same person's newest decision on a task wins; skips and drafts are no decisions."""
    pulled = Pulled()
    for task in tasks:
        if NEEDED - task["data"].keys():
            pulled.foreign += 1
            continue
        decided = [a for a in task["annotations"] if not a["was_cancelled"]]
        pulled.skipped += len(task["annotations"]) - len(decided)
        for annotation in decided:
            if annotation["completed_by"] is None:
                pulled.doubtful.append(f"task {task['id']}: who gave answer {annotation['id']} has no account any more")
        newest = {_person(a, people): a for a in sorted(decided, key=_when)}
        for person, annotation in newest.items():
            _note_strangers(pulled, task, person, annotation, people)
            _take(pulled, task, person, annotation, labels, history or {})
    pulled.annotations = _newest(pulled.annotations)
    return pulled


def _newest(annotations: list[Annotation]) -> list[Annotation]:
    """In order of place; of a person's several on one sentence, which had more than one task, the newest."""
    rows = sorted(annotations, key=lambda a: datetime.fromisoformat(a.updated_at))
    newest = {(a.document, a.start, a.end, a.annotators[0], a.decides): a for a in rows}
    return [newest[key] for key in sorted(newest)]


def _when(annotation: Row) -> datetime:
    return datetime.fromisoformat(annotation["updated_at"])  # as text, 06Z would come after 06.5Z


def _person(annotation: Row, people: Mapping[int, str]) -> str:
    """An e-mail address; accounts that were deleted keep their number."""
    who = annotation["completed_by"]
    if who is None:  # the account was deleted; each such answer counts as one person's, or two would become one
        return f"user-gone-{annotation['id']}"
    return str(who["email"]) if isinstance(who, dict) else people.get(who, f"user-{who}")


def _note_strangers(pulled: Pulled, task: Row, person: str, annotation: Row, people: Mapping[int, str]) -> None:
    """Name answers that somebody else rewrote."""
    by = annotation.get("updated_by")
    if by and people.get(by, f"user-{by}") != person:
        pulled.doubtful.append(f"task {task['id']}: the answer of {person} was rewritten by {people.get(by, by)}")


def _take(pulled: Pulled, task: Row, person: str, annotation: Row, labels: LabelSet, history: History) -> None:
    rows = [r for r in annotation["result"] if isinstance(r, dict) and isinstance(r.get("value"), dict)]
    results = {str(row.get("from_name")): row["value"] for row in rows}
    chosen = results.get(LABELS, {}).get("choices", [])
    objection = _misplaced(task) or _objection(chosen, labels)
    if objection:
        pulled.withheld.add((task["data"]["ext_id"], person))
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
            decides=bool(data.get(DECIDES)),
            suggestion=_suggestion(task, annotation, history),
        )
    )


def _suggestion(task: Row, annotation: Row, history: History) -> Suggestion | None:
    """What a labeller said before the person answered.

    Of a sentence with ticks the server tells which version was the project's when the answer came in; of a blind one
    the store tells. A blind task that had ticks after all is neither.
    """
    version, said = _in_force(history.get(task["data"]["ext_id"], []), annotation)
    if task["data"].get(BLIND):
        ticked = any((annotation.get("prediction") or {}).get("result") or [])
        return Suggestion(version, said.labels, said.confidence, shown=False) if said and not ticked else None
    shown = annotation.get("prediction") or {}
    if shown.get("model_version") in (None, "", Order.diverse.value):  # an order alone suggests nothing
        return None
    choice: Row = next((r for r in shown.get("result") or [] if r.get("from_name") == LABELS), {"value": {}})
    known = said.confidence if said and version == shown["model_version"] else None
    confidence: float | None = choice.get("score", known)
    return Suggestion(shown["model_version"], choice["value"].get("choices", []), confidence, shown=True)


def _in_force(said: list[tuple[float, str, Said]], annotation: Row) -> tuple[str, Said | None]:
    """The last that was said of the sentence before this answer."""
    given = datetime.fromisoformat(annotation["created_at"]).timestamp()
    before = [row for row in said if row[0] <= given]
    return before[-1][1:] if before else ("", None)


def _misplaced(task: Row) -> str:
    """Whether a task's data say another place than the one it was made for; every member can change them."""
    data = task["data"]
    if sentence_id(data["document"], data["start"], data["end"]) == data["ext_id"]:
        return ""
    return "the task's place in the document was changed on the server; push again, then pull"


def _objection(chosen: object, labels: LabelSet) -> str:
    """Why these choices are no decision; the server takes each of them."""
    if not isinstance(chosen, list) or not all(isinstance(choice, str) for choice in chosen):
        return "choices that are no list of labels"
    if not chosen:
        return "no label chosen, not even 无"
    if NONE_ID in chosen and len(chosen) > 1:
        others = [name for label, name in labels.names.items() if label in chosen] or sorted(set(chosen) - {NONE_ID})
        return f"无 together with {'、'.join(others)}"
    unknown = sorted(set(chosen) - {NONE_ID, *labels.ids})
    return f"labels {unknown} are not in the label set" if unknown else ""
