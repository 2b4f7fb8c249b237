"""The parts of a .docx: a zip of XML files that name each other. Sizes are checked before anything is unpacked."""

from __future__ import annotations

import posixpath
import zipfile
import zlib
from io import BytesIO
from typing import TYPE_CHECKING

from data.formats import ANEW, OLE

if TYPE_CHECKING:
    from lxml.etree import _Element

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
MAX_ENTRIES = 10_000  # of the zip; a document with a thousand pictures has some 2,000
MAX_XML = 32 * 2**20  # bytes unpacked, of all parts that are read
MAX_RATIO, SMALL = 200, 8 * 2**20  # unpacked to packed bytes; not asked of smaller parts, as forms repeat themselves
_ENTRY = b"PK\x01\x02"  # begins each entry of a zip's directory
_AGAIN = "fetch it again, or open it in Word or WPS and save it anew"
# "strict" files differ in the names of their namespaces only
_STRICT = (
    (b"http://purl.oclc.org/ooxml/wordprocessingml/main", W[1:-1].encode()),
    (b"http://purl.oclc.org/ooxml/officeDocument/relationships", R[1:-1].encode()),
)
_OLE_KINDS = (  # by the names of streams
    ("EncryptedPackage", "one locked by a password", "open it in Word or WPS, take the password off and save it anew"),
    ("WordDocument", "one of Word 97-2003 or WPS (.doc, .wps)", ANEW),
    ("Workbook", "an Excel workbook (.xls)", ANEW),
    ("PowerPoint Document", "slides (.ppt)", ANEW),
    ("", "another old Office file", ANEW),
)
_ZIP_KINDS = (  # by the beginnings of names
    ("xl/", "an Excel workbook (.xlsx)", ANEW),
    ("ppt/", "slides (.pptx)", ANEW),
    ("OFD.xml", "an OFD document", "open it in an OFD reader and save it as PDF"),
    ("content.xml", "an OpenDocument file (.odt)", ANEW),
    ("META-INF/container.xml", "an e-book (.epub)", "save its text as .html or .docx"),
    ("[Content_Types].xml", "one without its text (word/document.xml)", _AGAIN),
    ("", "a zip archive", "unpack it and name the documents in it"),
)


class Package:
    """The parts of a Word document as XML. Every method raises ValueError for what is none, and for zip bombs."""

    def __init__(self, raw: bytes, source: str) -> None:
        self._source = source
        self._left = MAX_XML
        self._zip = self._opened(raw)
        self._names = {info.filename.replace("\\", "/").lstrip("/"): info for info in self._zip.infolist()}
        named = [target for kind, target in self._relations("").values() if kind == "officeDocument"]
        main = named[0] if named and named[0] in self._names else "word/document.xml"
        document = self._part(main)
        if document is None or document.tag != W + "document":
            raise self._refusal(*_kind_of_zip(list(self._names)))
        self.document = document
        self.relations = self._relations(main)

    def parts(self, kind: str) -> list[_Element]:
        """The parts to which the document relates as ``kind``: styles, numbering, footnotes…; those there are."""
        found = [self._part(target) for name, target in self.relations.values() if name == kind]
        return [part for part in found if part is not None]

    def related(self, relation: str) -> _Element | None:
        """The part that a relation's id names, a header for instance."""
        return self._part(self.relations.get(relation, ("", ""))[1])

    def _opened(self, raw: bytes) -> zipfile.ZipFile:
        if not raw.startswith(b"PK"):
            raise self._refusal(*_kind_of_ole(raw))
        if raw.count(_ENTRY) > MAX_ENTRIES:  # before zipfile makes an object of each
            raise self._refusal(f"a zip of more than {MAX_ENTRIES} entries", ANEW)
        try:
            return zipfile.ZipFile(BytesIO(raw))
        except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
            raise self._refusal(f"a damaged one ({error})", _AGAIN) from error

    def _relations(self, part: str) -> dict[str, tuple[str, str]]:
        """Id -> (kind, name of the part) of what a part relates to; "" stands for the whole package."""
        folder, name = posixpath.split(part)
        root = self._part(posixpath.join(folder, "_rels", f"{name}.rels"))
        found: dict[str, tuple[str, str]] = {}
        for relation in root if root is not None else ():
            target = posixpath.normpath(posixpath.join("/", folder, relation.get("Target", "")))
            if relation.get("TargetMode") != "External":
                found[relation.get("Id", "")] = (posixpath.basename(relation.get("Type", "")), target.lstrip("/"))
        return found

    def _part(self, name: str) -> _Element | None:
        """A part as XML; None where the zip has none of that name, as some programs leave relations to nothing."""
        from lxml import etree  # only now: a bomb is refused before

        info = self._names.get(name)
        if info is None:
            return None
        data = self._unpacked(info)
        for strict, usual in _STRICT:
            data = data.replace(strict, usual)
        try:
            root = etree.fromstring(
                data, etree.XMLParser(resolve_entities=False, no_network=True, remove_comments=True)
            )
        except etree.XMLSyntaxError as error:
            why = error.msg.split(", ")[0]  # without advice on how to read it all the same
            raise self._refusal(f"one whose {name} is damaged, too large or too deep ({why})", _AGAIN) from error
        if root.getroottree().docinfo.doctype:  # Word never writes one; it is a way to make a little XML large
            raise self._refusal(f"one whose {name} declares entities", _AGAIN)
        return root

    def _unpacked(self, info: zipfile.ZipInfo) -> bytes:
        ratio = info.file_size / max(info.compress_size, 1)
        if info.file_size > self._left or (ratio > MAX_RATIO and info.file_size > SMALL):
            size = f"{info.file_size / 2**20:.0f} MiB, {ratio:.0f} times what it takes packed"
            raise self._refusal(f"one whose {info.filename} unpacks to {size}", "save it in parts, or as plain text")
        self._left -= info.file_size
        if info.flag_bits & 1 or info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise self._refusal("one packed in a way that Word does not use", _AGAIN)
        try:
            with self._zip.open(info) as file:
                return file.read(info.file_size + 1)  # never more, whatever is in it
        except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, ValueError, OSError) as error:
            raise self._refusal(f"a damaged one ({error})", _AGAIN) from error

    def _refusal(self, what: str, advice: str) -> ValueError:
        return ValueError(f"{self._source}: expected a Word document (.docx), got {what}; {advice}")


def _kind_of_ole(raw: bytes) -> tuple[str, str]:
    if not raw.startswith(OLE):
        return "something else", ANEW
    return next((what, advice) for stream, what, advice in _OLE_KINDS if stream.encode("utf-16-le") in raw)


def _kind_of_zip(names: list[str]) -> tuple[str, str]:
    return next((what, advice) for start, what, advice in _ZIP_KINDS if any(n.startswith(start) for n in [*names, ""]))
