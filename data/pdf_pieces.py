"""Glyphs of a page into pieces of lines. Lengths are points or ems, the size of the font at hand."""

from __future__ import annotations

import bisect
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from statistics import median

from data.pdf_geometry import Glyph, Rule

SAME_LINE = 0.35  # ems between the baselines of one line
RAISED = 0.65  # ems by which a small mark may stand above or below its line
TOUCH = 0.5  # ems between such a mark and its line, at most
SMALL = 0.9  # of the size of its line, at most: a superscript
BREAK = 0.9  # ems of nothing that part two pieces of a line
FILLED_BREAK = 2.2  # ems of spaces that part them
SLACK = 0.3  # ems by which glyphs may overlap, or stand over a rule
WORD_GAP = 0.18  # ems between two words of Latin letters
CELL_GAP = 3.0  # ems between two cells of a row
SPREAD = 8  # characters of a letter-spaced line, at most


@dataclass(slots=True)
class Piece:
    """A stretch of text on one baseline. ``rows`` are the lines of a table that stands here as a whole."""

    x0: float
    x1: float
    y: float
    size: float
    text: str
    bold_first: bool
    bold_last: bool
    height: float = 0.0  # of a table, downwards from ``y``
    rows: list[str] = field(default_factory=list)


def pieces_of(glyphs: list[Glyph], rules: list[Rule]) -> list[Piece]:
    """The pieces of all lines, from top to bottom and left to right; upright rules part them."""
    uprights = sorted(r for r in rules if r.y1 - r.y0 > r.x1 - r.x0)
    return [piece for row in _with_raised(_rows(glyphs)) for piece in _pieces(row, uprights)]


def _rows(glyphs: list[Glyph]) -> list[list[Glyph]]:
    rows: list[list[Glyph]] = []
    for glyph in sorted(glyphs, key=lambda g: (-g.y, g.x0)):
        if rows and rows[-1][0].y - glyph.y <= SAME_LINE * min(glyph.size, rows[-1][0].size):
            rows[-1].append(glyph)
        else:
            rows.append([glyph])
    return [sorted(row, key=lambda g: g.x0) for row in rows]


def _with_raised(rows: list[list[Glyph]]) -> list[list[Glyph]]:
    """Superscripts and subscripts put into the line that they stand beside."""
    sizes = [median(g.size for g in row) for row in rows]
    for i, row in enumerate(rows):
        for j in (i - 1, i + 1):
            near = 0 <= j < len(rows) and rows[j] and sizes[i] <= SMALL * sizes[j]
            if near and abs(rows[i][0].y - rows[j][0].y) <= RAISED * sizes[j]:
                kept = _moved(row, rows[j], sizes[j])
                rows[i] = row = kept
            if not row:
                break
    return [row for row in rows if row]


def _moved(small: list[Glyph], line: list[Glyph], em: float) -> list[Glyph]:
    """Move the runs of small glyphs that touch the line into it; return those that don't."""
    kept: list[Glyph] = []
    lefts, rights = [g.x0 for g in line], sorted(g.x1 for g in line)
    for run in _runs(small, em):
        before = bisect.bisect_right(rights, run[0].x0 + SLACK * em)
        after = bisect.bisect_left(lefts, run[-1].x1 - SLACK * em)
        touches = before > 0 and run[0].x0 - rights[before - 1] <= TOUCH * em
        if touches or (after < len(lefts) and lefts[after] - run[-1].x1 <= TOUCH * em):
            line.extend(glyph._replace(y=line[0].y, size=em) for glyph in run)
        else:
            kept += run
    line.sort(key=lambda g: g.x0)
    return kept


def _runs(row: list[Glyph], em: float) -> Iterator[list[Glyph]]:
    run = row[:1]
    for glyph in row[1:]:
        if glyph.x0 - run[-1].x1 > TOUCH * em:
            yield run
            run = []
        run.append(glyph)
    yield run


