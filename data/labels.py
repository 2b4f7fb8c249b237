"""The label set: ids, display names and order, from a labels.yaml."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import yaml

NONE_ID = "none"
_ID = re.compile(r"[a-z][a-z0-9_]*")  # label ids are ASCII, for command lines: funding; 资金 is its name


@dataclass(frozen=True, slots=True)
class Label:
    """One label. Its position in the set is its class index."""

    id: str
    name: str
    definition: str = ""
    definition_en: str = ""
    axis: str = ""
    hotkey: str = ""
    color: str = "#888888"


@dataclass(frozen=True, slots=True)
class LabelSet:
    """Labels in class order."""

    labels: tuple[Label, ...]

    @property
    def ids(self) -> list[str]:
        return [label.id for label in self.labels]

    @property
    def names(self) -> dict[str, str]:
        return {label.id: label.name for label in self.labels}

    def vector(self, chosen: list[str]) -> list[int]:
        """0/1 per class. Raises ValueError for an id that is not in the set."""
        unknown = sorted(set(chosen) - set(self.ids))
        if unknown:
            raise ValueError(f"labels {unknown} are not in the label set {self.ids}")
        return [int(label in chosen) for label in self.ids]


def load_labels(path: Path) -> LabelSet:
    """Read a labels.yaml. Raises ValueError that names the file and the offending entry."""
    if not path.is_file():
        raise ValueError(f"{path}: expected a labels.yaml (a list `labels:` of id and name), found no file")
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise ValueError(f"{path}: not valid YAML: {error}") from error
    rows = content.get("labels") if isinstance(content, dict) else None
    if not isinstance(rows, list) or not rows:
        raise ValueError(f"{path}: expected a non-empty list under `labels:`")
    labels = tuple(_label(path, row) for row in rows)
    ids = [label.id for label in labels]
    if len(set(ids)) < len(ids):
        raise ValueError(f"{path}: label ids must differ, got {ids}")
    return LabelSet(labels)


def _label(path: Path, row: object) -> Label:
    if not isinstance(row, dict) or not _ID.fullmatch(str(row.get("id", ""))):
        raise ValueError(f"{path}: every label needs an ASCII id such as `funding`, got {row!r}")
    if row["id"] == NONE_ID:
        raise ValueError(f"{path}: `{NONE_ID}` is reserved for the empty set; give the label another id")
    known = {key: str(value) for key, value in row.items() if key in Label.__dataclass_fields__}
    return Label(**{"name": known["id"], **known})
