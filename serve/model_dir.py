"""The model directory: what training publishes and serving loads.

Plain files with a SHA-256 manifest. A directory with a missing, changed or unlisted file is refused by name.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from configs.schema import Task
from data.files import MANIFEST, replaced_folder, sha256_of, tree_hashes, write_manifest

REQUIRED = (
    "config.json",
    "model.safetensors",
    "tokenizer.json",
    "tokenizer_config.json",
    "model.onnx",
    "labels.json",
    "card.json",
    "README.md",
)
ALLOWED = frozenset((*REQUIRED, MANIFEST, "vocab.txt", "special_tokens_map.json", "model.int8.onnx"))
LINK = "current"


@dataclass(frozen=True, slots=True)
class ServedLabel:
    """A label as the model knows it, with the score from which on it is given."""

    id: str
    name: str
    color: str
    threshold: float
    definition: str = ""


@dataclass(frozen=True, slots=True)
class Head:
    """labels.json: how logits become labels."""

    task: Task
    temperature: float
    max_length: int
    labels: tuple[ServedLabel, ...]

    @property
    def ids(self) -> list[str]:
        return [label.id for label in self.labels]

    @property
    def thresholds(self) -> list[float]:
        return [label.threshold for label in self.labels]

    def to_json(self) -> dict[str, Any]:
        return {
            "task": self.task.value,
            "temperature": self.temperature,
            "max_length": self.max_length,
            "labels": [
                {"id": x.id, "name": x.name, "color": x.color, "threshold": x.threshold, "definition": x.definition}
                for x in self.labels
            ],
        }

    @staticmethod
    def from_json(row: dict[str, Any]) -> Head:
        labels = tuple(ServedLabel(**label) for label in row["labels"])
        return Head(Task(row["task"]), float(row["temperature"]), int(row["max_length"]), labels)


def verify(folder: Path) -> str:
    """Check every file against the manifest; returns the version (a hash of the manifest).

    Raises ValueError that names the file that is missing, changed or not allowed.
    """
    manifest_path = folder / MANIFEST
    if not manifest_path.is_file():
        raise ValueError(f"{folder}: expected a model directory with {MANIFEST}; train one: python -m train")
    listed = json.loads(manifest_path.read_text(encoding="utf-8")).get("outputs", {})
    if missing := sorted(set(REQUIRED) - set(listed)):
        raise ValueError(f"{folder}: the model directory lacks {', '.join(missing)}; publish it again: python -m train")
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if name not in ALLOWED:
            raise ValueError(
                f"{path}: not a file of a model directory; remove it (allowed: {', '.join(sorted(ALLOWED))})"
            )
    for name, sha in listed.items():
        if name not in ALLOWED or not (folder / name).is_file():
            raise ValueError(f"{folder / name}: listed in {MANIFEST} but not there; publish the model again")
        if sha256_of(folder / name) != sha:
            raise ValueError(f"{folder / name}: differs from its SHA-256 in {MANIFEST}; publish the model again")
    if unlisted := sorted(set(tree_hashes(folder)) - set(listed)):
        raise ValueError(f"{folder / unlisted[0]}: not listed in {MANIFEST}; publish the model again")
    return hashlib.sha256(manifest_path.read_bytes()).hexdigest()[:12]


def load_head(folder: Path) -> Head:
    """The labels, thresholds and temperature of a verified directory."""
    return Head.from_json(json.loads((folder / "labels.json").read_text(encoding="utf-8")))


def publish(files: Path, models: Path, name: str, **facts: Any) -> Path:
    """Copy the allowed files into a directory of their own below ``models``; returns it."""
    total = hashlib.sha256()
    for file in sorted(files.iterdir()):
        if file.name in ALLOWED - {MANIFEST}:
            total.update(file.name.encode() + sha256_of(file).encode())
    target = models / f"{name}-{total.hexdigest()[:8]}"
    with replaced_folder(target) as scratch:
        for file in files.iterdir():
            if file.name in ALLOWED - {MANIFEST}:
                shutil.copyfile(file, scratch / file.name)
        write_manifest(scratch, inputs={}, **facts)
    return target


def point_current(models: Path, name: str) -> None:
    """Replace the link ``models/current`` in one step."""
    link = models / f".{LINK}-{os.getpid()}"
    link.unlink(missing_ok=True)
    link.symlink_to(name)
    link.replace(models / LINK)
