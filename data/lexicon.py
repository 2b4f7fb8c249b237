"""Cue phrases into labels: cold-start pre-annotations and the floor baseline."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml


@dataclass(frozen=True, slots=True)
class Cue:
    """What fires one label, and the phrases inside which a hit does not count."""

    label: str
    patterns: tuple[re.Pattern[str], ...]
    unless: re.Pattern[str] | None

    def fires(self, text: str) -> bool:
        """Whether a cue stands in the text outside every `unless` phrase."""
        safe = [m.span() for m in self.unless.finditer(text)] if self.unless else []
        hits = (m.span() for pattern in self.patterns for m in pattern.finditer(text))
        return any(not any(a <= start and end <= b for a, b in safe) for start, end in hits)


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Cues per label."""

    cues: tuple[Cue, ...]

    def labels(self, text: str) -> list[str]:
        """Ids of the labels whose cues stand in the (normalised) text."""
        return [cue.label for cue in self.cues if cue.fires(text)]


def load_lexicon(path: Path) -> Lexicon:
    """Read a lexicon.yaml. Raises ValueError that names the file, the label and the entry."""
    if not path.is_file():
        raise ValueError(f"{path}: expected a lexicon.yaml (label: phrases, patterns, unless), found no file")
    try:
        rows = yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise ValueError(f"{path}: not valid YAML: {error}") from error
    if not isinstance(rows, dict) or not all(isinstance(row, dict | None) for row in rows.values()):
        raise ValueError(f"{path}: expected per label an entry with phrases, patterns, unless")
    return Lexicon(tuple(_cue(path, label, row or {}) for label, row in rows.items()))


def _cue(path: Path, label: str, row: dict[str, Any]) -> Cue:
    phrases = "|".join(map(re.escape, row.get("phrases") or []))
    patterns = [*([phrases] if phrases else []), *(p["pattern"] for p in row.get("patterns") or [])]
    if not patterns:
        raise ValueError(f"{path}: label {label!r} has neither phrases nor patterns")
    unless = "|".join(map(re.escape, sorted(row.get("unless") or [], key=len, reverse=True)))
    try:
        compiled = tuple(map(re.compile, patterns))
    except re.error as error:
        raise ValueError(f"{path}: label {label!r}: {error.pattern!r} is no regular expression: {error}") from error
    return Cue(label, compiled, re.compile(unless) if unless else None)
