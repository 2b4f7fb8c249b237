"""HTML into a Document: every visible block is a line; what does not belong to the article is marked boilerplate."""

from __future__ import annotations

import re

import trafilatura
from lxml import etree, html

from data.encoding import decode
from data.numbering import numbering
from data.records import Document, Mark

_BLOCKS = frozenset(
    """address article aside blockquote body br button caption dd div dl dt fieldset figcaption figure footer form h1
    h2 h3 h4 h5 h6 header hr label legend li main nav ol option p pre section select table tbody td textarea
    tfoot th thead title tr ul""".split()
)
_UNSEEN = frozenset("""script style noscript template svg iframe object head""".split())
_LEVELS = {f"h{n}": n - 1 for n in range(2, 7)}  # h1 is the title
_DEEPEST = 2000  # elements in each other; the parser drops what lies deeper than 2048, without a word
LEAST_ARTICLE = 100  # letters
SHORT = 8  # letters; so short a block belongs to the article only right after the block before it
MENU = 30  # characters; a link so short that stands alone is one of a menu
NEAR = 40  # letters
_CELL = 200  # characters; a cell with more holds a text, and its table is there for the layout
_SPACE = re.compile(r"\s+")  # 政策\n  文件
_NO_LETTER = re.compile(r"\W+")  # 一、总体要求 -> 一总体要求
_CHARSET = re.compile(rb"charset=[\"']?([\w-]+)", re.IGNORECASE)  # <meta charset="gb2312"> 某市新闻网
_CODECS = {"gb2312": "gb18030", "gbk": "gb18030", "big5": "big5hkscs"}  # pages name the smaller set and use the larger
_MISLEADING = ("utf", "iso-8859-1", "latin", "windows-1252", "us-ascii")  # any bytes fit, or were found not to fit
_MARKUP = re.compile(r"<[a-zA-Z!/]")  # <p>各区要统筹资金</p>
_XML = re.compile(r"^\s*<\?xml[^>]*\?>")  # <?xml version="1.0" encoding="gbk"?><html>政策
# tags that say only how text looks: <font>要建平台。<font>要引人才。, never closed, nest without end
_INLINE = re.compile(r"</?(font|span|b|i|u|em|strong|small|big)\b[^<>]*>", re.IGNORECASE)


def from_html(raw: bytes, source: str) -> Document:
    """Read a page; trafilatura tells which blocks belong to the article. Raises ValueError where it is none."""
    text = _decoded(raw, source)
    warnings = [f"{count} characters could not be read"] if (count := text.count("\ufffd")) else []
    if not _MARKUP.search(text):
        return Document.of(text, source=source, format="text", warnings=["no markup in it; read as plain text"])
    page = _tree(text, source)
    blocks = _blocks(page)
    title = next((block for block, tag in blocks if tag == "h1"), "") or (page.findtext(".//title") or "").strip()
    return Document.of(
        "\n".join(block for block, _ in blocks),
        title=title[:80],
        source=source,
        format="html",
        marks=_marks(blocks, _article(page)),
        warnings=warnings,
    )


def _decoded(raw: bytes, source: str) -> str:
    """UTF-8 where it fits without a fault, else what the page says of itself, else what is likeliest."""
    declared = _CHARSET.search(raw[:4096])
    name = declared[1].decode("ascii").lower() if declared else ""
    for codec in ("utf-8-sig", "" if name.startswith(_MISLEADING) else _CODECS.get(name, name)):
        try:
            return raw.decode(codec or "utf-8-sig")
        except (UnicodeDecodeError, LookupError):
            continue
    return decode(raw, source)[0]


def _tree(text: str, source: str) -> html.HtmlElement:
    text = _XML.sub("", text)
    for without in (None, _INLINE):
        attempt = without.sub("", text) if without else text
        parser = html.HTMLParser(huge_tree=True, remove_comments=True, no_network=True)
        try:
            page = html.document_fromstring(attempt, parser=parser)
        except (etree.ParserError, ValueError) as error:
            raise ValueError(f"{source}: expected an HTML page, could not parse it: {error}") from error
        if _depth(page) < _DEEPEST:
            return page
    raise ValueError(
        f"{source}: expected an HTML page, got elements nested more than {_DEEPEST} deep; save its text instead"
    )


