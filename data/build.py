"""Stand-off labels and the texts they stand on, joined into a dataset directory."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from data.card import NO_DOCUMENT, PUBLISHED, card_text, split_facts
from data.corpus import check_corpus, load_corpus
from data.decisions import check_annotations, read_votes, resolve
from data.duplicates import Group, groups
from data.files import code_hash, input_hashes, read_manifest, replaced_folder, up_to_date, write_manifest
from data.labels import LabelSet, load_labels
from data.leakage import check_groups, check_no_leakage
from data.normalize import normalize
from data.records import (
    CLASSIFIED_KINDS,
    Annotation,
    Document,
    Example,
    Sentence,
    Span,
    digest,
    sentence_id,
    write_jsonl,
)
from data.register import Entry, Register, read_register, write_register
from data.repeats import leave_out_repeats
from data.sentences import join_pieces
from data.sources import Texts, find_texts, source_files
from data.split import SPLITS, place_documents


@dataclass(frozen=True, slots=True)
class Sources:
    """What a dataset is built from. Later annotation files win over earlier ones on the same sentence."""

    corpora: list[Path]
    annotations: list[Path]
    labels: Path
    register: Path | None = None  # documents whose split, origin and genre are on record
    published: Path | None = None  # folder of texts that labels stand on and the repository may not hold
    about: Path | None = None  # Markdown that the card carries: what the labels are worth


def build(
    sources: Sources, out: Path, shares: tuple[float, float, float], seed: int, record: bool = False
) -> dict[str, Any]:
    """Write the dataset directory and return its facts (counts per split and label, what was left out).

    Documents that share much of their text stand on one side; a sentence that stands on another side too is left out
    of train, or of validation where the other side is a test set. With ``record`` the documents that are not on
    record yet are placed in balance and written into the register. Raises ValueError where anything would leak.
    """
    _check_paths(sources)
    labels, register = load_labels(sources.labels), read_register(sources.register)
    inputs = {
        **input_hashes([*sources.corpora, *sources.annotations, sources.labels, *_existing(sources)]),
        "code": code_hash("data"),
        "options": f"{shares} {seed}",
    }
    if not record and up_to_date(out, inputs):
        return {**read_manifest(out)["facts"], "reused": True}
    texts = read_texts(sources.corpora, sources.annotations, sources.published)
    examples, left_out = _join(texts, sources.annotations, labels, register)
    if not examples:
        raise ValueError(
            f"no label stands on a text of {', '.join(map(str, sources.corpora))}: left out {dict(left_out)}; "
            "ingest the annotated documents first"
        )
    found = _groups(texts)
    names = {document.id: document.source for document, _ in texts.values()}
    recorded = {name: entry.split for name, entry in register.items() if entry.split}
    sides = place_documents(_counts(examples), recorded, shares, seed, [g.documents for g in found], balance=record)
    check_groups([g.documents for g in found], recorded | sides, names)
    order = [*SPLITS, *sorted(set(sides.values()) - set(SPLITS))]
    placed = {side: [e for e in examples if sides[e.doc_id] == side] for side in order}
    rows, repeated = leave_out_repeats(placed)
    check_no_leakage(rows, names)
    facts = {
        "splits": {side: split_facts(rows[side], labels) for side in rows},
        "left_out": dict(left_out + repeated),
        "groups": {"groups": len(found), "documents": sum(len(g.documents) for g in found)},
    }
    kept = {name: replace(register.get(name, Entry("")), split=side) for name, side in sides.items()}
    with replaced_folder(out) as scratch:
        _write(scratch, sources, rows, kept, [_named(group, names) for group in found])
        about = sources.about.read_text(encoding="utf-8") if sources.about else ""
        card = card_text(labels, facts, sources.annotations, about)
        (scratch / "README.md").write_text(card, encoding="utf-8")
        write_manifest(scratch, inputs=inputs, facts=facts)
    if record and sources.register:
        write_register(sources.register, register | kept)
    return facts


def _write(
    folder: Path, sources: Sources, rows: dict[str, list[Example]], register: Register, found: list[dict[str, object]]
) -> None:
    for side, examples in rows.items():
        write_jsonl(folder / f"{side}.jsonl", examples)
    shutil.copyfile(sources.labels, folder / "labels.yaml")
    write_register(folder / "register.json", register)
    (folder / "groups.json").write_text(json.dumps(found, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def _check_paths(sources: Sources) -> None:
    """Raises ValueError for the first corpus or file of annotations that is not there, with what to do."""
    for folder in sources.corpora:
        check_corpus(folder)
    for path in sources.annotations:
        check_annotations(path)


def _existing(sources: Sources) -> list[Path]:
    files = [path for path in (sources.register, sources.about) if path]
    return [*files, *(source_files(sources.published) if sources.published else [])]


def read_texts(corpora: list[Path], annotations: list[Path], published: Path | None) -> Texts:
    """Documents with the sentences that get labels: of the corpora, and the published ones that labels stand on."""
    texts: Texts = {}
    for folder in corpora:
        documents, sentences = load_corpus(folder)
        by_document: dict[str, list[Sentence]] = {document.id: [] for document in documents}
        for sentence in sentences:
            by_document[sentence.doc_id].append(sentence)
        texts |= {document.sha256: (document, by_document[document.id]) for document in documents}
    if published:
        wanted = {place.document[:16] for path in annotations for place in read_votes(path)}
        texts |= find_texts(published, wanted - {document.id for document, _ in texts.values()})
    return {sha: (d, [s for s in found if s.kind in CLASSIFIED_KINDS]) for sha, (d, found) in texts.items()}


def _groups(texts: Texts) -> list[Group]:
    """Documents that share much of their sentences; furniture, which all pages of a site share, doesn't count."""
    return groups((document.id, "".join(s.normalized for s in found)) for document, found in texts.values())


