"""Answers that were pulled once and are gone on the server, where everybody can delete what others did."""

from __future__ import annotations

from pathlib import Path

from data.files import write_atomic
from data.records import Annotation, read_jsonl, sentence_id, to_json
from data.studio_answers import Pulled

Key = tuple[str, str]  # a sentence's id, and who answered


def keep_vanished(pulled: Pulled, path: Path, project: int) -> None:
    """Move what is in the file of the last pull and gone on the server into a file beside it.

    What is refused now is still there, and is told as refused. Raises ValueError where nothing would be left.
    """
    before = [Annotation.from_json(row) for row in read_jsonl(path)] if path.exists() else []
    if before and not pulled.annotations:
        raise ValueError(f"{path} was kept: {_why_nothing(pulled, project)}")
    now = {_key(a) for a in pulled.annotations} | pulled.withheld
    gone = [a for a in before if _key(a) not in now]
    if not gone:
        return
    beside = path.with_suffix(".gone")
    kept = beside.read_text(encoding="utf-8") if beside.exists() else ""
    there = set(kept.split("\n"))  # a pull that was cut off may have kept them before
    write_atomic(beside, kept + "".join(f"{row}\n" for row in map(to_json, gone) if row not in there))
    pulled.doubtful.append(f"{len(gone)} answers of the last pull are gone on the server; they are kept in {beside}")


def _key(annotation: Annotation) -> Key:
    return sentence_id(annotation.document, annotation.start, annotation.end), annotation.annotators[0]


def _why_nothing(pulled: Pulled, project: int) -> str:
    if pulled.refused:
        return f"all answers of project {project} were left out, {len(pulled.refused)} such as {pulled.refused[0]}"
    return (
        f"project {project} has no annotations now, the file has some; is this the right server and project? "
        "delete the file if it is"
    )
