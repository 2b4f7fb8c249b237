"""Pieces of lines into columns, in the order in which they are read."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from statistics import median

from data.pdf_pieces import Piece, line_up

MIN_SIDE = 3  # lines on either side of a gutter
MIN_CHARS = 7  # of the usual line of a column
FLUSH = 0.25  # of the lines of a column that end or begin at its edge, at least
MAX_NESTED = 4
MAX_EDGES = 40  # places tried for a gutter
Rows = list[list[Piece]]


def columns(pieces: list[Piece], known: Collection[float] = (), depth: int = 0) -> list[list[Piece]]:
    """Blocks of text in reading order; what crosses a gutter parts the columns above it from those below.

    ``known`` are gutters of other pages, which a page with a few lines may have too.
    """
    rows = line_up(pieces)
    over = _lines_over(rows)
    gutter = (_gutter(rows[over:]) or _known_gutter(rows[over:], known)) if depth < MAX_NESTED else None
    if gutter is None:
        return [pieces] if pieces else []
    blocks: list[list[Piece]] = []
    whole = _all(rows[:over])  # lines over the full width
    for band in _bands(rows[over:], gutter):
        left, right = _halves(band, gutter)
        if _are_columns(left, right, sure=True):
            for part in (whole, _all(left), _all(right)):
                blocks += columns(part, (), depth + 1)
            whole = []
        else:
            whole += _all(band)
    return blocks + columns(whole, (), depth + 1)


def gutter_of(pieces: list[Piece]) -> float | None:
    """Where the right one of two columns begins, if there are two."""
    rows = line_up(pieces)
    return _gutter(rows[_lines_over(rows) :])


def _known_gutter(rows: Rows, known: Collection[float]) -> float | None:
    """A gutter of another page beside which most lines begin."""
    for edge in known:
        halves = [halves for band in _bands(rows, edge) if all(halves := _halves(band, edge))]
        starts = [_at_edge((row[0].x0 - edge) / row[0].size) for _, right in halves for row in right]
        if 2 * sum(starts) > len(starts) and all(_are_columns(*both, sure=True) for both in halves):
            return edge
    return None


def _lines_over(rows: Rows) -> int:
    """How many lines at the top stand in the middle: a short title over three columns crosses no gutter."""
    if not rows:
        return 0
    middle = (min(row[0].x0 for row in rows) + max(row[-1].x1 for row in rows)) / 2
    centred = [len(row) == 1 and abs(row[0].x0 + row[0].x1 - 2 * middle) <= 2 * row[0].size for row in rows]
    return centred.index(False) if False in centred else 0


def _all(rows: Rows) -> list[Piece]:
    return [piece for row in rows for piece in row]


def _gutter(rows: Rows) -> float | None:
    """The left edge of many lines that have others at their left."""
    best, found = 0, None
    for edge in _edges(rows):
        halves = [_halves(band, edge) for band in _bands(rows, edge)]
        beside = sum(min(len(left), len(right)) for left, right in halves if _are_columns(left, right))
        if beside > best:
            best, found = beside, edge
    return found


def _edges(rows: Rows) -> list[float]:
    """Just left of the places where most pieces begin."""
    starts = sorted((p.x0, p.size) for row in rows for p in row if not p.rows)
    groups: list[list[tuple[float, float]]] = []
    for x, size in starts:
        if groups and x - groups[-1][0][0] <= 0.5 * size:
            groups[-1].append((x, size))
        else:
            groups.append([(x, size)])
    many = sorted((group for group in groups[1:] if len(group) >= MIN_SIDE), key=len, reverse=True)
    return [group[0][0] - 0.3 * group[0][1] for group in many[:MAX_EDGES]]


def _bands(rows: Rows, gutter: float) -> Iterator[Rows]:
    """Lines that follow each other and all cross the gutter, or all don't."""
    band: Rows = []
    crossing = False
    for row in rows:
        crosses = any(p.x0 < gutter < p.x1 for p in row)
        if band and crosses != crossing:
            yield band
            band = []
        crossing = crosses
        band.append(row)
    if band:
        yield band


def _halves(band: Rows, gutter: float) -> tuple[Rows, Rows]:
    """The lines left and right of a gutter; nothing where it is crossed."""
    if any(p.x0 < gutter < p.x1 for p in band[0]):
        return [], []
    left = [[p for p in row if p.x1 <= gutter] for row in band]
    right = [[p for p in row if p.x0 >= gutter] for row in band]
    return [row for row in left if row], [row for row in right if row]


def _are_columns(left: Rows, right: Rows, sure: bool = False) -> bool:
    """Whether these are lines of two columns rather than cells of rows: long, and flush at the gutter.

    Where the gutter is ``sure``, a few lines do.
    """
    if min(len(left), len(right)) < (1 if sure else MIN_SIDE):
        return False
    if any(median(len(piece.text) for piece in _all(side)) < MIN_CHARS for side in (left, right)):
        return False
    edge, start = max(row[-1].x1 for row in left), min(row[0].x0 for row in right)
    flush = sum(edge - row[-1].x1 <= 1.5 * row[-1].size for row in left) / len(left)
    aligned = sum(_at_edge((row[0].x0 - start) / row[0].size) for row in right) / len(right)
    return sure or (flush >= FLUSH and aligned >= FLUSH)


def _at_edge(indent: float) -> bool:
    """Whether a line begins where lines and paragraphs do; in ems."""
    return indent <= 0.6 or 1.6 <= indent <= 2.7