def _named(group: Group, names: dict[str, str]) -> dict[str, object]:
    return asdict(group) | {"documents": {document: names[document] for document in group.documents}}


def _join(
    texts: Texts, annotations: list[Path], labels: LabelSet, register: Register
) -> tuple[list[Example], Counter[str]]:
    left_out: Counter[str] = Counter()
    examples: list[Example] = []
    for path, annotation, chosen in resolve(annotations):
        if chosen is None:
            left_out["annotators disagree"] += 1
            continue
        if annotation.document not in texts:
            left_out[_absent(annotation, register)] += 1
            continue
        document, neighbours = texts[annotation.document]
        if digest(document.text[annotation.start : annotation.end]) != annotation.sentence:
            left_out["text differs from the one labelled"] += 1
            continue
        unknown = set(chosen) - set(labels.ids)
        if unknown:
            raise ValueError(
                f"{path}: labels {sorted(unknown)} at {annotation.start}-{annotation.end} of {document.source} "
                f"are not in the label set {labels.ids}"
            )
        entry = register.get(document.id, Entry(""))
        examples.append(_example(document, neighbours, annotation, chosen, entry))
    return sorted(examples, key=lambda e: e.doc_id), left_out


def _absent(annotation: Annotation, register: Register) -> str:
    """Why its text is not here: by the register it is a published one, or a corpus lacks it."""
    entry = register.get(annotation.document[:16], Entry(""))
    return NO_DOCUMENT if entry.origin in ("", "starter") else PUBLISHED


def _example(
    document: Document, neighbours: list[Sentence], annotation: Annotation, chosen: list[str], entry: Entry
) -> Example:
    pieces = annotation.pieces or [Span(annotation.start, annotation.end)]
    text = normalize(join_pieces(document.text[start:end] for start, end in pieces))
    same = next((s for s in neighbours if s.start <= annotation.start < s.end), None)
    before = next((s for s in reversed(neighbours) if s.end <= annotation.start), None)
    after = next((s for s in neighbours if s.start >= annotation.end), None)
    context = {
        "heading_path": " › ".join(same.heading_path) if same else "",
        "previous": before.normalized if before else "",
        "next": after.normalized if after else "",
    }
    name = sentence_id(document.sha256, annotation.start, annotation.end)
    return Example(name, text, chosen, document.id, context, entry.origin, entry.genre)


def _counts(examples: list[Example]) -> dict[str, Counter[str]]:
    """Per document what a split is balanced over: its sentences, each label, and where its sentences come from."""
    counts: dict[str, Counter[str]] = {}
    for example in examples:
        keys = ["", *example.labels, f"origin {example.origin}", f"genre {example.genre}"]
        counts.setdefault(example.doc_id, Counter()).update(keys)
    return counts
