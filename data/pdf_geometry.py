"""Where things stand on a page of a PDF: matrices, directions, glyphs and rules. Lengths are points."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, NamedTuple

Matrix = tuple[float, float, float, float, float, float]
IDENTITY: Matrix = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)
SKEW = 5  # degrees; text less skewed than this counts as straight
DOWNWARDS = 270  # degrees: the direction of vertical writing
LEAST_SIDE = 10.0  # of the visible part of a page
STACKED = 0.6  # of the glyphs of a vertical page that stand right below the one before


class Glyph(NamedTuple):
    """One character on its baseline, with the page turned so that it stands upright (y grows upwards)."""

    x0: float
    x1: float
    y: float
    size: float
    text: str
    bold: bool


class Rule(NamedTuple):
    """A straight line, or a box, on the page."""

    x0: float
    y0: float
    x1: float
    y1: float

    def turned(self, degrees: int) -> Rule:
        """On a page turned like its text."""
        return box(turned(self.x0, self.y0, degrees), turned(self.x1, self.y1, degrees))


@dataclass(slots=True)
class PageContent:
    """What stands on a page; the glyphs by the direction of their text: degrees, and whether mirrored."""

    glyphs: dict[tuple[int, bool], list[Glyph]] = field(default_factory=dict)
    rules: list[Rule] = field(default_factory=list)
    pictures: int = 0
    outside: int = 0  # glyphs beyond the visible part of the page
    unread: int = 0  # bytes of text without a font


def box(one: tuple[float, float], other: tuple[float, float]) -> Rule:
    """The box between two corners."""
    (x0, y0), (x1, y1) = one, other
    return Rule(min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1))


def visible_part(left: float, bottom: float, right: float, top: float) -> Rule:
    """The part of a page within these edges; everything where they leave next to nothing, which is a mistake."""
    crop = box((left, bottom), (right, top))
    if min(crop.x1 - crop.x0, crop.y1 - crop.y0) < LEAST_SIDE:
        return Rule(-math.inf, -math.inf, math.inf, math.inf)
    return crop


def turned(x: float, y: float, degrees: int) -> tuple[float, float]:
    """A point on a page turned so that text of this direction stands upright."""
    if degrees == 0:
        return x, y
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return x * cos + y * sin, y * cos - x * sin


def direction(x: float, y: float) -> int:
    """Degrees of a baseline, 0 to 355; slightly skewed text counts as straight."""
    degrees = math.degrees(math.atan2(y, x))
    straight = round(degrees / 90) * 90
    return (straight if abs(degrees - straight) <= SKEW else round(degrees / SKEW) * SKEW) % 360


def matrix(values: Iterable[Any]) -> Matrix:
    """Six operands as a matrix. Raises ValueError or TypeError where they are none."""
    a, b, c, d, e, f = (float(value) for value in values)
    return a, b, c, d, e, f


def times(m: Matrix, n: Matrix) -> Matrix:
    """First ``m``, then ``n``."""
    return (
        m[0] * n[0] + m[1] * n[2],
        m[0] * n[1] + m[1] * n[3],
        m[2] * n[0] + m[3] * n[2],
        m[2] * n[1] + m[3] * n[3],
        m[4] * n[0] + m[5] * n[2] + n[4],
        m[4] * n[1] + m[5] * n[3] + n[5],
    )


def shifted(m: Matrix, x: float, y: float) -> Matrix:
    """``m`` after a step in its own units."""
    return m[0], m[1], m[2], m[3], x * m[0] + y * m[2] + m[4], x * m[1] + y * m[3] + m[5]


def stand_lines_up(content: PageContent) -> None:
    """Take upright glyphs that stand one below the other as vertical writing, whose lines follow from right to left."""
    upright = content.glyphs.get((0, False), [])
    below = sum(
        abs(a.x0 - b.x0) < 0.3 * a.size and 0.5 * a.size < a.y - b.y < 1.8 * a.size for a, b in pairwise(upright)
    )
    if len(upright) > 1 and below > STACKED * len(upright):
        lines = content.glyphs.setdefault((DOWNWARDS, False), [])
        lines += [g._replace(x0=-g.y - g.size, x1=-g.y, y=(g.x0 + g.x1) / 2) for g in content.glyphs.pop((0, False))]
