"""Where the columns of a document begin and end, so that an indent or a short line can be told. In points."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from statistics import median
from typing import NamedTuple

from data.pdf_pieces import Piece, line_up, one_line

FIRST_LINE = 2.8  # ems, at most, of the indent of a first line
FRAMED = 4  # lines that show where a column begins
FULL = 0.25  # share of them that show where it ends
NEAR = 4  # pages around one, whose columns are most likely its own
USUAL = 50  # columns of the document that are tried where those don't fit


class Frame(NamedTuple):
    """Left and right edge of a column, and on which page; ``sure`` if enough lines reach both."""

    left: float
    right: float
    page: int
    sure: bool


UNKNOWN = Frame(0.0, 0.0, 0, False)


@dataclass(slots=True)
class Block:
    """The lines of one column, from top to bottom."""

    lines: list[Piece]
    page: int
    frame: Frame = UNKNOWN


def block(pieces: list[Piece], page: int) -> Block:
    """The pieces of one column as lines."""
    return Block([one_line(row) for row in line_up(pieces)], page)


def set_frames(blocks: list[Block], size: float) -> None:
    """Give blocks the edges of the column that they stand in, which few or short lines don't show by themselves.

    ``size`` is that of the text in points: titles may reach beyond the edges of a column.
    """
    known: dict[int, list[Frame]] = defaultdict(list)
    for one in blocks:
        one.frame = _own_frame(one.lines, one.page, size)
        known[one.page] += [one.frame] * one.frame.sure
    usual = list({(round(f.left), round(f.right)): f for frames in known.values() for f in frames}.values())[:USUAL]
    for one in blocks:
        em = max((line.size for line in one.lines if not line.rows), default=0.0)
        near = [frame for page in range(one.page - NEAR, one.page + NEAR + 1) for frame in known.get(page, ())]
        own = one.frame
        held = [f for f in near if _holds(f, own, em)] or [f for f in usual if _holds(f, own, em)]
        if held:
            one.frame = min(held, key=lambda f: _fit(f, own))


def _own_frame(lines: list[Piece], page: int, size: float) -> Frame:
    usual = [line for line in lines if not line.rows and abs(line.size - size) < 0.1 * size]
    texts = usual if len(usual) > 1 else [line for line in lines if not line.rows] or lines
    em = median(line.size for line in texts)
    lefts, rights = sorted(line.x0 for line in texts), sorted((line.x1 for line in texts), reverse=True)
    least = max(2, round(0.15 * len(texts)))
    left = next((x for i, x in enumerate(lefts) if sum(y - x <= 0.4 * em for y in lefts[i:]) >= least), lefts[0])
    near = [x for x in rights if rights[0] - x <= 3 * em]  # some lines end a little beyond the edge
    full = {x: sum(0 <= x - y <= em for y in rights) for x in near}
    right = next((x for x in near if full[x] >= least), rights[0])
    return Frame(left, right, page, len(texts) >= FRAMED and full[right] >= max(2, FULL * len(texts)))


def _holds(frame: Frame, own: Frame, em: float) -> bool:
    """Whether a block may stand in a column: its lines begin at the column's edge or its indent."""
    if frame.left - 0.4 * em > own.left or own.right > frame.right + em:
        return False
    return not own.sure or (own.left - frame.left <= FIRST_LINE * em and frame.right <= own.right + em)


def _fit(frame: Frame, own: Frame) -> tuple[int, float]:
    distance = abs(frame.page - own.page)
    near = 0 if distance == 0 else 1 if distance % 2 == 0 else 2  # left and right pages differ
    return near, round(frame.left if own.sure else frame.right - frame.left)
