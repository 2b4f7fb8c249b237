"""Word documents for tests, in XML as Word writes it."""

from __future__ import annotations

import zipfile
from io import BytesIO

from data.records import Document
from data.word import from_docx

WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
NAMES = f'xmlns:w="{WORD}" xmlns:r="{OFFICE}" xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"'
KINDS = ("styles", "numbering", "footnotes", "endnotes", "header", "footer")


def packed(body: str, **parts: str) -> bytes:
    """A .docx of a body and parts, each relating as its name: styles, footnotes, header…"""
    relations = "".join(f'<Relationship Id="{p}" Type="{OFFICE}/{p}" Target="{p}.xml"/>' for p in KINDS)
    start = f'<Relationship Id="a" Type="{OFFICE}/officeDocument" Target="word/document.xml"/>'
    files = {
        "[Content_Types].xml": "<Types/>",
        "_rels/.rels": f'<Relationships xmlns="{PACKAGE}">{start}</Relationships>',
        "word/_rels/document.xml.rels": f'<Relationships xmlns="{PACKAGE}">{relations}</Relationships>',
        "word/document.xml": f"<w:document {NAMES}><w:body>{body}</w:body></w:document>",
        **{f"word/{name}.xml": f"<w:{name} {NAMES}>{inner}</w:{name}>" for name, inner in parts.items()},
    }
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def read(body: str, **parts: str) -> Document:
    return from_docx(packed(body, **parts), "a.docx")


def run(text: str) -> str:
    return f"<w:r><w:t>{text}</w:t></w:r>"


def paragraph(text: str, *, style: str = "", settings: str = "") -> str:
    return f'<w:p><w:pPr><w:pStyle w:val="{style}"/>{settings}</w:pPr>{run(text)}</w:p>'


def style(name: str, *, based: str = "", settings: str = "", key: str = "a") -> str:
    inner = f'<w:name w:val="{name}"/><w:basedOn w:val="{based}"/><w:pPr>{settings}</w:pPr>'
    return f'<w:style w:type="paragraph" w:styleId="{key}">{inner}</w:style>'


def table(*rows: str) -> str:
    return f"<w:tbl>{''.join(f'<w:tr>{row}</w:tr>' for row in rows)}</w:tbl>"


def cell(inner: str, settings: str = "") -> str:
    return f"<w:tc><w:tcPr>{settings}</w:tcPr>{inner}</w:tc>"


def kinds(document: Document) -> dict[str, tuple[str, int]]:
    return {document.text[m.start : m.end]: (m.kind, m.level) for m in document.marks}
