"""The lines and boxes drawn on a page of a PDF, as far as they part text: rules, the grids of tables. In points."""

from __future__ import annotations

from typing import Any

from data.pdf_geometry import Matrix, Rule, box, shifted

MAX_RULES = 4_000  # of one page; a page of more is a drawing
THIN = 3.0  # a filled box thinner than this is a line


class Drawing:
    """Collects paths as they are built and, once they are painted, their straight level and upright lines."""

    def __init__(self) -> None:
        self.rules: list[Rule] = []
        self._path: list[Rule] = []
        self._at = (0.0, 0.0)

    def move_to(self, values: list[Any]) -> None:
        """Begin a line."""
        self._at = (float(values[0]), float(values[1]))

    def line_to(self, ctm: Matrix, values: list[Any]) -> None:
        """A line to here; slanted ones are left out."""
        start, self._at = self._at, (float(values[0]), float(values[1]))
        line = box(_point(ctm, *start), _point(ctm, *self._at))
        if is_thin(line):
            self._path.append(line)

    def rectangle(self, ctm: Matrix, values: list[Any]) -> None:
        """A box by its corner, width and height."""
        x, y, width, height = map(float, values)
        self._path.append(box(_point(ctm, x, y), _point(ctm, x + width, y + height)))

    def paint(self, stroke: bool) -> None:
        """Keep the lines of the path: thin boxes, and the edges of others if they are stroked."""
        for one in self._path:
            if is_thin(one):
                self.rules.append(one)
            elif stroke:
                x0, y0, x1, y1 = one
                edges = (x0, y0, x1, y0), (x0, y1, x1, y1), (x0, y0, x0, y1), (x1, y0, x1, y1)
                self.rules += [Rule(*edge) for edge in edges]
        self._path.clear()
        del self.rules[MAX_RULES:]

    def drop(self) -> None:
        """The path only clipped."""
        self._path.clear()


def is_thin(rule: Rule) -> bool:
    """Whether a box is no more than a line."""
    return min(rule.x1 - rule.x0, rule.y1 - rule.y0) <= THIN


def _point(ctm: Matrix, x: float, y: float) -> tuple[float, float]:
    return shifted(ctm, x, y)[4:]
