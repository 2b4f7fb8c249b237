"""A corpus directory: documents.jsonl, sentences.jsonl and MANIFEST.json, written and read document by document."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, Self

from data.files import read_manifest, tree_hashes
from data.records import CLASSIFIED_KINDS, Document, Sentence, read_jsonl, to_json

DOCUMENTS, SENTENCES = "documents.jsonl", "sentences.jsonl"
Stretch = tuple[int, int]  # offset and length in bytes


class CorpusWriter:
    """Appends documents with their sentences; a context manager. Nothing is kept in memory."""

    def __init__(self, folder: Path) -> None:
        self._documents = (folder / DOCUMENTS).open("wb")
        self._sentences = (folder / SENTENCES).open("wb")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._documents.close()
        self._sentences.close()

    def add(self, document: Document, sentences: list[Sentence]) -> tuple[Stretch, Stretch]:
        """Write a document; returns where it and its sentences stand."""
        rows = "".join(f"{to_json(sentence)}\n" for sentence in sentences)
        return _append(self._documents, f"{to_json(document)}\n".encode()), _append(self._sentences, rows.encode())

    def copy(self, folder: Path, document: Stretch, sentences: Stretch) -> tuple[Stretch, Stretch]:
        """Write what stands in another corpus, as it is."""
        return (
            _append(self._documents, _cut_out(folder / DOCUMENTS, document)),
            _append(self._sentences, _cut_out(folder / SENTENCES, sentences)),
        )


def _append(file: BinaryIO, raw: bytes) -> Stretch:
    at = file.tell()
    file.write(raw)
    return at, len(raw)


def _cut_out(path: Path, stretch: Stretch) -> bytes:
    with path.open("rb") as file:
        file.seek(stretch[0])
        return file.read(stretch[1])


def known_files(folder: Path, code: str) -> dict[str, dict[str, Any]]:
    """What a corpus made by the same code says of each file it was made from; empty where the corpus is damaged."""
    manifest = read_manifest(folder)
    inputs, known = manifest.get("inputs"), manifest.get("files")
    if not isinstance(inputs, dict) or not isinstance(known, dict):
        return {}
    return known if inputs.get("code") == code and manifest.get("outputs") == tree_hashes(folder) else {}


def texts(folder: Path) -> Iterator[tuple[str, str]]:
    """Per document its id and what it says, without what surrounds the text; one document in memory at a time."""
    name, parts = "", list[str]()
    for row in read_jsonl(folder / SENTENCES):
        if row["doc_id"] != name:
            if name:
                yield name, "".join(parts)
            name, parts = row["doc_id"], []
        if row["kind"] in CLASSIFIED_KINDS:
            parts.append(row["normalized"])
    if name:
        yield name, "".join(parts)


def check_corpus(folder: Path) -> None:
    """Raises ValueError where a folder is no corpus directory."""
    if not (folder / DOCUMENTS).is_file():
        raise ValueError(f"{folder}: expected a corpus directory; make one: python -m data ingest PATH --out {folder}")


def load_corpus(folder: Path) -> tuple[list[Document], list[Sentence]]:
    """Documents and sentences of a corpus directory. Raises ValueError where it is not one."""
    check_corpus(folder)
    documents = [Document.from_json(row) for row in read_jsonl(folder / DOCUMENTS)]
    return documents, [Sentence.from_json(row) for row in read_jsonl(folder / SENTENCES)]
