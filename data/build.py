"""Stand-off labels and the texts they stand on, joined into a dataset directory."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import yaml

from data.corpus import load_corpus
from data.duplicates import Group, groups
from data.files import code_hash, input_hashes, read_manifest, replaced_folder, up_to_date, write_manifest
from data.labels import LabelSet, load_labels
from data.normalize import normalize
from data.records import (
    CLASSIFIED_KINDS,
    Annotation,
    Document,
    Example,
    Sentence,
    Span,
    digest,
    read_jsonl,
    write_jsonl,
)
from data.repeats import leave_out_repeats
from data.sentences import join_pieces
from data.split import SPLITS, across, place_documents, read_split

Texts = dict[str, tuple[Document, list[Sentence]]]  # by SHA-256, with the sentences that get labels


@dataclass(frozen=True, slots=True)
class Sources:
    """What a dataset is built from. Later annotation files win over earlier ones on the same sentence."""

    corpora: list[Path]
    annotations: list[Path]
    labels: Path
    split: Path | None = None  # documents whose split is on record


def build(sources: Sources, out: Path, shares: tuple[float, float, float], seed: int) -> dict[str, object]:
    """Write the dataset directory and return its facts (counts per split and label, what was left out, warnings).

    Documents that share much of their text stand on one side; a sentence that stands on another side too is left out
    of train, or of validation where the other side is test.
    """
    inputs = {
        **input_hashes([*sources.corpora, *sources.annotations, sources.labels, *_existing(sources.split)]),
        "code": code_hash("data"),
        "options": f"{shares} {seed}",
    }
    if up_to_date(out, inputs):
        return {**read_manifest(out)["facts"], "reused": True}
    labels = load_labels(sources.labels)
    texts = _texts(sources.corpora)
    examples, left_out = _join(texts, sources.annotations, labels)
    if not examples:
        raise ValueError(
            f"no label stands on a text of {', '.join(map(str, sources.corpora))}: left out {dict(left_out)}; "
            "ingest the annotated documents first"
        )
    found, recorded = _groups(texts), read_split(sources.split)
    names = {document.id: document.source for document, _ in texts.values()}
    sides = place_documents(_label_counts(examples), recorded, shares, seed, [g.documents for g in found])
    rows, repeated = leave_out_repeats({side: [e for e in examples if sides[e.doc_id] == side] for side in SPLITS})
    facts: dict[str, object] = {
        "splits": {side: _facts(rows[side], labels) for side in SPLITS},
        "left_out": dict(left_out + repeated),
        "groups": {"groups": len(found), "documents": sum(len(g.documents) for g in found)},
        "warnings": _warnings(found, recorded, names),
    }
    with replaced_folder(out) as scratch:
        for side in SPLITS:
            write_jsonl(scratch / f"{side}.jsonl", rows[side])
        shutil.copyfile(sources.labels, scratch / "labels.yaml")
        (scratch / "README.md").write_text(_card(labels, facts), encoding="utf-8")
        _write_json(scratch / "split.json", sides)
        _write_json(scratch / "groups.json", [_named(group, names) for group in found])
        write_manifest(scratch, inputs=inputs, facts=facts)
    return facts


def _write_json(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def _existing(path: Path | None) -> list[Path]:
    return [path] if path and path.is_file() else []


def _texts(corpora: list[Path]) -> Texts:
    texts: Texts = {}
    for folder in corpora:
        documents, sentences = load_corpus(folder)
        by_document: dict[str, list[Sentence]] = {document.id: [] for document in documents}
        for sentence in sentences:
            if sentence.kind in CLASSIFIED_KINDS:
                by_document[sentence.doc_id].append(sentence)
        texts |= {document.sha256: (document, by_document[document.id]) for document in documents}
    return texts


def _groups(texts: Texts) -> list[Group]:
    """Documents that share much of their sentences; furniture, which all pages of a site share, doesn't count."""
    return groups((document.id, "".join(s.normalized for s in found)) for document, found in texts.values())


def _named(group: Group, names: dict[str, str]) -> dict[str, object]:
    return asdict(group) | {"documents": {document: names[document] for document in group.documents}}


