"""The records that pass between the stages, as JSONL: Document, Sentence, Annotation, Example.

Offsets are Unicode code points into ``Document.text``; ``text[start:end]`` is always what the author wrote.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, NamedTuple

KINDS = ("body", "heading", "list_item", "title", "caption", "reference", "boilerplate", "signature")
CLASSIFIED_KINDS = KINDS[:3]


class Span(NamedTuple):
    """A half-open stretch [start, end) of code points."""

    start: int
    end: int


class Mark(NamedTuple):
    """What the reader of a format already knows about a line: a title, a heading and its level, boilerplate."""

    start: int
    end: int
    kind: str
    level: int = 0  # of a heading, 1 outermost; 0 where the format doesn't tell


@dataclass(frozen=True, slots=True)
class Document:
    """One source text as given. ``sha256`` is that of the UTF-8 text; ``id`` is its first 16 digits."""

    id: str
    sha256: str
    title: str
    source: str
    format: str
    text: str
    marks: list[Mark] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    @staticmethod
    def of(
        text: str,
        *,
        title: str = "",
        source: str = "",
        format: str = "text",
        marks: list[Mark] | None = None,
        warnings: list[str] | None = None,
    ) -> Document:
        sha = digest(text)
        return Document(sha[:16], sha, title, source, format, text, marks or [], warnings or [])

    @staticmethod
    def from_json(row: dict[str, Any]) -> Document:
        return Document(**{**row, "marks": [Mark(*m) for m in row["marks"]]})


@dataclass(frozen=True, slots=True)
class Sentence:
    """One unit of a document. ``pieces`` has several spans where a column or page broke the sentence.

    ``article`` counts, from 0, the articles of a page and the documents in a document.
    """

    id: str
    doc_id: str
    index: int
    start: int
    end: int
    text: str
    normalized: str
    kind: str
    heading_path: list[str]
    pieces: list[Span]
    article: int = 0

    @staticmethod
    def from_json(row: dict[str, Any]) -> Sentence:
        return Sentence(**{**row, "pieces": [Span(*p) for p in row["pieces"]]})


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What a labeller (lexicon or model) said of the sentence before a person decided; not ``shown`` to the person
    where the task is blind."""

    version: str
    labels: list[str]
    confidence: float | None
    shown: bool


@dataclass(frozen=True, slots=True)
class Annotation:
    """Stand-off labels of one sentence: no text, only where it stands and what it hashes to.

    ``document`` and ``sentence`` are SHA-256 of ``Document.text`` and of ``text[start:end]``. One that ``decides`` is
    an adjudication: it wins over every other annotation of the sentence.
    """

    document: str
    start: int
    end: int
    sentence: str
    labels: list[str]
    annotators: list[str]
    pieces: list[Span] = field(default_factory=list)
    unsure: bool = False
    comment: str = ""
    updated_at: str = ""
    decides: bool = False
    suggestion: Suggestion | None = None

    @staticmethod
    def from_json(row: dict[str, Any]) -> Annotation:
        """Raises TypeError where a field is missing or not known."""
        said = row.get("suggestion")
        nested = {"pieces": [Span(*p) for p in row.get("pieces", [])], "suggestion": said and Suggestion(**said)}
        return Annotation(**{**row, **nested})


@dataclass(frozen=True, slots=True)
class Example:
    """What a model learns from. ``text`` is normalised; ``context`` has heading_path, previous and next.

    ``origin`` and ``genre`` are what the register says of its document.
    """

    id: str
    text: str
    labels: list[str]
    doc_id: str
    context: dict[str, str] = field(default_factory=dict)
    origin: str = ""
    genre: str = ""

    @staticmethod
    def from_json(row: dict[str, Any]) -> Example:
        known = {f.name for f in fields(Example)}
        return Example(**{k: v for k, v in row.items() if k in known})


def digest(text: str) -> str:
    """SHA-256 of the text in UTF-8, as hex; lone surrogates are kept apart from their replacement."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def sentence_id(document: str, start: int, end: int) -> str:
    """The id of a sentence: made of its document's SHA-256 and where it stands there."""
    return digest(f"{document}:{start}:{end}")[:16]


def write_jsonl(path: Path, rows: Iterable[Any]) -> int:
    """Write dataclasses or dicts, one JSON object a line; returns how many."""
    count = 0
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="\n") as out:
        for row in rows:
            out.write(to_json(row) + "\n")
            count += 1
    return count


def to_json(row: Any) -> str:
    """One JSON line; Chinese stays readable, a lone surrogate becomes an escape so that the line is valid UTF-8."""
    plain = row if isinstance(row, dict) else asdict(row)
    line = json.dumps(plain, ensure_ascii=False)
    try:
        line.encode("utf-8")
    except UnicodeEncodeError:
        return json.dumps(plain, ensure_ascii=True)
    return line


def read_jsonl(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the objects of a JSONL file. Raises ValueError naming file and line where a line is no object."""
    with path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
            except json.JSONDecodeError as error:
                raise ValueError(f"{path}:{number}: expected one JSON object a line, got: {error}") from error
            if not isinstance(row, dict):
                raise ValueError(f"{path}:{number}: expected a JSON object, got {type(row).__name__}")
            yield row
