"""Files of any kind into a corpus directory. A second run reads only what changed; a bad file never stops the rest."""

from __future__ import annotations

import os
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

OFFICE = (".doc", ".wps", ".ofd", ".rtf", ".odt", ".mht")  # kinds that people have and that can be saved as another


@dataclass(slots=True)
class Summary:
    """What an ingest did: counts for the table, and what is not in the corpus, with the reason."""

    documents: list[dict[str, Any]] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)  # path: why it could not be read
    repeated: dict[str, str] = field(default_factory=dict)  # path: that of the document with the same text
    near_duplicates: list[dict[str, Any]] = field(default_factory=list)  # part, whole: ids; containment: 0 to 1
    skipped: dict[str, str] = field(default_factory=dict)  # path: why it was passed over
    dropped: list[str] = field(default_factory=list)  # documents that the corpus held before and holds no more
    read: int = 0  # files that were read in this run; the others had not changed
    reused: bool = False  # nothing at all had changed


def find_files(paths: list[Path]) -> tuple[dict[Path, str], dict[str, str]]:
    """The files named and every readable file below the folders named, each with its path from there on.

    And what else is there, with the reason why it is skipped; hidden files and folders are passed over.
    Raises ValueError for a path that is no file or folder.
    """
    found: dict[Path, str] = {}
    skipped: dict[str, str] = {}
    for path in paths:
        if path.is_dir():
            for below in _below(path, skipped):
                if reason := _no_document(below):
                    skipped[_name(below)] = reason
                else:
                    found.setdefault(below, _name(below.relative_to(path)))
        elif path.is_file():
            found.setdefault(path, _name(Path(path.name)))
        else:
            raise ValueError(f"{_name(path)}: {'expected a file' if path.exists() else 'no such file'} or folder")
    if not found:
        raise ValueError(f"no file of a kind that is read ({', '.join(SUFFIXES)}) in {', '.join(map(_name, paths))}")
    return found, skipped


def _no_document(path: Path) -> str:
    """Why a file below a folder is not read; empty for one that is."""
    if not path.is_file():
        return "a link to nothing" if path.is_symlink() else "not a plain file"
    if path.suffix.lower() in OFFICE:
        return "not of a kind that is read; save it as .docx or PDF"
    return "" if path.suffix.lower() in SUFFIXES else "not of a kind that is read"


def _below(folder: Path, skipped: dict[str, str]) -> list[Path]:
    """Files below a folder, in order. Folders that are links, which may go in circles, or can't be opened: skipped."""

    def note(error: OSError) -> None:
        skipped[_name(Path(error.filename))] = str(error.strerror)

    found: list[Path] = []
    for top, folders, names in os.walk(folder, onerror=note):
        links = [Path(top, name) for name in folders if Path(top, name).is_symlink()]
        skipped |= {_name(link): "a folder that is a link; name it itself" for link in links}
        folders[:] = [name for name in folders if not name.startswith(".")]
        found += [Path(top, name) for name in names if not name.startswith((".", "~$"))]
    return sorted(found)


def _name(path: Path) -> str:
    """A path as text; a name in another encoding than UTF-8, as old archives leave them, gets escapes."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def ingest(paths: list[Path], out: Path) -> Summary:
    """Read, segment, compare. Raises ValueError, leaving ``out`` as it was, where not one file could be read."""
    files, skipped = find_files(paths)
    hashes = {_name(path): _hash(path) for path in files}
    code = code_hash("data")
    if up_to_date(out, {**hashes, "code": code}):
        before = Summary(**read_manifest(out)["summary"])
        if not before.failed:  # or they get another try
            return replace(before, skipped=skipped, dropped=[], read=0, reused=True)
    known = known_files(out, code)
    summary = Summary(skipped=skipped)
    with replaced_folder(out) as scratch:
        with Reader() as reader, CorpusWriter(scratch) as writer:
            work = _Work(reader, writer, out, known, summary)
            for path in track(list(files), "reading documents", console=Console(stderr=True), transient=True):
                work.take(path, files[path], hashes[_name(path)])
        if not work.entries:
            reasons = "; ".join(f"{path}: {reason}" for path, reason in summary.failed.items())
            raise ValueError(f"nothing could be read, {out} is left as it was: {reasons}")
        there = {row[key] for row in summary.documents for key in ("id", "source")}
        rows = [entry["row"] for entry in known.values()]
        summary.dropped = [row["source"] for row in rows if not there & {row["id"], row["source"]}]
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
    sources: dict[str, str] = field(default_factory=dict)  # paths by document id

    def take(self, path: Path, source: str, sha256: str) -> None:
        """Add one file: as it stands in the old corpus where it has not changed, else read anew."""
        name = _name(path)
        key = f"{source} {sha256}"
        if entry := self.known.get(key):
            if self._is_new(name, entry["row"]):
                self.entries[key] = {"row": entry["row"], "at": self.writer.copy(self.old, *entry["at"])}
            return
        try:
            document = self.reader.read(path)
        except (ValueError, OSError) as error:
            reason = str(error).removeprefix(f"{path}: ").removeprefix(f"{path.name}: ")
            self.summary.failed[name] = reason.encode("utf-8", "backslashreplace").decode()
            return
        self.summary.read += 1
        sentences = segment(document)
        document = replace(document, title=_title(document, sentences), source=source)
        row = _row(document, sentences)
        if self._is_new(name, row):
            self.entries[key] = {"row": row, "at": self.writer.add(document, sentences)}

    def _is_new(self, name: str, row: dict[str, Any]) -> bool:
        """Whether no document with the same text came before."""
        if row["id"] in self.sources:
            self.summary.repeated[name] = "; ".join([self.sources[row["id"]], *row["warnings"]])
            return False
        self.sources[row["id"]] = name
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
