"""Files made to harm whoever reads them, built when they are needed."""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from data.formats import OLE
from words import NAMES, packed, paragraph

MIB = 2**20
TINY = b"<w:p><w:r><w:t>a</w:t></w:r></w:p>"
LAUGHS = '<!ENTITY a0 "哈">' + "".join(f'<!ENTITY a{i} "{f"&a{i - 1};" * 10}">' for i in range(1, 10))
REFUSED = {  # file: a part of the reason
    "100 MB of paragraphs.docx": "unpacks to 100 MiB, 3.. times what it takes",
    "60 MB in one text.docx": "unpacks to 60 MiB",
    "12 MB in one text.docx": "damaged, too large or too deep",
    "40 MB of styles.docx": "unpacks to 40 MiB",
    "zips in zips.docx": "without its text",
    "100,000 entries.docx": "a zip of more than 10000 entries",
    "larger than it says.docx": "a damaged one .Bad CRC",
    "smaller than it says.docx": "unpacks to 30 MiB",
    "reads a file.docx": "declares entities",
    "a billion laughs.docx": "damaged, too large or too deep",
    "linked.docx": "damaged, too large or too deep",
    "locked.docx": "locked by a password",
    "cut off.docx": "a damaged one",
    "no document.docx": "without its text",
    "nested 100,000 deep.docx": "damaged, too large or too deep",
    "nested 100,000 deep.html": "nested more than 2000 deep",
    "17 MB of page.html": "at most 16 MiB of html are read",
    "picture and document.txt": "a GIF image",
    "pdf and document.docx": "expected a PDF",
    "pages in a circle.pdf": "expected a PDF",
    "20,000 pages.pdf": "expected 1 to 5000 pages, got 20000",
    "no table of objects.pdf": "expected a PDF",
}
READ = {  # file: its text
    "names that climb.docx": "要建平台。",
    "40 MB beside the text.docx": "要建平台。",
    "document and pdf.docx": "要建平台。",
    "a billion laughs.html": "要&a9;",
}


def build(folder: Path) -> None:
    """Write every file of REFUSED and READ; takes about 1 s."""
    good = packed(paragraph("要建平台。"))
    start, end = _shell()
    files: dict[str, bytes] = {
        "100 MB of paragraphs.docx": _stuffed("word/document.xml", _much(TINY, 100 * MIB)),
        "60 MB in one text.docx": _stuffed("word/document.xml", _much(b"a", 60 * MIB)),
        "12 MB in one text.docx": packed(paragraph("a" * (12 * MIB))),
        "40 MB of styles.docx": _stuffed("word/styles.xml", _much(b" ", 40 * MIB)),
        "zips in zips.docx": _zip({"[Content_Types].xml": b"", **{f"{i}.docx": good for i in range(300)}}),
        "100,000 entries.docx": b"PK\3\4" + (b"PK\1\2" + bytes(42)) * 100_000,
        "larger than it says.docx": _lying(packed(paragraph("a") * 10_000), 400),
        "smaller than it says.docx": _lying(_stuffed("word/document.xml", [start + end]), 30 * MIB),
        "reads a file.docx": _declaring('<!ENTITY a9 SYSTEM "file:///etc/passwd">'),
        "a billion laughs.docx": _declaring(LAUGHS),
        "linked.docx": _linked(),
        "locked.docx": OLE + bytes(2000) + "EncryptedPackage".encode("utf-16-le") + bytes(2000),
        "cut off.docx": good[:-100],
        "no document.docx": _zip({"[Content_Types].xml": b""}),
        "nested 100,000 deep.docx": _stuffed("word/document.xml", [start + b"<w:sdt>" * 100_000]),
        "nested 100,000 deep.html": b"<html><body>" + b"<div>" * 100_000 + b"a" + b"</div>" * 100_000,
        "17 MB of page.html": b"<html><body>" + b"<p>a</p>" * (17 * MIB // 8),
        "picture and document.txt": b"GIF89a" + good,
        "pdf and document.docx": b"%PDF-1.7\n" + good,
        "pages in a circle.pdf": _pdf(b"/Kids [2 0 R] /Count 1"),
        "20,000 pages.pdf": _pdf(b"/Kids [" + b"3 0 R " * 20_000 + b"] /Count 20000"),
        "no table of objects.pdf": b"%PDF-1.7\nstartxref\n99\n%%EOF",
        "names that climb.docx": _stuffed("../../../../tmp/a.xml", [b"a"], good),
        "40 MB beside the text.docx": _stuffed("word/media/a.bin", _much(b"\0", 40 * MIB), good),
        "document and pdf.docx": good + b"%PDF-1.7\n",
        "a billion laughs.html": f"<!DOCTYPE html [{LAUGHS}]><html><body><p>要&a9;</p></body></html>".encode(),
    }
    for name, content in files.items():
        (folder / name).write_bytes(content)


def _much(piece: bytes, size: int) -> Iterator[bytes]:
    block = piece * (MIB // len(piece))
    return (block for _ in range(round(size / len(block))))


def _shell() -> tuple[bytes, bytes]:
    return f"<w:document {NAMES}><w:body>".encode(), b"</w:body></w:document>"


def _zip(files: dict[str, bytes]) -> bytes:
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def _stuffed(name: str, chunks: Iterator[bytes] | list[bytes], good: bytes = b"") -> bytes:
    """A .docx in which a part is replaced or added; it is never whole in memory."""
    buffer = BytesIO()
    with (
        zipfile.ZipFile(BytesIO(good or packed(""))) as usual,
        zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive,
    ):
        for other in usual.namelist():
            if other != name:
                archive.writestr(other, usual.read(other))
        with archive.open(name, "w", force_zip64=True) as part:
            for chunk in chunks:
                part.write(chunk)
    return buffer.getvalue()


def _lying(raw: bytes, size: int) -> bytes:
    """What the zip says of the unpacked size of word/document.xml is not so."""
    changed = bytearray(raw)
    for signature, name, field in ((b"PK\x03\x04", 30, 22), (b"PK\x01\x02", 46, 24)):
        at = changed.find(signature)
        while at >= 0:
            if changed[at + name :].startswith(b"word/document.xml"):
                changed[at + field : at + field + 4] = struct.pack("<I", size)
            at = changed.find(signature, at + 4)
    return bytes(changed)


def _declaring(entities: str) -> bytes:
    start, end = _shell()
    text = f"<!DOCTYPE w [{entities}]>".encode() + start + b"<w:p><w:r><w:t>&a9;</w:t></w:r></w:p>" + end
    return _stuffed("word/document.xml", [text])


def _linked() -> bytes:
    """word/document.xml is a symbolic link."""
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        link = zipfile.ZipInfo("word/document.xml")
        link.create_system, link.external_attr = 3, 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
    return buffer.getvalue()


def _pdf(tree: bytes) -> bytes:
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages " + tree + b" >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] >>",
    ]
    raw, places = b"%PDF-1.7\n", b""
    for number, content in enumerate(objects, 1):
        places += b"%010d 00000 n \n" % len(raw)
        raw += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"xref\n0 4\n0000000000 65535 f \n" + places
    return raw + table + b"trailer << /Size 4 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF" % len(raw)