def _depth(page: html.HtmlElement) -> int:
    deepest = depth = 0
    for event, _ in etree.iterwalk(page, events=("start", "end")):
        depth += 1 if event == "start" else -1
        deepest = max(deepest, depth)
    return deepest


def _blocks(page: html.HtmlElement) -> list[tuple[str, str]]:
    """Visible text in reading order as (text, tag of the innermost block); the row of a table is one, with tabs.

    A block that is nothing but links has the tag ``a``.
    """
    found: list[tuple[str, str]] = []
    buffer: list[str] = []
    unlinked: list[str] = []

    def flush(tag: str) -> None:
        text = _SPACE.sub(" ", "".join(buffer)).strip()
        if text:
            found.append((text, tag if _NO_LETTER.sub("", "".join(unlinked)) else "a"))
        buffer.clear()
        unlinked.clear()

    tags = ["body"]
    links = 0  # that are open
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
            if tag == "li" and element.getparent().tag == "ol" and not numbering(_first_text(element)):
                buffer.append(f"{_place(element)}. ")
            if tag == "tr" and (cells := _cells(element)):
                found.append(("\t".join(cells), "tr"))
                for child in list(element):
                    element.remove(child)
                continue
            links += tag == "a"
            buffer.append(element.text or "")
            unlinked.append("" if links else element.text or "")
        else:
            if tag in _BLOCKS and tag not in _UNSEEN:
                flush(tags.pop())
            links -= tag == "a"
            buffer.append(element.tail or "")
            unlinked.append("" if links else element.tail or "")
    flush("body")
    return found


def _place(item: html.HtmlElement) -> int:
    """The number that a browser shows before an item of a numbered list."""
    start = item.getparent().get("start", "1")
    return (int(start) if start.isdecimal() else 1) + sum(1 for _ in item.itersiblings("li", preceding=True))


def _first_text(element: html.HtmlElement) -> str:
    return next((text.strip() for text in element.itertext() if text.strip()), "")


def _cells(row: html.HtmlElement) -> list[str]:
    """What stands in the cells of a row; empty for a row of one cell, of links, or of cells that lay out a page."""
    cells = [cell for cell in row if cell.tag in ("td", "th")]
    texts = [_SPACE.sub(" ", cell.text_content()).strip() for cell in cells]
    small = all(len(text) <= _CELL for text in texts) and sum(map(bool, texts)) > 1
    plain = all(cell.find(".//table") is None and cell.find(".//a") is None for cell in cells)
    return texts if small and plain else []


def _article(page: html.HtmlElement) -> str:
    """The letters of the article as trafilatura sees it; empty when it finds none."""
    found = trafilatura.extract(
        html.tostring(page, encoding="unicode"), include_comments=False, include_tables=True, favor_recall=True
    )
    letters = _NO_LETTER.sub("", found or "")
    return letters if len(letters) >= LEAST_ARTICLE else ""  # of a short page it may find a part only


def _marks(blocks: list[tuple[str, str]], article: str) -> list[Mark]:
    marks: list[Mark] = []
    at = reached = 0  # in the text, in the article
    for block, tag in blocks:
        letters = _NO_LETTER.sub("", block)
        # the blocks of an article follow each other, so looking on from the last one keeps long pages linear
        there = article.find(letters, reached)
        there = article.find(letters) if there < 0 else there
        if len(letters) < SHORT and not 0 <= there - reached <= NEAR:
            there = -1  # the words of a menu, 要闻, stand somewhere in the article too
        kind = _kind(block, tag, belongs=there >= 0 or not article)
        if kind:
            marks.append(Mark(at, at + len(block), kind, _LEVELS.get(tag, 0) if kind == "heading" else 0))
        reached = there + len(letters) if there >= reached else reached
        at += len(block) + 1
    return marks


def _kind(block: str, tag: str, *, belongs: bool) -> str:
    if tag == "h1":
        return "title"
    if tag == "tr":
        return "body"
    if not belongs or (tag == "a" and len(block) <= MENU):
        return "boilerplate"
    return "heading" if tag in _LEVELS else ""
