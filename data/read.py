"""A file into a Document: text in the encodings that people really have, and HTML."""

from __future__ import annotations

import re
from pathlib import Path

import trafilatura
from lxml import etree, html

from data.normalize import to_simplified
from data.records import Document, Mark

SUFFIXES = {".txt": "text", ".text": "text", ".md": "text", ".html": "html", ".htm": "html"}
MAX_BYTES = 64 * 1024 * 1024
FORGIVEN = 0.005  # share of broken bytes in a text that is still UTF-8
LEAST_COMMON = 0.5  # share of common characters below which a text is no Chinese in that encoding
_BOMS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_BLOCKS = frozenset(
    """address article aside blockquote body br button caption dd div dl dt fieldset figcaption figure footer form h1
    h2 h3 h4 h5 h6 header hr label legend li main nav ol option p pre section select table tbody td textarea
    tfoot th thead title tr ul""".split()
)
_UNSEEN = frozenset("""script style noscript template svg iframe object head""".split())
_SPACE = re.compile(r"\s+")  # 政策\n  文件
_NO_LETTER = re.compile(r"\W+")  # 一、总体要求 -> 一总体要求


def read_document(path: Path) -> Document:
    """Read one file. Raises ValueError that says what was expected, what came and what to do."""
    if not path.is_file():
        raise ValueError(f"{path}: no such file")
    form = SUFFIXES.get(path.suffix.lower())
    if form is None:
        raise ValueError(
            f"{path}: expected one of {', '.join(SUFFIXES)}, got {path.suffix or 'none'!r}; save it as one of these"
        )
    size = path.stat().st_size
    if size > MAX_BYTES:
        raise ValueError(
            f"{path}: at most {MAX_BYTES // 2**20} MiB are read, got {size / 2**20:.0f} MiB; split the file"
        )
    return parse(path.read_bytes(), form, source=path.name)


def parse(raw: bytes, form: str, source: str = "") -> Document:
    """Bytes of a known format (`text` or `html`) into a Document. Raises ValueError."""
    document = _from_html(raw, source) if form == "html" else _from_text(raw, source)
    if not document.text.strip():
        raise ValueError(f"{source}: no text found in {len(raw)} bytes of {form}; is it a scan or an empty page?")
    return document


def _from_text(raw: bytes, source: str) -> Document:
    text, encoding = decode(raw, source)
    title = next((line.strip("#　 \t") for line in text.splitlines() if line.strip()), "")[:80]
    broken = text.count("\ufffd")
    warnings = [f"{broken} bytes could not be read as {encoding}"] if broken else []
    return Document.of(text, title=title, source=source, format=f"text/{encoding}", warnings=warnings)


def decode(raw: bytes, source: str = "") -> tuple[str, str]:
    """Bytes to text and the name of the encoding. Raises ValueError where no encoding fits.

    A BOM decides, then UTF-8 (a few broken bytes are forgiven); else, of GB18030, Big5 and UTF-16, the one that gives
    the most common characters. Detectors by language statistics fail on texts of a few words, which people do have.
    """
    for bom, name in _BOMS:
        if raw.startswith(bom):
            return raw.decode(name, "replace").lstrip("\ufeff"), name
    text = raw.decode("utf-8", "replace")
    if text.count("\ufffd") <= FORGIVEN * sum(not char.isascii() for char in text) and b"\0" not in raw[:4096]:
        return text, "utf-8"
    scored = [(_commonness(raw, name), name) for name in ("gb18030", "big5", "utf-16-le", "utf-16-be")]
    best, name = max(scored, key=lambda pair: pair[0])
    if best < LEAST_COMMON:
        raise ValueError(f"{source}: not UTF-8, UTF-16, GB18030 or Big5 text; save it as UTF-8")
    return raw.decode(name), name


def _commonness(raw: bytes, encoding: str) -> float:
    """Share of common characters (level 1 of GB 2312, once simplified) among those not ASCII; 0 if it can't be."""
    try:
        text = raw.decode(encoding)
    except UnicodeDecodeError:
        return 0.0
    others = [char for char in to_simplified(text[:20_000]) if not char.isascii()]
    return sum(b"\xa1\xa1" <= _gb2312(char) <= b"\xd7\xf9" for char in others) / len(others) if others else 0.0


def _gb2312(char: str) -> bytes:
    return char.encode("gb2312", "replace")


def _from_html(raw: bytes, source: str) -> Document:
    """Every visible block becomes a line; trafilatura tells which belong to the article, the rest is boilerplate."""
    page = _tree(raw, source)
    blocks = _blocks(page)
    text = "\n".join(block for block, _ in blocks)
    article = _article(page)
    marks: list[Mark] = []
    at = 0
    for block, tag in blocks:
        kind = _html_kind(block, tag, article)
        if kind:
            marks.append(Mark(at, at + len(block), kind))
        at += len(block) + 1
    title = next((block for block, tag in blocks if tag == "h1"), "") or (page.findtext(".//title") or "").strip()
    return Document.of(text, title=title[:80], source=source, format="html", marks=marks)


def _tree(raw: bytes, source: str) -> html.HtmlElement:
    declared = re.search(rb"charset=[\"']?([\w-]+)", raw[:2048])  # charset="gb2312"
    name = declared[1].decode("ascii").lower() if declared else ""
    try:
        text = raw.decode({"gb2312": "gb18030", "gbk": "gb18030"}.get(name, name or "utf-8"))
    except (UnicodeDecodeError, LookupError):
        text, _ = decode(raw, source)
    text = re.sub(r"^\s*<\?xml[^>]*\?>", "", text)  # <?xml version="1.0" encoding="gbk"?>
    try:
        return html.document_fromstring(text, parser=html.HTMLParser(huge_tree=True, remove_comments=True))
    except (etree.ParserError, ValueError) as error:
        raise ValueError(f"{source}: expected an HTML page, could not parse it: {error}") from error


def _blocks(page: html.HtmlElement) -> list[tuple[str, str]]:
    """Visible text in reading order as (text, tag of the innermost block)."""
    found: list[tuple[str, str]] = []
    buffer: list[str] = []

    def flush(tag: str) -> None:
        text = _SPACE.sub(" ", "".join(buffer)).strip()
        buffer.clear()
        if text:
            found.append((text, tag))

    tags = ["body"]
    for event, element in etree.iterwalk(page, events=("start", "end")):
        tag = element.tag if isinstance(element.tag, str) else ""
        if event == "start":
            if tag in _UNSEEN:
                for child in list(element):
                    element.remove(child)
                continue
            if tag in _BLOCKS:
                flush(tags[-1])
                tags.append(tag)
            buffer.append(element.text or "")
        else:
            if tag in _BLOCKS and tag not in _UNSEEN:
                flush(tags.pop())
            buffer.append(element.tail or "")
    flush("body")
    return found


def _article(page: html.HtmlElement) -> str:
    """The letters of the article as trafilatura sees it; empty when it finds none."""
    found = trafilatura.extract(
        html.tostring(page, encoding="unicode"), include_comments=False, include_tables=True, favor_recall=True
    )
    return _NO_LETTER.sub("", found or "")


def _html_kind(block: str, tag: str, article: str) -> str:
    if tag == "h1":
        return "title"
    if article and _NO_LETTER.sub("", block) not in article:
        return "boilerplate"
    return "heading" if tag in {"h2", "h3", "h4", "h5", "h6"} else ""
