"""Fonts of a PDF: bytes shown on a page into characters and their widths.

pypdf reads the /ToUnicode maps and the encodings. Added here is what Chinese PDFs need: text in the national encodings
(GBK-EUC-H …), Adobe-GB1 glyph numbers without a Unicode map, the widths of such fonts, vertical writing, weights.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import Any, NamedTuple

from pypdf.generic import ArrayObject, DictionaryObject, PdfObject
from pypdf.generic._font import Font

UNKNOWN = "\ufffd"
# encodings that are no Unicode: GBK-EUC-H, GB-EUC-H, GBK2K-V, ETen-B5-H, 90ms-RKSJ-H, KSCms-UHC-H
_CODECS = (
    ("GB", "gb18030"),
    ("ETen", "cp950"),
    ("B5", "cp950"),
    ("HKscs", "big5hkscs"),
    ("90", "cp932"),
    ("KSC", "cp949"),
)
_BOLD = re.compile(
    r"bold|black|heavy|semibold|demi|simhei|stheiti|黑体|^fzht|^fzhei|^fzdbs|大标宋|小标宋|^fzxbs", re.I
)  # SimHei ; FZXBSJW--GB1-0 ; 方正小标宋简体
_SUBSET = re.compile(r"^[A-Z]{6}\+")  # ABCDEF+SimSun
_FORCE_BOLD = 1 << 18
_HEAVY = 600
# radicals that stand for a whole character; Unicode gives them no compatibility form: ⻓ U+2ED3 for 长
_RADICALS = dict(
    zip(
        "⺁⺊⺎⺒⺝⺠⺧⺩⺫⺬⺮⺶⺻⺼⺽⻁⻄⻅⻆⻉⻋⻑⻓⻔⻗⻘⻙⻚⻛⻜⻝⻡⻢⻣⻤⻥⻦⻧⻨⻩⻪⻬⻮⻰⻱",
        "厂卜兀巳月民牛王目示竹羊聿肉臼虎西见角贝车長长门雨青韦页风飞食首马骨鬼鱼鸟卤麦黄黾齐齿龙龜",
        strict=True,
    )
)
_COMPATIBLE = re.compile(r"[\u2e80-\u2fdf\uf900-\ufaff\U0002f800-\U0002fa1f]")  # ⽅ U+2F45 for 方


class Shown(NamedTuple):
    """One character shown: its text, its advance in ems, and whether word spacing applies to it."""

    text: str
    advance: float
    is_space: bool


class PdfFont:
    """A font of the file. ``vertical`` fonts write downwards."""

    def __init__(self, resource: DictionaryObject) -> None:
        font = Font.from_font_resource(resource)
        self._map = font.character_map
        self._encoding = font.encoding if isinstance(font.encoding, dict) else {}
        self._widths = font.character_widths
        self._readable = font.interpretable
        self._composite = resource.get("/Subtype") == "/Type0"
        encoding = resource.get("/Encoding")
        self._name = str(encoding)[1:] if self._composite and isinstance(encoding, str) else ""
        descendant = _descendant(resource) if self._composite else resource
        self._collection = _collection(descendant)
        self.vertical = self._name.endswith("-V")
        self.bold = _is_bold(font.name, descendant)
        self._unit = 0.001
        if self._composite:
            self._default = _number(entry(descendant, "/DW"), 1000.0)
        else:
            self._default = self._widths.get("default", 500)
            if font.sub_type == "Type3":
                self._read_type3(resource)
        self._codec = next((codec for prefix, codec in _CODECS if self._name.startswith(prefix)), "")
        self._seen: dict[int, Shown] = {}

    def _read_type3(self, resource: DictionaryObject) -> None:
        """Its widths are in units of its own and may be fractions, which pypdf cuts off."""
        self._unit = abs(_number(entry(entry(resource, "/FontMatrix"), 0), 0.001))
        first = max(int(_number(entry(resource, "/FirstChar"), 0)), 0)
        widths = entry(resource, "/Widths")
        if isinstance(widths, ArrayObject):
            self._widths = {chr(code): _number(w, 0.0) for code, w in enumerate(widths[: 256 - first], first)}

    def show(self, raw: bytes) -> Iterator[Shown]:
        """The characters of a string operand."""
        if self._codec:
            for char in raw.decode(self._codec, "replace"):
                yield Shown(ordinary(char), self._national_width(char), char == " ")
            return
        step = 2 if self._composite else 1
        high = 0
        for i in range(0, len(raw) - step + 1, step):
            code = int.from_bytes(raw[i : i + step], "big")
            if "UTF16" in self._name and 0xD800 <= code < 0xDC00:
                high = code
                continue
            if high and 0xDC00 <= code < 0xE000:
                code = 0x10000 + ((high - 0xD800) << 10) + code - 0xDC00
            high = 0
            if code not in self._seen:
                self._seen[code] = self._shown(code)
            yield self._seen[code]

    def _shown(self, code: int) -> Shown:
        if not self._composite:
            advance = self._widths.get(chr(code), self._default) * self._unit
            return Shown(ordinary(self._simple_text(code)), advance, code == 32)
        if self._name.startswith("Uni"):
            char = self._map.get(chr(code), chr(code))
            return Shown(ordinary(char), self._national_width(chr(code)), False)
        text = self._map.get(chr(code))
        if text is None:
            text = gb1(code) if self._collection == "GB1" else " " if code <= 3 else UNKNOWN
        return Shown(ordinary(text), self._widths.get(chr(code), self._default) * self._unit, False)

    def _simple_text(self, code: int) -> str:
        if not self._readable:
            return UNKNOWN
        char = self._encoding.get(code, chr(code))
        text = str(self._map.get(char, char))
        return UNKNOWN if len(text) > 1 and text.startswith("/") else text  # /g25DB, the name of a glyph

    def _national_width(self, char: str) -> float:
        """Of a character whose glyph number isn't known; ASCII has the glyphs 1–95 or, half wide, from 814."""
        width = self._default
        if " " <= char <= "~":
            width = self._widths.get(chr(ord(char) - 31), self._widths.get(chr(ord(char) + 781), width))
        return width * self._unit


