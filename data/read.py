"""A file into a Document: text, HTML, PDF, Word. Whatever has to be parsed is parsed in a child process."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, Self

from data.encoding import decode
from data.formats import HEAD, MAX_BYTES, SUFFIXES, recognise
from data.records import Document, Mark
from data.sandbox import Child, Limits

__all__ = ["SUFFIXES", "Limits", "Reader", "parse", "read_document"]  # with what comes from elsewhere
_CHUNK = 1 << 20


def read_document(path: Path) -> Document:
    """Read one file; use a Reader for several. Raises ValueError: what was expected, what came, what to do."""
    with Reader() as reader:
        return reader.read(path)


def parse(raw: bytes, form: str, source: str = "") -> Document:
    """Bytes into a Document; ``form`` is one of SUFFIXES' values. Raises ValueError like read_document."""
    with Reader() as reader:
        return reader.parse(raw, form, source)


class Reader:
    """Reads documents, with one child process for all that need one; ends it when left. Threads may share it.

    They are served one after the other: to read several at a time, give each thread its own.
    """

    def __init__(self, limits: Limits | None = None) -> None:
        self._child = Child(limits or Limits())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the child process; the next document starts another."""
        self._child.close()

    def read(self, path: Path) -> Document:
        """Read one file. Raises ValueError for what is no document, and OSError where it can't be opened."""
        if path.is_dir():
            raise ValueError(f"{path}: expected a file, got a folder; read folders with: python -m data ingest")
        if not path.is_file():
            raise ValueError(f"{path}: no such file")
        with path.open("rb") as file:
            form, warnings = recognise(file.read(HEAD), SUFFIXES.get(path.suffix.lower(), ""), str(path))
            size = path.stat().st_size
            _check_size(size, form, str(path))
            file.seek(0)
            chunks = _chunks(file, size, path)
            if form == "text":
                return _from_text(b"".join(chunks), path.name, warnings)
            return self._ask(form, path.name, size, chunks, warnings)

    def parse(self, raw: bytes, form: str, source: str = "") -> Document:
        """Bytes into a Document; ``form`` is one of SUFFIXES' values, or "" if not known. Raises ValueError."""
        form, warnings = recognise(raw[:HEAD], form, source)
        _check_size(len(raw), form, source)
        if form == "text":
            return _from_text(raw, source, warnings)
        return self._ask(form, source, len(raw), [raw], warnings)

    def _ask(self, form: str, source: str, size: int, chunks: Iterable[bytes], warnings: list[str]) -> Document:
        reply = self._child.ask({"form": form, "source": source}, size, chunks)
        if "error" in reply:
            raise ValueError(str(reply["error"]))
        try:
            return _with_text(_document(reply["document"], source, warnings), size, form)
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"{source}: could not be read: the process that reads it gave no document") from error


def _from_text(raw: bytes, source: str, warnings: list[str]) -> Document:
    text, encoding = decode(raw, source)
    if broken := text.count("\ufffd"):
        warnings = [*warnings, f"{broken} characters could not be read as {encoding}"]
    title = next((line.strip("#　 \t") for line in text.splitlines() if line.strip()), "")[:80]
    document = Document.of(text, title=title, source=source, format=f"text/{encoding}", warnings=warnings)
    return _with_text(document, len(raw), "text")


def _document(fields: dict[str, Any], source: str, warnings: list[str]) -> Document:
    """From what the child says, of which only the types are trusted; the hash is taken anew."""
    marks = [Mark(int(start), int(end), str(kind), int(level)) for start, end, kind, level in fields["marks"]]
    return Document.of(
        str(fields["text"]),
        title=str(fields["title"]),
        source=source,
        format=str(fields["format"]),
        marks=marks,
        warnings=[*warnings, *map(str, fields["warnings"])],
    )


def _with_text(document: Document, size: int, form: str) -> Document:
    if not size:
        raise ValueError(f"{document.source}: the file is empty")
    if not document.text.strip():
        raise ValueError(
            f"{document.source}: no text found in {size} bytes of {form}; is it an empty page, or a scan without text?"
        )
    return document


def _check_size(size: int, form: str, source: str) -> None:
    if size > MAX_BYTES[form]:
        raise ValueError(
            f"{source}: at most {MAX_BYTES[form] // 2**20} MiB of {form} are read, got {size / 2**20:.0f} MiB; split it"
        )


def _chunks(file: BinaryIO, size: int, path: Path) -> Iterator[bytes]:
    """Exactly as many bytes as promised. Raises ValueError where the file has become shorter."""
    left = size
    while left:
        chunk = file.read(min(left, _CHUNK))
        if not chunk:
            raise ValueError(f"{path}: became shorter while it was read; try again")
        left -= len(chunk)
        yield chunk
