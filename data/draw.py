"""Which sentences of published documents people label: drawn by a plan, written down so that others can draw again.

Some of a document's sentences are drawn with equal chances, so that shares can be estimated; the others for labels that
are rare, where cue phrases stand. Cues choose what is read, never what it is labelled.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, fields
from itertools import cycle
from pathlib import Path
from typing import Any

import yaml

from data.duplicates import groups
from data.lexicon import Lexicon
from data.records import CLASSIFIED_KINDS, Document, Sentence, digest
from data.sentences import segment
from data.sources import read_sources


@dataclass(frozen=True, slots=True)
class Stratum:
    """Documents of one kind, how many of them, and how many sentences of each."""

    match: re.Pattern[str]  # on the document's source, see ``data.sources``
    documents: int
    least: int = 1  # sentences; shorter documents are not drawn
    evenly: int = 0  # sentences of a document, drawn with equal chances; all of them where it has no more
    enriched: int = 0  # sentences more, in turn for each label of ``rare``, where its cues stand
    more: dict[str, int] = field(default_factory=dict)  # and of all its documents together so many more for a label

    @staticmethod
    def of(row: dict[str, Any]) -> Stratum:
        stratum = Stratum(**{**row, "match": re.compile(row["match"])})
        counts = [stratum.documents, stratum.least, stratum.evenly, stratum.enriched, *stratum.more.values()]
        if not all(isinstance(count, int) and count >= 0 for count in counts):
            raise ValueError(f"numbers of documents and sentences must be whole and not negative, got {row}")
        return stratum


@dataclass(frozen=True, slots=True)
class Plan:
    """Strata, the labels that are rare (rarest first), and the seed."""

    seed: int
    rare: list[str]
    strata: list[Stratum]


@dataclass(frozen=True, slots=True)
class Drawn:
    """A sentence to be labelled, without its text: where it stands, what it hashes to, why it was drawn.

    ``why`` is ``evenly`` or the label whose cue stands there; ``of`` is how many sentences its document has.
    """

    document: str
    source: str
    start: int
    end: int
    sentence: str
    why: str
    of: int


def load_plan(path: Path) -> Plan:
    """Read a plan. Raises ValueError that names the file and what was expected."""
    if not path.is_file():
        raise ValueError(f"{path}: expected a plan (seed, rare, strata), found no file")
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        return Plan(int(content["seed"]), list(content["rare"]), [Stratum.of(row) for row in content["strata"]])
    except (yaml.YAMLError, KeyError, TypeError, ValueError, re.error) as error:
        knobs = ", ".join(f.name for f in fields(Stratum))
        raise ValueError(f"{path}: expected seed, rare and strata with {knobs}: {error!r}") from error


def draw(folder: Path, plan: Plan, lexicon: Lexicon) -> list[Drawn]:
    """Sentences of the documents below a folder, by the plan; the same ones for the same texts, plan and lexicon.

    A document is drawn for one stratum, the first that matches and takes it; of documents of a stratum that share much
    of their text one is drawn. Raises ValueError for a stratum that has too few, or a label that the lexicon lacks.
    """
    _check_rare(plan, lexicon)
    rng = random.Random(plan.seed)
    documents = sorted(read_sources(folder), key=lambda d: d.source)
    drawn: list[Drawn] = []
    for stratum in plan.strata:
        texts = list(_documents(documents, stratum, rng))
        taken = {document.id for document, _ in texts}
        documents = [document for document in documents if document.id not in taken]
        why = [_chosen(sentences, stratum, plan.rare, lexicon, rng) for _, sentences in texts]
        _add_more([sentences for _, sentences in texts], why, stratum, lexicon, random.Random(f"{plan.seed} more"))
        for (document, sentences), reasons in zip(texts, why, strict=True):
            drawn += [_drawn(document, sentences[i], reasons[i], len(sentences)) for i in sorted(reasons)]
    return drawn


def _check_rare(plan: Plan, lexicon: Lexicon) -> None:
    wanted = {*plan.rare, *(label for stratum in plan.strata for label in stratum.more)}
    if unknown := wanted - {cue.label for cue in lexicon.cues}:
        raise ValueError(f"the plan: labels {sorted(unknown)} have no cues in the lexicon")


def _documents(
    documents: Iterable[Document], stratum: Stratum, rng: random.Random
) -> Iterator[tuple[Document, list[Sentence]]]:
    """Documents of a stratum with their sentences that get labels, in order of source."""
    texts: dict[str, tuple[Document, list[Sentence]]] = {}
    for document in documents:
        if stratum.match.search(document.source):
            sentences = [s for s in segment(document) if s.kind in CLASSIFIED_KINDS]
            if len(sentences) >= stratum.least:
                texts[document.id] = (document, sentences)
    for group in groups((name, "".join(s.normalized for s in found)) for name, (_, found) in texts.items()):
        for copy in group.documents[1:]:
            del texts[copy]
    if len(texts) < stratum.documents:
        raise ValueError(
            f"{stratum.match.pattern}: expected {stratum.documents} documents of {stratum.least} and more sentences, "
            f"found {len(texts)}; is this the folder that the plan was written for?"
        )
    for name in sorted(rng.sample(sorted(texts), stratum.documents), key=lambda name: texts[name][0].source):
        yield texts[name]


def _chosen(
    sentences: list[Sentence], stratum: Stratum, rare: list[str], lexicon: Lexicon, rng: random.Random
) -> dict[int, str]:
    """Which sentences of a document are drawn, and why."""
    why = dict.fromkeys(rng.sample(range(len(sentences)), min(stratum.evenly, len(sentences))), "evenly")
    cues = {i: lexicon.labels(s.normalized) for i, s in enumerate(sentences) if i not in why}
    left = {label: [i for i, found in cues.items() if label in found] for label in rare}
    wanted = len(why) + min(stratum.enriched, len({i for found in left.values() for i in found}))
    for label in cycle(rare):
        if len(why) >= wanted:
            break
        if free := [i for i in left[label] if i not in why]:
            why[rng.choice(free)] = label
    return why


def _add_more(
    texts: list[list[Sentence]], why: list[dict[int, str]], stratum: Stratum, lexicon: Lexicon, rng: random.Random
) -> None:
    """Add to ``why``, document by document, what the stratum wants more of a label, or as much as there is."""
    for label, count in stratum.more.items():
        free = [
            (at, i)
            for at, sentences in enumerate(texts)
            for i, sentence in enumerate(sentences)
            if i not in why[at] and label in lexicon.labels(sentence.normalized)
        ]
        for at, i in rng.sample(free, min(count, len(free))):
            why[at][i] = label


def _drawn(document: Document, sentence: Sentence, why: str, of: int) -> Drawn:
    place = (sentence.start, sentence.end, digest(sentence.text))
    return Drawn(document.sha256, document.source, *place, why, of)
