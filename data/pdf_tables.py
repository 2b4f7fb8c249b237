"""Tables drawn with rules: what stands in a cell becomes one text, and a row one line with tabs."""

from __future__ import annotations

from collections import defaultdict
from typing import NamedTuple

from data.pdf_geometry import Rule
from data.pdf_pieces import Piece, joined, line_up, one_line

TOUCH = 3.0  # points between rules that meet
MAX_RULES = 600  # of a table; a drawing of more is no table


class _Grid(NamedTuple):
    """Rules that hang together: level ones as (y, from, to), upright ones as (x, from, to)."""

    level: list[tuple[float, float, float]]
    upright: list[tuple[float, float, float]]


def with_tables(pieces: list[Piece], rules: list[Rule]) -> list[Piece]:
    """Pieces inside a grid of two or more columns replaced by one piece, the table."""
    for grid in _grids(rules):
        cells: dict[tuple[float, ...], list[Piece]] = defaultdict(list)
        rest: list[Piece] = []
        for piece in pieces:
            cell = _cell(piece, grid)
            (cells[cell] if cell else rest).append(piece)
        if len({(left, right) for left, right, _, _ in cells}) > 1:
            pieces = [*rest, _table(cells)]
    return pieces


def _table(cells: dict[tuple[float, ...], list[Piece]]) -> Piece:
    rows: list[tuple[float, list[str]]] = []
    for (_, _, top, _), inside in sorted(cells.items(), key=lambda item: (-round(item[0][2]), item[0][0])):
        text = joined(one_line(row).text.strip() for row in line_up(inside))
        if rows and rows[-1][0] - top <= TOUCH:
            rows[-1][1].append(text)
        else:
            rows.append((top, [text]))
    x0, x1 = min(c[0] for c in cells), max(c[1] for c in cells)
    top, bottom = max(c[2] for c in cells), min(c[3] for c in cells)
    size = max(p.size for inside in cells.values() for p in inside)
    lines = ["\t".join(row) for _, row in rows]
    return Piece(x0, x1, top - size, size, lines[0], False, False, top - size - bottom, lines)


def _cell(piece: Piece, grid: _Grid) -> tuple[float, float, float, float] | None:
    """Left, right, top and bottom of the cell that a piece stands in; None outside the grid."""
    x, y = (piece.x0 + piece.x1) / 2, piece.y + 0.3 * piece.size
    level = [at for at, start, end in grid.level if start - TOUCH <= x <= end + TOUCH]
    upright = [at for at, start, end in grid.upright if start - TOUCH <= y <= end + TOUCH]
    sides = [at for _, start, end in grid.level for at in (start, end)]  # tables without rules at their sides
    above, below = [at for at in level if at >= y], [at for at in level if at < y]
    left = [at for at in upright if at <= x] or [min(sides)]
    right = [at for at in upright if at > x] or [max(sides)]
    if not above or not below or not min(sides) - TOUCH <= x <= max(sides) + TOUCH:
        return None
    return round(max(left), 1), round(min(right), 1), round(min(above), 1), round(max(below), 1)


def _grids(rules: list[Rule]) -> list[_Grid]:
    level = _stretches([(r.y0, r.x0, r.x1) for r in rules if r.x1 - r.x0 > max(TOUCH, r.y1 - r.y0)])
    upright = _stretches([(r.x0, r.y0, r.y1) for r in rules if r.y1 - r.y0 > max(TOUCH, r.x1 - r.x0)])
    if len(level) + len(upright) > MAX_RULES:
        return []
    grids: list[_Grid] = []
    for x, bottom, top in upright:
        mine = _Grid([], [(x, bottom, top)])
        others = []
        for grid in grids:
            if any(_meet(line, (x, bottom, top)) for line in grid.level):
                mine = _Grid(mine.level + grid.level, mine.upright + grid.upright)
            else:
                others.append(grid)
        new = [line for line in level if _meet(line, (x, bottom, top)) and line not in mine.level]
        grids = [*others, _Grid(mine.level + new, mine.upright)]
    return [grid for grid in grids if len(grid.level) > 1]


def _meet(level: tuple[float, float, float], upright: tuple[float, float, float]) -> bool:
    (y, left, right), (x, bottom, top) = level, upright
    return left - TOUCH <= x <= right + TOUCH and bottom - TOUCH <= y <= top + TOUCH


def _stretches(lines: list[tuple[float, float, float]]) -> list[tuple[float, float, float]]:
    """Stretches of the same line put together."""
    found: list[tuple[float, float, float]] = []
    groups: dict[int, list[tuple[float, float, float]]] = defaultdict(list)
    previous = None
    for line in sorted(lines):
        if previous is None or line[0] - previous > TOUCH / 2:
            key = len(groups)
        previous = line[0]
        groups[key].append(line)
    for group in groups.values():
        at = group[0][0]
        start, end = None, 0.0
        for _, a, b in sorted(group, key=lambda line: line[1]):
            if start is not None and a - end > TOUCH:
                found.append((at, start, end))
                start = None
            start, end = (a, b) if start is None else (start, max(end, b))
        if start is not None:
            found.append((at, start, end))
    return found
