"""Published texts that the repository may not hold: found by their hash in files that people have at hand.

A source folder holds documents (txt, html, pdf, docx) and collections, one JSON object with a ``text`` a line
(``.jsonl`` or ``.jsonl.xz``; ``title`` and ``id`` name the document).
"""

from __future__ import annotations

import json
import lzma
from collections.abc import Collection, Iterator
from pathlib import Path

from data.read import SUFFIXES, Reader
from data.records import Document, Sentence
from data.sentences import segment

COLLECTIONS = (".jsonl", ".jsonl.xz")
Texts = dict[str, tuple[Document, list[Sentence]]]  # by SHA-256 of the text


def source_files(folder: Path) -> list[Path]:
    """Every document and collection below a folder, in order; hidden ones are passed over.

    Raises ValueError where it is no folder or holds none.
    """
    if not folder.is_dir():
        raise ValueError(
            f"{folder}: expected a folder of published texts, got {'a file' if folder.exists() else 'none'}"
        )
    below = (path for path in sorted(folder.rglob("*")) if path.is_file())
    shown = (path for path in below if not any(p.startswith(".") for p in path.relative_to(folder).parts))
    found = [path for path in shown if _is_collection(path) or path.suffix.lower() in SUFFIXES]
    if not found:
        kinds = ", ".join([*SUFFIXES, *COLLECTIONS])
        raise ValueError(f"{folder}: expected documents or collections ({kinds}), found none")
    return found


def read_sources(folder: Path) -> Iterator[Document]:
    """Every document below a folder; what can't be read is passed over, since a hash will tell that it is missing.

    ``source`` is the path below the folder, with ``#`` and the line's ``id`` (or number) for one of a collection.
    Raises ValueError for a line of a collection that is no JSON object with a text.
    """
    with Reader() as reader:
        for path in source_files(folder):
            name = path.relative_to(folder).as_posix()
            if _is_collection(path):
                yield from _collection(path, name)
                continue
            try:
                document = reader.read(path)
            except (ValueError, OSError):
                continue
            yield Document.of(
                document.text, title=document.title, source=name, format=document.format, marks=document.marks
            )


def find_texts(folder: Path, wanted: Collection[str]) -> Texts:
    """The documents with these ids, with all their sentences; those not below the folder are absent."""
    found = {d.sha256: d for d in read_sources(folder) if d.id in wanted}
    return {sha: (document, segment(document)) for sha, document in found.items()}


def _is_collection(path: Path) -> bool:
    return path.name.lower().endswith(COLLECTIONS)


def _collection(path: Path, name: str) -> Iterator[Document]:
    opened = lzma.open if path.suffix.lower() == ".xz" else open
    try:
        with opened(path, "rt", encoding="utf-8") as lines:
            for number, line in enumerate(lines, 1):
                if line.strip():
                    yield _document(line, path, name, number)
    except (lzma.LZMAError, EOFError, UnicodeDecodeError) as error:
        raise ValueError(f"{path}: expected JSON lines in UTF-8, whole where compressed: {error!r}") from error


def _document(line: str, path: Path, name: str, number: int) -> Document:
    try:
        row = json.loads(line)
    except json.JSONDecodeError as error:
        raise ValueError(f"{path}:{number}: expected a JSON object with a text on every line, got: {error}") from error
    if not isinstance(row, dict) or not isinstance(row.get("text"), str):
        raise ValueError(f"{path}:{number}: expected a JSON object with a text on every line, got {line.strip()[:80]}")
    source = f"{name}#{row.get('id', number)}"
    return Document.of(row["text"], title=str(row.get("title", "")).strip(), source=source)
