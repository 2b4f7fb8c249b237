"""How well documents are cut into sentences: ours beside public splitters, on the same gold.

    pip install -e '.[bench]'
    python tests/bench/splitters.py            # the table
    python tests/bench/splitters.py --errors   # every error of ours that is left, by place

Needs the published documents (../shared). The others get the text as it is, and line by line (which most of them need).
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from data.records import Document
from data.sentences import segment
from gold import Gold, Place, Score, Unit, load, place, score, within

FILES = ("published", "held_out_1", "held_out_2", "tuning")
Splitter = Callable[[str], list[str]]


def ours(text: str) -> list[Unit]:
    """Our units, with their kinds and the places of their headings."""
    units: list[Unit] = []
    headings: dict[str, Place] = {}
    for sentence in segment(Document.of(text)):
        where = place(text, sentence.pieces)
        units.append(Unit(where, sentence.kind, tuple(headings[heading] for heading in sentence.heading_path)))
        if sentence.kind == "heading":
            headings[sentence.normalized.lstrip("# ")] = where
    return units


def others() -> Iterator[tuple[str, Splitter]]:
    """The public splitters that are installed, by name."""
    try:
        nlp = importlib.import_module("spacy").blank("zh")
        nlp.add_pipe("sentencizer", config={"punct_chars": list("。！？!?；;…")})
        yield "spaCy sentencizer", lambda text: [span.text for span in nlp(text).sents]
        pysbd = importlib.import_module("pysbd").Segmenter(language="zh", clean=False)
        yield "pysbd", pysbd.segment
        stn = importlib.import_module("ltp_extension.algorithms").StnSplit()
        yield "LTP StnSplit", stn.split
        jionlp = importlib.import_module("jionlp")
        yield "JioNLP coarse", lambda text: jionlp.split_sentence(text, criterion="coarse")
    except ImportError as error:
        print(f"left out: {error}; pip install -e '.[bench]'", file=sys.stderr)


def units_of(split: Splitter, text: str) -> list[Unit]:
    """What a splitter finds, put back into the text; parts that it changed so that they aren't found are lost."""
    units: list[Unit] = []
    at = 0
    for part in split(text):
        start = text.find(part.strip(), at)
        if part.strip() and start >= 0:
            at = start + len(part.strip())
            units.append(Unit(place(text, [(start, at)]), "body", ()))
    return units


def by_line(split: Splitter) -> Splitter:
    """The same splitter, given one line after another."""
    return lambda text: [part for line in text.splitlines() if line.strip() for part in split(line)]


def scores(golds: list[Gold], find: Callable[[str], list[Unit]]) -> list[Score]:
    """One score a document."""
    return [score(*within(gold, find(gold.text))) for gold in golds]


def total(found: list[Score]) -> Score:
    """Counts of all documents together."""
    return Score(*map(sum, zip(*found, strict=True)))


def table() -> None:
    """Print span F1 of all splitters, and for ours kinds and paths, on every gold."""
    golds = {name: load(name) for name in FILES}
    for name, documents in golds.items():
        found = scores(documents, ours)
        print(f"\n{name}: {sum(s.wanted for s in found)} units in {len(found)} documents")
        everything = total(found)
        print(f"  ours: span F1 {everything.f1:.4f}, kind {everything.kind:.4f}, heading path {everything.path:.4f}")
        for gold, one in zip(documents, found, strict=True):
            print(f"    {gold.source}: span F1 {one.f1:.4f}, kind {one.kind:.4f}, heading path {one.path:.4f}")
        for title, split in others():
            whole = total(scores(documents, lambda text, split=split: units_of(split, text)))  # type: ignore[misc]
            lines = total(scores(documents, lambda text, split=split: units_of(by_line(split), text)))  # type: ignore[misc]
            print(f"  {title}: span F1 {whole.f1:.4f}, line by line {lines.f1:.4f}")


def errors() -> None:
    """Print every unit of ours or of the gold that the other lacks, or that has another kind, without its text."""
    for name in FILES:
        for gold in load(name):
            wanted, found = ({u.place: u for u in units} for units in within(gold, ours(gold.text)))
            for where in sorted({*wanted, *found}):
                kinds = [units[where].kind if where in units else "no unit" for units in (wanted, found)]
                if kinds[0] != kinds[1]:
                    print(name, gold.source, *(f"{a}-{b}" for a, b in where), f"gold: {kinds[0]}, ours: {kinds[1]}")


if __name__ == "__main__":
    errors() if "--errors" in sys.argv else table()