def _pieces(row: list[Glyph], uprights: list[Rule]) -> Iterator[Piece]:
    """Split a line where nothing, or a rule, stands between two glyphs."""
    bars = [r.x0 for r in uprights if r.y0 <= row[0].y + row[0].size and row[0].y <= r.y1]
    found: list[list[Glyph]] = []
    space: Glyph | None = None
    for glyph in row:
        if glyph.text and not glyph.text.strip():
            space = space or glyph
            continue
        last = found[-1][-1] if found else None
        if last is not None and _printed_twice(last, glyph):
            continue
        if last is None or _parted(last, glyph, space is not None, bars):
            found.append([glyph])
        else:
            found[-1] += [*_gap(last, glyph, space), glyph]
        space = None
    pieces = [_piece(run) for run in found]
    spread = 1 < len(pieces) <= SPREAD and all(len(p.text) == 1 for p in pieces) and not bars
    yield from [_merged(pieces)] if spread else pieces


def _printed_twice(last: Glyph, glyph: Glyph) -> bool:
    """Some writers print a glyph again, a little to the side, to make it bold."""
    return last.text == glyph.text and glyph.x0 - last.x0 < 0.2 * glyph.size


def _parted(last: Glyph, glyph: Glyph, spaced: bool, bars: list[float]) -> bool:
    gap, em = glyph.x0 - last.x1, max(last.size, glyph.size)
    bar = bisect.bisect_right(bars, last.x1 - SLACK * em)
    barred = bar < len(bars) and bars[bar] < glyph.x0 + SLACK * em
    return barred or gap > (FILLED_BREAK if spaced else BREAK) * em


def _gap(last: Glyph, glyph: Glyph, space: Glyph | None) -> list[Glyph]:
    """A space between two glyphs, if one was shown or is meant."""
    if space is None:
        meant = glyph.x0 - last.x1 > WORD_GAP * glyph.size and last.text[-1:].isascii() and glyph.text[:1].isascii()
        return [glyph._replace(x0=last.x1, x1=glyph.x0, text=" ")] if meant else []
    return [space._replace(text=space.text[:1], bold=last.bold)]


def _piece(run: list[Glyph]) -> Piece:
    text = "".join(glyph.text for glyph in run)
    sizes = [glyph.size for glyph in run if glyph.text.strip()] or [run[0].size]
    y = median(glyph.y for glyph in run)
    return Piece(run[0].x0, max(g.x1 for g in run), y, median(sizes), text, run[0].bold, run[-1].bold)


def _merged(pieces: list[Piece], between: str = "") -> Piece:
    first, last = pieces[0], pieces[-1]
    text = between.join(piece.text for piece in pieces)
    return Piece(first.x0, last.x1, first.y, max(p.size for p in pieces), text, first.bold_first, last.bold_last)


def line_up(pieces: list[Piece]) -> list[list[Piece]]:
    """Pieces of one height together, from top to bottom."""
    rows: list[list[Piece]] = []
    for piece in sorted(pieces, key=lambda p: (-p.y, p.x0)):
        if rows and rows[-1][0].y - piece.y <= SAME_LINE * min(piece.size, rows[-1][0].size):
            rows[-1].append(piece)
        else:
            rows.append([piece])
    return [sorted(row, key=lambda p: p.x0) for row in rows]


def joined(parts: Iterable[str]) -> str:
    """Lines as one text: a space where Latin words, not the digits of a number, were parted."""
    whole = ""
    for part in parts:
        a, b = whole[-1:], part[:1]
        latin = a.isascii() and b.isascii() and a not in ("", " ", "-") and not (a.isdigit() and b.isdigit())
        whole += f" {part}" if latin and b else part
    return whole


def one_line(row: list[Piece]) -> Piece:
    """Pieces of one height as a line: a tab between cells, a space elsewhere."""
    if len(row) == 1:
        return row[0]
    whole = row[0]
    for piece in row[1:]:
        wide = piece.x0 - whole.x1 > CELL_GAP * max(piece.size, whole.size)
        whole = _merged([whole, piece], "\t" if wide else " ")
    return whole
