"""What kind of file bytes are: by their first bytes, and by the name where these don't tell."""

from __future__ import annotations

import re

SUFFIXES = {
    ".txt": "text",
    ".text": "text",
    ".md": "text",
    ".markdown": "text",
    ".html": "html",
    ".htm": "html",
    ".xhtml": "html",
    ".shtml": "html",
    ".pdf": "pdf",
    ".docx": "docx",
}
MAX_BYTES = {"text": 64 * 2**20, "html": 16 * 2**20, "pdf": 64 * 2**20, "docx": 64 * 2**20}  # of a file, by format
NAMES = {"text": "plain text", "html": "an HTML page", "pdf": "a PDF", "docx": "a Word document (.docx)"}
HEAD = 4096  # bytes by which a file is recognised
ANEW = "open it in the program that wrote it and save it as .docx or PDF"
_OCR = "run text recognition (OCR) on it and save the text"
_UNPACK = "unpack it and name the documents in it"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # old Office files and encrypted new ones
_READ = {b"%PDF-": "pdf", b"PK\x03\x04": "docx", b"PK\x05\x06": "docx", OLE: "docx"}  # the reader of docx tells more
_NOT_READ = (
    (b"{\\rtf", "an RTF document", ANEW),
    (b"MIME-Version:", "a web archive (MHTML)", ANEW),
    (b"From: <Saved by", "a web archive (MHTML)", ANEW),
    (b"\x89PNG\r\n", "a PNG image", _OCR),
    (b"\xff\xd8\xff", "a JPEG image", _OCR),
    (b"GIF8", "a GIF image", _OCR),
    (b"II*\0", "a TIFF image", _OCR),
    (b"MM\0*", "a TIFF image", _OCR),
    (b"AT&TFORM", "a DjVu scan", _OCR),
    (b"Rar!\x1a", "a RAR archive", _UNPACK),
    (b"7z\xbc\xaf", "a 7z archive", _UNPACK),
    (b"\x1f\x8b\x08", "a gzip archive", _UNPACK),
    (b"BZh", "a bzip2 archive", _UNPACK),
    (b"\xfd7zXZ\0", "an xz archive", _UNPACK),
    (b"\x7fELF", "a program", "name a document"),
    (b"MZ\x90\0", "a program", "name a document"),
)
# \ufeff<?xml version="1.0"?><!-- 政府网 --><!DOCTYPE html>
_HTML = re.compile(
    rb"(\xef\xbb\xbf|\xff\xfe|\xfe\xff)?\s*(<\?xml[^>]*>\s*)?(<!--((?!-->).)*-->\s*)*<(!doctype\s+html|html|head|body)\b",
    re.IGNORECASE | re.DOTALL,
)
_WORD_XML = re.compile(rb"<\?mso-application progid=\"Word|<w:wordDocument|<pkg:package")  # 通知.xml, saved by Word


def recognise(head: bytes, expected: str, source: str) -> tuple[str, list[str]]:
    """The format to read a file as, and a warning where that is another than its name says.

    ``head`` are its first HEAD bytes, ``expected`` the format by its name, "" for a suffix that is none of SUFFIXES.
    Raises ValueError naming what it is and what to do where it is of no kind that is read.
    """
    for start, what, advice in _NOT_READ:
        if head.startswith(start):
            raise ValueError(f"{source}: expected {_expected(expected)}, got {what}; {advice}")
    if _WORD_XML.search(head):
        raise ValueError(f"{source}: expected {_expected(expected)}, got a Word document saved as XML; {ANEW}")
    found = _format(head)
    if not found and expected not in ("text", "html"):
        raise ValueError(
            f"{source}: expected {_expected(expected)}, got something else; {ANEW}, or name it .txt if it is plain text"
        )
    if found in ("", expected):
        return expected, []
    return found, [f"the name promises {_expected(expected)}; it is {NAMES[found]} and was read as one"]


def _format(head: bytes) -> str:
    for start, form in _READ.items():
        if head.startswith(start):
            return form
    if b"%PDF-" in head[:1024]:  # some have a few bytes before it
        return "pdf"
    return "html" if _HTML.match(head.replace(b"\0", b"")) else ""  # without the zeros UTF-16 is matched too


def _expected(form: str) -> str:
    return NAMES.get(form, f"one of {', '.join(SUFFIXES)}")
