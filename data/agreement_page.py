"""What annotators agree on: numbers, a page, and a queue of what a third has to decide."""

from __future__ import annotations

import json
import random
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from math import isnan
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader

from data.agreement import RESAMPLES, Agreement, agreement, annotators_of, by_document, several
from data.agreement_time import FEWEST as FEWEST_SHARED
from data.agreement_time import OverTime, first_day
from data.anchoring import FEWEST, FEWEST_EACH, Anchoring
from data.decisions import Place, Votes, differ, read_votes, verdicts
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
    a note, that no later file and no adjudication of any file has, or on which adjudicators are evenly split.
    """

    name: str
    annotators: list[str]
    sentences: int
    differing: list[dict[str, Any]]
    labels: list[Agreement]
    documents: list[dict[str, Any]]
    queue: list[dict[str, Any]]
    shipped: bool = False  # by the repository, not labelled by the people who read this


def compare_files(
    paths: list[Path], labels: LabelSet, register: Register, texts: Texts, shipped: Collection[Path] = ()
) -> list[Compared]:
    """Of every file in which several people labelled the same sentences: all of it, then each origin of several."""
    files = [read_votes(path) for path in paths]
    found, said = [], verdicts(files)
    split = {place for place, labels in said.items() if labels is None}
    for number, path in enumerate(paths):
        votes = several(files[number])
        _check_labels(path, votes, labels)
        decided = set(said).union(*files[number + 1 :]) - split
        if votes:
            found.append(_compare(path.name, votes, decided, labels, texts, path.resolve() in shipped))
        for origin, part in sorted(_by_origin(votes, register).items()):
            if len(part) < len(votes):
                name = f"{path.name}, {origin or 'of no origin on record'}"
                found.append(_compare(name, part, decided, labels, texts, path.resolve() in shipped))
    return found


def shipped_last(found: list[Compared]) -> list[Compared]:
    """In the order in which people look for them: their own files first."""
    return sorted(found, key=lambda one: one.shipped)


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


def _compare(name: str, votes: Votes, decided: set[Place], labels: LabelSet, texts: Texts, shipped: bool) -> Compared:
    differing = {place: _queued(rows, labels) for place, rows in sorted(votes.items()) if differ(rows)}
    return Compared(
        name=name,
        annotators=annotators_of(votes),
        sentences=len(votes),
        differing=[_shown(row, labels, texts) for row in differing.values()],
        labels=[agreement(votes, label) for label in labels.ids],
        documents=_documents(votes, labels, texts),
        queue=[row for place, row in differing.items() if place not in decided],
        shipped=shipped,
    )


def write_agreement(
    found: list[Compared],
    labels: LabelSet,
    paths: list[Path],
    out: Path,
    time: OverTime | None = None,
    blind: Anchoring | None = None,
) -> None:
    """agreement.json, queue.jsonl (for ``label-studio push --only``) and agreement.html; the page alone shows texts."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    page = environment.get_template("agreement.html.j2").render(
        found=shipped_last(found),
        most=MOST_SHOWN,
        names=labels.names,
        resamples=RESAMPLES,
        time=time,
        lines=_lines(time) if time else {},
        blind=blind,
        fewest=FEWEST,
        fewest_each=FEWEST_EACH,
        fewest_shared=FEWEST_SHARED,
    )
    numbers = {
        "files": [_json(one) for one in shipped_last(found)],
        "over_time": time and asdict(time),
        "anchoring": blind and asdict(blind),
    }
    queue = {(row["document"], row["start"], row["end"]): row for one in found for row in one.queue}
    with replaced_folder(out) as scratch:
        write_atomic(scratch / "agreement.html", page)
        write_atomic(scratch / "agreement.json", json.dumps(_known(numbers), ensure_ascii=False, indent=1))
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
        label["kappas"] = [{"annotators": list(pair), "kappa": k} for pair, k in label["kappas"].items()]
    return row


def _known(value: Any) -> Any:
    """Null for NaN, which JSON has not, however deep."""
    if isinstance(value, dict):
        return {name: _known(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_known(item) for item in value]
    return None if isinstance(value, float) and isnan(value) else value


def _lines(time: OverTime) -> dict[str, dict[str, Any]]:
    """Per annotator the totals, and an SVG path for sentences, share unsure and labels per sentence over time."""
    days = [first_day(row.period) for row in time.work]
    found: dict[str, dict[str, Any]] = {}
    for person in sorted({row.annotator for row in time.work}):
        rows = [row for row in time.work if row.annotator == person]
        total = sum(row.sentences for row in rows)
        found[person] = {"sentences": total}
        for name in ("sentences", "unsure", "labels"):
            points = [(first_day(row.period), float(getattr(row, name))) for row in rows]
            top = max(getattr(row, name) for row in time.work)
            found[person][f"{name}_line"] = line(points, min(days), max(days), top)
        for name in ("unsure", "labels"):
            found[person][name] = sum(getattr(row, name) * row.sentences for row in rows) / total
    return found


def line(points: list[tuple[date, float]], first: date, last: date, top: float) -> str:
    """An SVG path in a box of 100 by 20 through values from 0 (below) to ``top``; a point alone is a short dash."""
    span = (last - first).days or 1
    places = [(100 * (day - first).days / span, 20 - 20 * value / (top or 1)) for day, value in points]
    drawn = "L".join(f"{x:.1f} {y:.1f}" for x, y in places)
    return f"M{drawn}" + ("h2" if len(places) == 1 else "")