class Fonts:
    """The fonts of a document, each read once."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[DictionaryObject, PdfFont]] = {}

    def get(self, resource: object) -> PdfFont | None:
        """The font that an entry of a page's font resources is; None where it is none."""
        if not isinstance(resource, DictionaryObject):
            return None
        if id(resource) not in self._known:
            self._known[id(resource)] = resource, PdfFont(resource)  # the object is kept so that its id stays its own
        return self._known[id(resource)][1]


def ordinary(text: str) -> str:
    """Kangxi radicals and compatibility ideographs as the ordinary characters: ⽅ (U+2F45) -> 方."""
    if not _COMPATIBLE.search(text):
        return text
    return _COMPATIBLE.sub(lambda m: _RADICALS.get(m[0]) or unicodedata.normalize("NFKC", m[0]), text)


def gb1(cid: int) -> str:
    """The character of a glyph number of Adobe-GB1, which follows the rows of GB 2312; U+FFFD beyond it."""
    if 1 <= cid <= 95:
        return chr(cid + 31)
    if 814 <= cid <= 907:
        return chr(cid - 781)
    if cid == 7716:
        return " "
    row, column = _gb2312(cid)
    if not row:
        return UNKNOWN
    return bytes((row, column)).decode("gb2312", "replace")


def _gb2312(cid: int) -> tuple[int, int]:
    """Row and column of a glyph number: marks from 96, full-width ASCII from 262, characters from 940."""
    for first, count, row in ((96, 94, 0xA1), (262, 94, 0xA3)):
        if first <= cid < first + count:
            return row, 0xA1 + cid - first
    if 190 <= cid <= 239:
        return 0xA2, 0xB1 + cid - 190  # ⒈ ① ㈠
    if 940 <= cid < 4695:  # row D7 is the last one of the common characters and has 89
        return 0xB0 + (cid - 940) // 94, 0xA1 + (cid - 940) % 94
    if 4695 <= cid <= 7702:
        return 0xD8 + (cid - 4695) // 94, 0xA1 + (cid - 4695) % 94
    return 0, 0


def entry(holder: Any, key: Any) -> Any:
    """What stands under a key or at a place, followed through references; None where nothing does."""
    try:
        value = holder[key]
    except (LookupError, TypeError):
        return None
    return value.get_object() if isinstance(value, PdfObject) else value


def _descendant(resource: DictionaryObject) -> DictionaryObject:
    first = entry(entry(resource, "/DescendantFonts"), 0)
    return first if isinstance(first, DictionaryObject) else DictionaryObject()


def _collection(descendant: DictionaryObject) -> str:
    ordering = entry(entry(descendant, "/CIDSystemInfo"), "/Ordering")
    return ordering.decode("latin-1") if isinstance(ordering, bytes) else str(ordering)


def _is_bold(name: str, resource: DictionaryObject) -> bool:
    descriptor = entry(resource, "/FontDescriptor")
    names = _SUBSET.sub("", name), str(entry(descriptor, "/FontFamily"))
    forced = int(_number(entry(descriptor, "/Flags"), 0)) & _FORCE_BOLD
    return any(map(_BOLD.search, names)) or bool(forced) or _number(entry(descriptor, "/FontWeight"), 0) >= _HEAVY


def _number(value: object, default: float) -> float:
    return float(value) if isinstance(value, (int, float)) else default
