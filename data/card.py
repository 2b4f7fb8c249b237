"""What a dataset holds, counted, and its card: front matter for ``datasets.load_dataset`` and tables for people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from data.agreement import Agreement, agreement, several
from data.decisions import read_votes, rounds, short_name
from data.labels import LabelSet
from data.records import Example

INTRODUCTION = """# Sentences of Chinese policy documents

Multi-label: a sentence has any number of these labels, or none. Split by document; documents that share much of their
text (`groups.json`) stand on one side. Sentences of 10 and more Chinese characters that (nearly) stand in validation or
a test set too are left out of train, those of a test set out of validation. `register.json` says of each document its
split, origin and genre.
"""

THIRD_PARTIES = """**It holds texts of third parties.** The labels and the starter corpus are Apache-2.0. Other texts
are not ours to pass on: keep this directory to yourself.
"""
PUBLISHED = "published text not at hand"  # reasons why a label is not in the dataset
NO_DOCUMENT = "their document is in no corpus that was named; ingest it too, or name its folder with --sources"


def split_facts(examples: list[Example], labels: LabelSet) -> dict[str, Any]:
    """Counts of one split: documents, sentences, each label, none; the same by origin and by genre."""
    by = {what: _grouped(examples, what, labels) for what in ("origin", "genre")}
    return {**_counts(examples, labels), **by}


def _grouped(examples: list[Example], what: str, labels: LabelSet) -> dict[str, Any]:
    values = sorted({getattr(e, what) for e in examples} - {""})
    return {value: _counts([e for e in examples if getattr(e, what) == value], labels) for value in values}


def _counts(examples: list[Example], labels: LabelSet) -> dict[str, Any]:
    counts = Counter(label for e in examples for label in e.labels)
    return {
        "documents": len({e.doc_id for e in examples}),
        "sentences": len(examples),
        "labels": {label: counts[label] for label in labels.ids},
        "none": sum(not e.labels for e in examples),
    }


def card_text(labels: LabelSet, facts: Mapping[str, Any], annotations: list[Path], about: str = "") -> str:
    """The card. ``facts`` are those of the build; agreement and decisions are read from the annotation files.

    ``about`` (Markdown) goes in as it is.
    """
    sides = [side for side, row in facts["splits"].items() if row["sentences"]]
    others = any(origin != "starter" for side in sides for origin in facts["splits"][side]["origin"])
    front = {
        "language": ["zh"],
        "task_categories": ["text-classification"],
        "license": "other" if others else "apache-2.0",
        "configs": [{"config_name": "default", "data_files": [{"split": s, "path": f"{s}.jsonl"} for s in sides]}],
    }
    parts = [
        f"---\n{yaml.safe_dump(front, allow_unicode=True, sort_keys=False)}---\n",
        INTRODUCTION,
        THIRD_PARTIES if others else "",
        "\n".join(f"- `{label.id}` {label.name}: {label.definition}" for label in labels.labels),
        *_count_tables(labels, facts["splits"]),
        _left_out(facts["left_out"]),
        *_agreement_tables(labels, annotations),
        _rounds_table(annotations),
        about,
    ]
    return "\n\n".join(part.strip() for part in parts if part) + "\n"


def markdown_table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table in Markdown; without rows nothing."""
    lines = ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows]
    return "\n".join([f"| {' | '.join(head)} |", "|" + " --- |" * len(head), *lines]) if lines else ""


def _count_tables(labels: LabelSet, splits: Mapping[str, Any]) -> list[str]:
    head = ["documents", "sentences", "none", *labels.ids]
    parts = ["## Counts", markdown_table(["split", *head], ([side, *_cells(row)] for side, row in splits.items()))]
    for what in ("origin", "genre"):
        rows = [[value, side, *_cells(row[what][value])] for side, row in splits.items() for value in row[what]]
        parts.append(markdown_table([what, "split", *head], sorted(rows, key=lambda r: str(r[0]))))
    return parts


def _cells(row: Mapping[str, Any]) -> list[object]:
    return [row["documents"], row["sentences"], row["none"], *row["labels"].values()]


def _left_out(left_out: Mapping[str, int]) -> str:
    return "\n".join(f"- {left_out_line(reason, count)}" for reason, count in left_out.items())


def left_out_line(reason: str, count: int) -> str:
    """What is told of sentences that have labels and are not in the dataset, for one reason."""
    if reason == PUBLISHED:
        return (
            f"the labels of {count} sentences of published texts ship without these texts; "
            "`--sources DIR` brings them in where DIR holds the texts"
        )
    return f"left out {count} sentences: {reason}"


def _agreement_tables(labels: LabelSet, annotations: list[Path]) -> list[str]:
    """Of the files in which several people labelled the same sentences."""
    parts = []
    for path in annotations:
        votes = several(read_votes(path))
        if votes:
            found = [agreement(votes, label) for label in labels.ids]
            parts += [f"## Agreement: {path.name}", agreement_table(found)]
    return parts


def agreement_table(found: list[Agreement]) -> str:
    """Per label alpha and each pair's kappa with 95 % intervals, in Markdown."""
    pairs = list(found[0].kappas)
    head = [
        "label",
        "sentences",
        "chosen",
        "all the same",
        "alpha",
        *(f"kappa {short_name(a)}, {short_name(b)}" for a, b in pairs),
    ]
    rows = [
        [row.label, row.sentences, f"{row.share:.1%}", f"{row.same:.1%}", row.alpha, *row.kappas.values()]
        for row in found
    ]
    return markdown_table(head, rows)


def _rounds_table(annotations: list[Path]) -> str:
    head = ["annotations", "annotators", "sentences", "differing", "undecided", "decided before", "changed"]
    rows = [
        [r.file, ", ".join(map(short_name, r.annotators)), r.sentences, r.differing, r.undecided, r.again, r.changed]
        for r in rounds(annotations)
    ]
    return "## Decisions\n\nA later file wins.\n\n" + markdown_table(head, rows)
