"""A dataset directory as the trainer sees it: any label set, one label or several per sentence."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from configs.schema import Task
from data.labels import LabelSet, load_labels
from data.normalize import normalize
from data.records import Example, read_jsonl
from data.split import SPLITS

Gold = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Examples:
    """The three splits and the label set they use; ``further`` are test sets beside test, by name (test_published)."""

    labels: LabelSet
    train: list[Example]
    validation: list[Example]
    test: list[Example]
    further: dict[str, list[Example]] = field(default_factory=dict)

    @property
    def test_sets(self) -> dict[str, list[Example]]:
        """Every test set by name, ``test`` first."""
        return {"test": self.test, **self.further}

    def gold(self, rows: list[Example]) -> Gold:
        """0/1 of shape (examples, labels)."""
        return np.array([self.labels.vector(row.labels) for row in rows], np.int64).reshape(len(rows), -1)


def load_examples(folder: Path, task: Task) -> Examples:
    """Read a dataset directory. Raises ValueError that names the file, the example and what was expected."""
    missing = [name for name in ("labels.yaml", *(f"{s}.jsonl" for s in SPLITS)) if not (folder / name).is_file()]
    if missing:
        raise ValueError(
            f"{folder}: expected a dataset directory, it lacks {', '.join(missing)}; make one: python -m data build"
        )
    labels = load_labels(folder / "labels.yaml")
    splits = {name: _rows(folder / f"{name}.jsonl", labels, task) for name in SPLITS}
    further = {path.stem: _rows(path, labels, task) for path in further_tests(folder)}
    return Examples(labels, **splits, further=further)


def further_tests(folder: Path) -> list[Path]:
    """The test sets of a dataset directory beside test: test_NAME.jsonl."""
    return sorted(folder.glob("test_*.jsonl"))


def _rows(path: Path, labels: LabelSet, task: Task) -> list[Example]:
    rows: list[Example] = []
    for number, row in enumerate(read_jsonl(path), 1):
        if absent := {"id", "text", "labels"} - set(row):
            raise ValueError(
                f"{path}:{number}: expected id, text and labels, the example lacks {', '.join(sorted(absent))}"
            )
        if unknown := set(row["labels"]) - set(labels.ids):
            raise ValueError(
                f"{path}:{number}: labels {sorted(unknown)} are not in labels.yaml ({', '.join(labels.ids)})"
            )
        if task is Task.single_label and len(row["labels"]) != 1:
            raise ValueError(
                f"{path}:{number}: task=single_label needs exactly one label, got {row['labels']}; use task=multi_label"
            )
        rows.append(Example.from_json({"doc_id": "", **row, "text": normalize(row["text"])}))
    if not rows:
        raise ValueError(f"{path}: expected at least one example, found none")
    return rows
