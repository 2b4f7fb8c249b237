"""How well documents are cut into sentences: ours beside public splitters, on the same gold.

    python tests/bench/splitters.py published held_out [--errors]

Needs the published documents (../shared) and, for the table of others, `pip install -e '.[bench]'`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from data.records import Document
from data.sentences import segment
from gold import Gold, Score, Unit, load, place, score, within

Splitter = Callable[[str], Iterable[tuple[int, int]]]


def ours(text: str) -> list[Unit]:
    """Our units, with kinds and the places of their headings."""
    units: list[Unit] = []
    open_headings: dict[str, tuple[tuple[int, int], ...]] = {}
    for s in segment(Document.of(text)):
        where = place(text, s.pieces)
        units.append(Unit(where, s.kind, tuple(open_headings[h] for h in s.heading_path)))
        if s.kind == "heading":
            open_headings[s.normalized] = where
    return units
