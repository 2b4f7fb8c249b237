"""Files of any kind into a corpus directory. A second run reads only what changed; a bad file never stops the rest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace
from itertools import dropwhile, takewhile
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import track

from data.corpus import CorpusWriter, known_files, texts
from data.duplicates import groups
from data.files import code_hash, read_manifest, replaced_folder, sha256_of, up_to_date, write_manifest
from data.read import SUFFIXES, Reader
from data.records import Document, Sentence
from data.sentences import segment


@dataclass(slots=True)
class Summary:
    """What an ingest did: counts for the table, and what is not in the corpus, with the reason."""

    documents: list[dict[str, Any]] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)  # path: why it could not be read
    repeated: dict[str, str] = field(default_factory=dict)  # path: the document that has the same text
    near_duplicates: list[dict[str, Any]] = field(default_factory=list)  # part, whole: ids; containment: 0 to 1
    skipped: list[str] = field(default_factory=list)  # of a kind that is not read
    read: int = 0  # files that were read in this run; the others had not changed
    reused: bool = False  # nothing at all had changed


def find_files(paths: list[Path]) -> list[Path]:
    """The files named, and every readable file below the folders named. Raises ValueError for a missing path."""
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            found += [p for p in _below(path) if p.suffix.lower() in SUFFIXES]
        elif path.exists():
            found.append(path)
        else:
            raise ValueError(f"{path}: no such file or folder")
    if not found:
        raise ValueError(f"no file of a kind that is read ({', '.join(SUFFIXES)}) in {', '.join(map(str, paths))}")
    return list(dict.fromkeys(found))


def other_kinds(paths: list[Path]) -> list[str]:
    """Files below the folders named that are of no kind that is read."""
    below = [p for path in paths if path.is_dir() for p in _below(path)]
    return [str(p) for p in dict.fromkeys(below) if p.suffix.lower() not in SUFFIXES]


def _below(folder: Path) -> list[Path]:
    return sorted(p for p in folder.rglob("*") if p.is_file() and not p.name.startswith((".", "~$")))


def ingest(paths: list[Path], out: Path) -> Summary:
    """Read, segment, compare. Raises ValueError, leaving ``out`` as it was, where not one file could be read."""
    files = find_files(paths)
    hashes = {str(path): _hash(path) for path in files}
    code = code_hash("data")
    skipped = other_kinds(paths)
    if up_to_date(out, {**hashes, "code": code}):
        before = Summary(**read_manifest(out)["summary"])
        if not before.failed:  # or they get another try
            return replace(before, skipped=skipped, read=0, reused=True)
    summary = Summary(skipped=skipped)
    with replaced_folder(out) as scratch:
        with Reader() as reader, CorpusWriter(scratch) as writer:
            work = _Work(reader, writer, out, known_files(out, code), summary)
            for path in track(files, "reading documents", console=Console(stderr=True), transient=True):
                work.take(path, hashes[str(path)])
        if not work.entries:
            reasons = "; ".join(f"{path}: {reason}" for path, reason in summary.failed.items())
            raise ValueError(f"nothing could be read, {out} is left as it was: {reasons}")
        summary.near_duplicates = [asdict(o) for group in groups(texts(scratch)) for o in group.overlaps]
        write_manifest(scratch, inputs={**hashes, "code": code}, files=work.entries, summary=asdict(summary))
    return summary


def _hash(path: Path) -> str:
    try:
        return sha256_of(path)
    except OSError:
        return "unreadable"


@dataclass(slots=True)
class _Work:
    """An ingest under way: ``known`` is what the corpus at ``old`` says of its files, ``entries`` what ours will."""

    reader: Reader
    writer: CorpusWriter
    old: Path
    known: dict[str, dict[str, Any]]
    summary: Summary
    entries: dict[str, dict[str, Any]] = field(default_factory=dict)
    sources: dict[str, str] = field(default_factory=dict)  # by document id

    def take(self, path: Path, sha256: str) -> None:
        """Add one file: as it stands in the old corpus where it has not changed, else read anew."""
        key = f"{path.name} {sha256}"
        if entry := self.known.get(key):
            if self._is_new(path, entry["row"]):
                self.entries[key] = {"row": entry["row"], "at": self.writer.copy(self.old, *entry["at"])}
            return
        try:
            document = self.reader.read(path)
        except (ValueError, OSError) as error:
            self.summary.failed[str(path)] = str(error).removeprefix(f"{path}: ").removeprefix(f"{path.name}: ")
            return
        self.summary.read += 1
        sentences = segment(document)
        document = replace(document, title=_title(document, sentences))
        row = _row(document, sentences)
        if self._is_new(path, row):
            self.entries[key] = {"row": row, "at": self.writer.add(document, sentences)}

    def _is_new(self, path: Path, row: dict[str, Any]) -> bool:
        """Whether no document with the same text came before."""
        if row["id"] in self.sources:
            self.summary.repeated[str(path)] = self.sources[row["id"]]
            return False
        self.sources[row["id"]] = row["source"]
        self.summary.documents.append(row)
        return True


def _row(document: Document, sentences: Iterable[Sentence]) -> dict[str, Any]:
    kinds = Counter(s.kind for s in sentences)
    return {
        "id": document.id,
        "source": document.source,
        "title": document.title,
        "format": document.format,
        "characters": len(document.text),
        "sentences": sum(kinds.values()),
        "kinds": dict(sorted(kinds.items())),
        "warnings": document.warnings,
    }


def _title(document: Document, sentences: Iterable[Sentence]) -> str:
    """The longest of the lines of title that come first (a kicker may stand over it); else what the reader took."""
    first = takewhile(lambda s: s.kind == "title", dropwhile(lambda s: s.kind != "title", sentences))
    return max((s.normalized.lstrip("# ") for s in first), key=len, default=document.title)
