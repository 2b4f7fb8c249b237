"""The gold of sentence splitting: spans, kinds and heading paths of published documents, stand-off and without text.

Each line of ``fixtures/gold/*.jsonl`` is a document or a stretch of one: ``document`` (SHA-256 of its text), ``source``
(where in the shared folder the text is found), ``start`` and ``end`` of the stretch, and its ``units``.
"""

from __future__ import annotations

import hashlib
import json
import lzma
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import NamedTuple

FOLDER = Path(__file__).parent / "fixtures" / "gold"
SHARED = Path(__file__).parent.parent.parent / "shared"
Place = tuple[tuple[int, int], ...]


class Unit(NamedTuple):
    """Where a sentence stands (without the white space around its pieces), its kind, and its headings."""

    place: Place
    kind: str
    path: tuple[Place, ...]


@dataclass(frozen=True)
class Gold:
    """One document with the units that readers found in text[start:end]."""

    source: str
    text: str
    start: int
    end: int
    units: list[Unit]


class Score(NamedTuple):
    """Counts of one document: right and wrong spans, and among the right ones right kinds and heading paths."""

    found: int
    wanted: int
    right: int
    kinds: int
    paths: int

    @property
    def f1(self) -> float:
        return 2 * self.right / (self.found + self.wanted)

    @property
    def kind(self) -> float:
        return self.kinds / max(self.right, 1)

    @property
    def path(self) -> float:
        return self.paths / max(self.right, 1)


def place(text: str, pieces: Iterable[tuple[int, int]]) -> Place:
    """Pieces without the white space around them; those with nothing but white space between them are one."""
    found: list[tuple[int, int]] = []
    for start, end in pieces:
        piece = text[start:end]
        start, end = end - len(piece.lstrip()), start + len(piece.rstrip())
        if start >= end:
            continue
        if found and not text[found[-1][1] : start].strip():
            found[-1] = (found[-1][0], end)
        else:
            found.append((start, end))
    return tuple(found)


def score(wanted: list[Unit], found: list[Unit]) -> Score:
    """Compare by place: a span is right when all its pieces are."""
    by_place = {unit.place: unit for unit in wanted}
    pairs = [(by_place[unit.place], unit) for unit in found if unit.place in by_place]
    kinds = sum(a.kind == b.kind for a, b in pairs)
    return Score(len(found), len(wanted), len(pairs), kinds, sum(a.path == b.path for a, b in pairs))


def within(gold: Gold, found: list[Unit]) -> tuple[list[Unit], list[Unit]]:
    """The units of gold and those found that lie in the stretch that was read.

    One that reaches beyond the stretch can't be judged, nor can what the readers saw of it.
    """
    inside = [u for u in found if gold.start <= u.place[0][0] and u.place[-1][1] <= gold.end]
    across = [u for u in found if u not in inside and u.place[0][0] < gold.end and u.place[-1][1] > gold.start]
    wanted = [u for u in gold.units if not any(_overlap(u, other) for other in across)]
    return wanted, [u._replace(path=tuple(p for p in u.path if p[0][0] >= gold.start)) for u in inside]


def _overlap(a: Unit, b: Unit) -> bool:
    return any(x[0] < y[1] and y[0] < x[1] for x in a.place for y in b.place)


def load(name: str) -> list[Gold]:
    """The gold of a file whose texts are at hand; empty where the shared folder is absent."""
    if not SHARED.is_dir():
        return []
    rows = [json.loads(line) for line in (FOLDER / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()]
    return [_gold(row) for row in rows]


def _gold(row: dict[str, object]) -> Gold:
    source = str(row["source"])
    text = _text(source)
    assert hashlib.sha256(text.encode()).hexdigest() == row["document"], f"{source} is not the text that was read"
    units = row["units"]
    assert isinstance(units, list)
    places = [place(text, unit["pieces"]) for unit in units]
    read = [Unit(p, u["kind"], tuple(places[i] for i in u["path"])) for p, u in zip(places, units, strict=True)]
    return Gold(source, text, int(str(row["start"])), int(str(row["end"])), read)


def _text(source: str) -> str:
    path, _, name = source.partition("#")
    if not name:
        return (SHARED / path).read_bytes().decode("utf-8")
    return _corpus(path)[name]


@cache
def _corpus(path: str) -> dict[str, str]:
    with lzma.open(SHARED / path, "rt", encoding="utf-8") as lines:
        return {row["id"]: row["text"] for row in map(json.loads, lines)}
