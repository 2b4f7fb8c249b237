"""Documents of a folder into a corpus directory: documents.jsonl, sentences.jsonl, MANIFEST.json."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from rich.progress import track

from data.files import code_hash, input_hashes, read_manifest, replaced_folder, up_to_date, write_manifest
from data.read import SUFFIXES, read_document
from data.records import Document, Sentence, read_jsonl, write_jsonl
from data.sentences import segment

DOCUMENTS, SENTENCES = "documents.jsonl", "sentences.jsonl"


@dataclass(slots=True)
class Summary:
    """What an ingest did: counts for the table, and what could not be read, with the reason."""

    documents: list[dict[str, object]] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)
    skipped: list[str] = field(default_factory=list)
    reused: bool = False


def find_files(paths: list[Path]) -> list[Path]:
    """The files named, and every readable file below the folders named. Raises ValueError for a missing path."""
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            found += sorted(p for p in path.rglob("*") if p.suffix.lower() in SUFFIXES and not p.name.startswith("."))
        elif path.exists():
            found.append(path)
        else:
            raise ValueError(f"{path}: no such file or folder")
    if not found:
        raise ValueError(f"no file of a kind that is read ({', '.join(SUFFIXES)}) in {', '.join(map(str, paths))}")
    return list(dict.fromkeys(found))


def other_kinds(paths: list[Path]) -> list[str]:
    """Files below the folders named that are of no kind that is read."""
    found = [
        p for path in paths if path.is_dir() for p in path.rglob("*") if p.is_file() and not p.name.startswith(".")
    ]
    return sorted(str(p) for p in found if p.suffix.lower() not in SUFFIXES)


def ingest(paths: list[Path], out: Path) -> Summary:
    """Read and segment; one bad file never stops the rest. What is up to date already is left as it is."""
    files = find_files(paths)
    inputs = {**{k: v for path in files for k, v in _hashed(path).items()}, "code": code_hash("data")}
    if up_to_date(out, inputs):
        manifest = read_manifest(out)
        return Summary(manifest["documents"], manifest["failed"], other_kinds(paths), reused=True)
    summary = Summary(skipped=other_kinds(paths))
    documents: dict[str, Document] = {}
    sentences: list[Sentence] = []
    for path in track(files, description="reading documents", transient=True):
        try:
            document = read_document(path)
        except (ValueError, OSError) as error:
            summary.failed[str(path)] = str(error)
            continue
        if document.id in documents:
            summary.failed[str(path)] = f"the same text as {documents[document.id].source}; kept once"
            continue
        documents[document.id] = document
        found = segment(document)
        sentences += found
        summary.documents.append(_row(document, found))
    if not documents:
        reasons = "; ".join(summary.failed.values())
        raise ValueError(f"nothing could be read, {out} is left as it was: {reasons}")
    with replaced_folder(out) as scratch:
        write_jsonl(scratch / DOCUMENTS, documents.values())
        write_jsonl(scratch / SENTENCES, sentences)
        write_manifest(scratch, inputs=inputs, documents=summary.documents, failed=summary.failed)
    return summary


def _hashed(path: Path) -> dict[str, str]:
    try:
        return input_hashes([path])
    except OSError:
        return {str(path): "unreadable"}


def _row(document: Document, sentences: Iterable[Sentence]) -> dict[str, object]:
    kinds = Counter(s.kind for s in sentences)
    return {
        "id": document.id,
        "source": document.source,
        "format": document.format,
        "characters": len(document.text),
        "sentences": sum(kinds.values()),
        "kinds": dict(sorted(kinds.items())),
        "warnings": document.warnings,
    }


def load_corpus(folder: Path) -> tuple[list[Document], list[Sentence]]:
    """Documents and sentences of a corpus directory. Raises ValueError where it is not one."""
    if not (folder / DOCUMENTS).is_file():
        raise ValueError(f"{folder}: expected a corpus directory; make one: python -m data ingest PATH --out {folder}")
    documents = [Document.from_json(row) for row in read_jsonl(folder / DOCUMENTS)]
    return documents, [Sentence.from_json(row) for row in read_jsonl(folder / SENTENCES)]
