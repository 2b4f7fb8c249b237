"""What annotators agree on: numbers, a page, and a queue of what a third has to decide."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from math import isnan
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader

from data.agreement import RESAMPLES, Agreement, agreement, annotators_of, by_document, several
from data.decisions import Place, Votes, differ, read_votes
from data.files import input_hashes, replaced_folder, write_atomic, write_manifest
from data.labels import LabelSet
from data.normalize import normalize
from data.records import Annotation, write_jsonl
from data.register import Register
from data.sentences import join_pieces
from data.sources import Texts

MOST_SHOWN = 300  # differing sentences on the page


@dataclass(frozen=True, slots=True)
class Compared:
    """The sentences of one file, or of it those of one origin, that several people labelled.

    ``differing`` are those on which not all chose the same, as rows for people; ``queue`` those of them, as places with
    a note, that no later file decides.
    """

    name: str
    annotators: list[str]
    sentences: int
    differing: list[dict[str, Any]]
    labels: list[Agreement]
    documents: list[dict[str, Any]]
    queue: list[dict[str, Any]]


def compare_files(paths: list[Path], labels: LabelSet, register: Register, texts: Texts) -> list[Compared]:
    """Of every file in which several people labelled the same sentences: all of it, then each origin of several."""
    found = []
    for number, path in enumerate(paths):
        votes = several(read_votes(path))
        _check_labels(path, votes, labels)
        later = {place for other in paths[number + 1 :] for place in read_votes(other)}
        if votes:
            found.append(_compare(path.name, votes, later, labels, texts))
        for origin, part in sorted(_by_origin(votes, register).items()):
            if len(part) < len(votes):
                found.append(_compare(f"{path.name}: {origin or '?'}", part, later, labels, texts))
    return found


def _check_labels(path: Path, votes: Votes, labels: LabelSet) -> None:
    for place, rows in votes.items():
        if unknown := {label for row in rows for label in row.labels} - set(labels.ids):
            raise ValueError(
                f"{path}: labels {sorted(unknown)} at {place.start}-{place.end} of {place.document[:16]} are not in "
                f"the label set {labels.ids}"
            )


def _by_origin(votes: Votes, register: Register) -> dict[str, Votes]:
    parts: dict[str, Votes] = {}
    for place, rows in votes.items():
        entry = register.get(place.document[:16])
        parts.setdefault(entry.origin if entry else "", {})[place] = rows
    return parts


def _compare(name: str, votes: Votes, later: set[Place], labels: LabelSet, texts: Texts) -> Compared:
    differing = {place: _queued(rows, labels) for place, rows in sorted(votes.items()) if differ(rows)}
    return Compared(
        name=name,
        annotators=annotators_of(votes),
        sentences=len(votes),
        differing=[_shown(row, labels, texts) for row in differing.values()],
        labels=[agreement(votes, label) for label in labels.ids],
        documents=_documents(votes, labels, texts),
        queue=[row for place, row in differing.items() if place not in later],
    )


def write_agreement(found: list[Compared], labels: LabelSet, paths: list[Path], out: Path) -> None:
    """agreement.json, queue.jsonl (for ``label-studio push --only``) and agreement.html; the page alone shows texts."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    page = environment.get_template("agreement.html.j2").render(
        found=found, most=MOST_SHOWN, names=labels.names, resamples=RESAMPLES
    )
    queue = {(row["document"], row["start"], row["end"]): row for one in found for row in one.queue}
    with replaced_folder(out) as scratch:
        write_atomic(scratch / "agreement.html", page)
        write_atomic(
            scratch / "agreement.json", json.dumps([_json(one) for one in found], ensure_ascii=False, indent=1)
        )
        write_jsonl(scratch / "queue.jsonl", (queue[place] for place in sorted(queue)))
        write_manifest(scratch, inputs=input_hashes(paths))


def _queued(rows: list[Annotation], labels: LabelSet) -> dict[str, Any]:
    """Where the sentence stands and what each chose; the note, which the third reads, has no names or fixed order."""
    ordered = sorted(rows, key=lambda row: row.annotators)
    chosen = {"+".join(row.annotators): sorted(row.labels, key=labels.ids.index) for row in ordered}
    first = rows[0]
    order = random.Random(f"{first.document} {first.start}").sample(list(chosen.values()), len(chosen))
    note = " ｜ ".join(f"{chr(ord('A') + i)}：{_said(picked, labels)}" for i, picked in enumerate(order))
    place = {"document": first.document, "start": first.start, "end": first.end, "sentence": first.sentence}
    return {**place, "pieces": [list(piece) for piece in first.pieces], "chosen": chosen, "note": note}


def _shown(row: Mapping[str, Any], labels: LabelSet, texts: Texts) -> dict[str, Any]:
    said = {who: _said(picked, labels) for who, picked in row["chosen"].items()}
    return {"text": _text(row, texts), "said": said}


def _said(picked: list[str], labels: LabelSet) -> str:
    return "、".join(labels.names[label] for label in picked) or "无"


def _documents(votes: Votes, labels: LabelSet, texts: Texts) -> list[dict[str, Any]]:
    """Least agreement first."""
    rows = [
        {"document": _name(document, texts), "sentences": count, "same": same, "alpha": alpha}
        for document, (count, same, alpha) in by_document(votes, labels.ids).items()
    ]
    return sorted(rows, key=lambda row: (row["same"], row["document"]))


def _name(document: str, texts: Texts) -> str:
    return texts[document][0].source if document in texts else document[:16]


def _text(row: Mapping[str, Any], texts: Texts) -> str:
    if row["document"] not in texts:
        return f"{row['document'][:16]} {row['start']}-{row['end']}"
    text = texts[row["document"]][0].text
    return normalize(join_pieces(text[a:b] for a, b in row["pieces"] or [(row["start"], row["end"])]))


def _json(one: Compared) -> dict[str, Any]:
    row = asdict(one)
    row |= {"differing": len(one.differing), "queue": len(one.queue)}
    for label in row["labels"]:
        label["alpha"] = _known(label["alpha"])
        label["kappas"] = [{"annotators": list(pair), "kappa": _known(k)} for pair, k in label["kappas"].items()]
    for document in row["documents"]:
        document["alpha"] = None if isnan(document["alpha"]) else document["alpha"]
    return row


def _known(estimate: dict[str, float]) -> dict[str, float | None]:
    """JSON has no NaN."""
    return {name: None if isnan(value) else value for name, value in estimate.items()}
