"""A PDF page into glyphs with their places, and the rules and pictures drawn between them.

pypdf parses the file, the content streams and the fonts' character maps; where a glyph stands is worked out here, since
pypdf's own extraction runs columns of one height together.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import suppress
from copy import copy
from dataclasses import dataclass
from typing import Any

from pypdf import PageObject
from pypdf.generic import ArrayObject, ContentStream, DictionaryObject, NameObject, StreamObject

from data.pdf_drawing import Drawing
from data.pdf_fonts import Fonts, PdfFont, entry
from data.pdf_geometry import (
    IDENTITY,
    Glyph,
    Matrix,
    PageContent,
    Rule,
    direction,
    matrix,
    shifted,
    stand_lines_up,
    times,
    turned,
    visible_part,
)

MAX_DEPTH = 8  # forms drawn inside forms
MAX_FORMS = 2_000  # forms drawn on one page
MAX_GLYPHS = 200_000  # on one page; a page of a newspaper has 10,000
MAX_ACTUAL = 20  # characters that one marked stretch may stand for
BOLD_MODE = 2  # text filled and outlined
_Act = Callable[[list[Any]], Any]  # what an operator does with its operands


@dataclass(slots=True)
class _State:
    """The part of the graphics state that places text."""

    ctm: Matrix
    font: PdfFont | None = None
    size: float = 0.0
    spacing: float = 0.0
    word_spacing: float = 0.0
    scale: float = 1.0
    leading: float = 0.0
    rise: float = 0.0
    mode: int = 0


def content_of(page: PageObject, fonts: Fonts) -> PageContent:
    """Everything drawn on a page. Raises what pypdf raises on a broken one."""
    reader = _Reader(fonts, visible_part(*map(float, page.cropbox)), page.pdf)
    contents = entry(page, "/Contents")
    if isinstance(contents, (ArrayObject, StreamObject)):
        reader.read(contents, entry(page, "/Resources"), IDENTITY)
    stand_lines_up(reader.content)
    return reader.content


class _Reader:
    """Walks through the operators of a page and of the forms drawn on it."""

    def __init__(self, fonts: Fonts, visible: Rule, pdf: object) -> None:
        self.content = PageContent()
        self._fonts, self._visible, self._pdf = fonts, visible, pdf
        self._resources = DictionaryObject()
        self._state = _State(IDENTITY)
        self._stack: list[_State] = []
        self._tm = self._line = IDENTITY
        self._drawing = Drawing()
        self.content.rules = self._drawing.rules
        self._actual: list[str | None] = []  # of the marked stretches that are open
        self._depth = self._forms = self._glyphs = 0
        self._acts = self._text_operators() | self._other_operators()

    def _text_operators(self) -> dict[bytes, _Act]:
        def sets(name: str, unit: float = 1.0) -> _Act:
            return lambda values: setattr(self._state, name, float(values[0]) * unit)

        return {
            b"BT": lambda _: self._place(IDENTITY),
            b"Tf": self._set_font,
            b"Tc": sets("spacing"),
            b"Tw": sets("word_spacing"),
            b"Tz": sets("scale", 0.01),
            b"TL": sets("leading"),
            b"Ts": sets("rise"),
            b"Tr": sets("mode"),
            b"Td": lambda values: self._move(*map(float, values)),
            b"TD": self._move_and_lead,
            b"Tm": lambda values: self._place(matrix(values)),
            b"T*": lambda _: self._move(0.0, -self._state.leading),
            b"Tj": lambda values: self._show(values[0]),
            b"TJ": self._show_all,
            b"'": self._next_line,
            b'"': self._next_line_spaced,
            b"BMC": lambda _: self._actual.append(None),
            b"BDC": self._begin_marked,
            b"EMC": lambda _: self._actual.pop(),
        }

    def _other_operators(self) -> dict[bytes, _Act]:
        return {
            b"q": lambda _: self._stack.append(copy(self._state)),
            b"Q": lambda _: setattr(self, "_state", self._stack.pop()),
            b"cm": lambda values: setattr(self._state, "ctm", times(matrix(values), self._state.ctm)),
            b"Do": self._draw,
            b"INLINE IMAGE": lambda _: self._add_picture(),
            b"re": lambda values: self._drawing.rectangle(self._state.ctm, values),
            b"m": self._drawing.move_to,
            b"l": lambda values: self._drawing.line_to(self._state.ctm, values),
            **dict.fromkeys((b"S", b"s", b"B", b"B*", b"b", b"b*"), lambda _: self._drawing.paint(stroke=True)),
            **dict.fromkeys((b"f", b"F", b"f*"), lambda _: self._drawing.paint(stroke=False)),
            b"n": lambda _: self._drawing.drop(),
        }

    def read(self, stream: Any, resources: Any, ctm: Matrix) -> None:
        """Walk through one content stream; resources that it lacks are those of what draws it."""
        outer = self._resources, self._state, self._stack, self._tm, self._line
        if isinstance(resources, DictionaryObject):
            self._resources = resources
        self._state, self._stack = copy(self._state), []
        self._state.ctm = ctm
        self._depth += 1
        try:
            for operands, operator in ContentStream(stream, self._pdf, "bytes").operations:
                if act := self._acts.get(operator):
                    # operands that make no sense: the operator does nothing
                    with suppress(AttributeError, LookupError, OverflowError, TypeError, ValueError):
                        act(operands)
        finally:
            self._depth -= 1
            self._resources, self._state, self._stack, self._tm, self._line = outer

    def _place(self, place: Matrix) -> None:
        self._tm = self._line = place

    def _move(self, x: float, y: float) -> None:
        self._place(shifted(self._line, x, y))

    def _move_and_lead(self, values: list[Any]) -> None:
        self._state.leading = -float(values[1])
        self._move(float(values[0]), float(values[1]))

    def _set_font(self, values: list[Any]) -> None:
        self._state.font, self._state.size = None, float(values[1])
        self._state.font = self._fonts.get(entry(entry(self._resources, "/Font"), values[0]))

    def _next_line(self, values: list[Any]) -> None:
        self._move(0.0, -self._state.leading)
        self._show(values[0])

    def _next_line_spaced(self, values: list[Any]) -> None:
        self._state.word_spacing, self._state.spacing = float(values[0]), float(values[1])
        self._next_line(values[2:])

    def _show_all(self, values: list[Any]) -> None:
        for value in values[0]:
            if isinstance(value, (bytes, str)):
                self._show(value)
            else:
                self._advance(-float(value) / 1000 * self._state.size)

    def _advance(self, length: float) -> None:
        """Move the pen along the line, in units of text space."""
        down = self._state.font is not None and self._state.font.vertical
        self._tm = shifted(self._tm, 0.0, length) if down else shifted(self._tm, length * self._state.scale, 0.0)

    def _show(self, value: Any) -> None:
        state, font = self._state, self._state.font
        if isinstance(value, NameObject) or not isinstance(value, (bytes, str)):
            return
        if font is None:
            self.content.unread += len(value)
            return
        raw = value if isinstance(value, bytes) else value.encode("latin-1", "replace")
        for text, advance, is_space in font.show(raw):
            self._add(text, advance, font)
            length = advance * state.size + state.spacing + (state.word_spacing if is_space else 0.0)
            self._advance(-(state.size + state.spacing) if font.vertical else length)

    def _add(self, text: str, advance: float, font: PdfFont) -> None:
        """Keep one glyph, turned upright."""
        state, crop = self._state, self._visible
        a, b, c, d, x, y = times(shifted(self._tm, 0.0, state.rise), state.ctm)
        a, b, c, d = (value * state.size for value in (a * state.scale, b * state.scale, c, d))
        size = math.hypot(c, d)
        if not (crop.x0 - size <= x <= crop.x1 + size and crop.y0 - size <= y <= crop.y1 + size):
            self.content.outside += bool(text.strip())
            return
        text = self._replaced(text)
        if not text or not size or self._glyphs >= MAX_GLYPHS:
            return
        degrees, mirrored = direction(-c, -d) if font.vertical else direction(a, b), a * d < b * c
        if mirrored and degrees == 180:  # printed to be seen from behind: x runs to the left
            degrees, x = 0, -x
        elif mirrored:
            y = -y
        x, y = turned(x, y, degrees)
        length = size if font.vertical else abs(advance) * math.hypot(a, b)
        glyph = Glyph(x, x + length, y, size, text, font.bold or state.mode == BOLD_MODE)
        self.content.glyphs.setdefault((degrees, mirrored), []).append(glyph)
        self._glyphs += 1

    def _replaced(self, text: str) -> str:
        """What a marked stretch says that its glyphs stand for (⻅ is 见); the first glyph carries it."""
        for i, actual in enumerate(self._actual):
            if actual is not None:
                self._actual[i] = ""
                return actual
        return text

    def _begin_marked(self, values: list[Any]) -> None:
        self._actual.append(None)
        properties = values[1]
        if isinstance(properties, NameObject):
            properties = entry(entry(self._resources, "/Properties"), properties)
        actual = entry(properties, "/ActualText")
        text = _decoded(actual) if actual is not None else None
        self._actual[-1] = text if text is not None and len(text) <= MAX_ACTUAL else None

    def _draw(self, values: list[Any]) -> None:
        drawn = entry(entry(self._resources, "/XObject"), values[0])
        if not isinstance(drawn, StreamObject):
            return
        if drawn.get("/Subtype") == "/Image":
            self._add_picture()
        elif self._depth <= MAX_DEPTH and self._forms < MAX_FORMS:
            self._forms += 1
            place = matrix(entry(drawn, "/Matrix") or IDENTITY)
            self.read(drawn, entry(drawn, "/Resources"), times(place, self._state.ctm))

    def _add_picture(self) -> None:
        self.content.pictures += 1


def _decoded(value: object) -> str:
    if not isinstance(value, bytes):
        return str(value)
    return value[2:].decode("utf-16-be", "replace") if value.startswith(b"\xfe\xff") else value.decode("latin-1")