def _warnings(found: list[Group], recorded: dict[str, str], names: dict[str, str]) -> list[str]:
    return [
        f"{', '.join(f'{names[document]} ({document}: {recorded[document]})' for document in documents)}: they share "
        "much of their text, but the split on record has them on different sides; record them on one"
        for documents in across([group.documents for group in found], recorded)
    ]


def _join(texts: Texts, annotations: list[Path], labels: LabelSet) -> tuple[list[Example], Counter[str]]:
    left_out: Counter[str] = Counter()
    examples: list[Example] = []
    for path, annotation, chosen in resolve(annotations):
        if chosen is None:
            left_out["annotators disagree"] += 1
            continue
        if annotation.document not in texts:
            left_out["text not at hand"] += 1
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
        examples.append(_example(document, neighbours, annotation, chosen))
    return sorted(examples, key=lambda e: e.doc_id), left_out


def resolve(paths: list[Path]) -> Iterable[tuple[Path, Annotation, list[str] | None]]:
    """One decision per sentence: the last file that has it, and there the labels that most annotators chose.

    None where they are evenly split over a label: that is for people to decide.
    """
    decided: dict[tuple[str, int, int], tuple[Path, list[Annotation]]] = {}
    for path in paths:
        here: dict[tuple[str, int, int], list[Annotation]] = {}
        for row in read_jsonl(path):
            annotation = _annotation(path, row)
            here.setdefault((annotation.document, annotation.start, annotation.end), []).append(annotation)
        decided |= {key: (path, votes) for key, votes in here.items()}
    for key in sorted(decided):
        path, votes = decided[key]
        counts = Counter(label for vote in votes for label in vote.labels)
        tied = any(2 * n == len(votes) for n in counts.values())
        yield path, votes[-1], None if tied else sorted(x for x, n in counts.items() if 2 * n > len(votes))


def _annotation(path: Path, row: dict[str, Any]) -> Annotation:
    try:
        return Annotation.from_json(row)
    except TypeError as error:
        raise ValueError(
            f"{path}: an annotation needs document, start, end, sentence, labels, annotators: {error}"
        ) from error


def _example(document: Document, neighbours: list[Sentence], annotation: Annotation, chosen: list[str]) -> Example:
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
    return Example(
        digest(f"{document.sha256}:{annotation.start}:{annotation.end}")[:16], text, chosen, document.id, context
    )


def _label_counts(examples: list[Example]) -> dict[str, Counter[str]]:
    counts: dict[str, Counter[str]] = {}
    for example in examples:
        counts.setdefault(example.doc_id, Counter()).update(["", *example.labels])
    return counts


def _facts(examples: list[Example], labels: LabelSet) -> dict[str, object]:
    counts = Counter(label for e in examples for label in e.labels)
    return {
        "documents": len({e.doc_id for e in examples}),
        "sentences": len(examples),
        "labels": {label: counts[label] for label in labels.ids},
        "none": sum(not e.labels for e in examples),
    }


def _card(labels: LabelSet, facts: dict[str, object]) -> str:
    """A dataset card whose front matter lets ``datasets.load_dataset(dir)`` find the splits."""
    front = {
        "language": ["zh"],
        "task_categories": ["text-classification"],
        "license": "apache-2.0",
        "configs": [{"config_name": "default", "data_files": [{"split": s, "path": f"{s}.jsonl"} for s in SPLITS]}],
    }
    lines = [f"- `{label.id}` {label.name}: {label.definition}" for label in labels.labels]
    return (
        f"---\n{yaml.safe_dump(front, allow_unicode=True, sort_keys=False)}---\n\n"
        "# Sentences of Chinese policy documents\n\n"
        "Multi-label: a sentence has any number of these labels, or none. Split by document; documents that share "
        "much of their text (`groups.json`) stand on one side. Sentences of 10 and more Chinese characters that "
        "(nearly) stand in validation or test too are left out of train, those of test out of validation.\n\n"
        + "\n".join(lines)
        + f"\n\n```json\n{json.dumps(facts, ensure_ascii=False, indent=1)}\n```\n"
    )
