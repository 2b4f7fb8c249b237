"""Who suggests labels before people do: the lexicon's cue phrases, or a model directory.

A model is asked through ``python -m serve score``, the command that its server comes with.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from data.lexicon import load_lexicon

LEXICON = "lexicon"
UNKNOWN = 0.5  # cue phrases know no confidence


@dataclass(frozen=True, slots=True)
class Said:
    """What a labeller said of a sentence: label ids, and its confidence in [0, 1], low where it is uncertain."""

    labels: list[str]
    confidence: float


@dataclass(frozen=True, slots=True)
class Labeller:
    """Suggests labels. The version names it for good: the same version says the same of the same text."""

    version: str
    labels: frozenset[str]  # that it may suggest
    confident: bool  # whether its confidence means anything
    say: Callable[[Sequence[str]], list[Said]]


def load_labeller(name: str, lexicon: Path) -> Labeller:
    """``lexicon``, or the path of a model directory. Raises ValueError where it is neither."""
    if name == LEXICON:
        return lexicon_labeller(lexicon)
    if not Path(name).is_dir():
        raise ValueError(
            f"--prelabel: expected {LEXICON!r} or a model directory such as serve/models/current, got {name!r}"
        )
    return model_labeller(Path(name))


def lexicon_labeller(path: Path) -> Labeller:
    """Cue phrases. The version changes with the file."""
    lexicon = load_lexicon(path)
    version = f"{LEXICON}@{hashlib.sha256(path.read_bytes()).hexdigest()[:8]}"
    known = frozenset(cue.label for cue in lexicon.cues)
    return Labeller(version, known, False, lambda texts: [Said(lexicon.labels(text), UNKNOWN) for text in texts])


def model_labeller(folder: Path) -> Labeller:
    """A model directory. Raises ValueError where it is none."""
    folder = folder.resolve()  # `current` is a link, which a training may turn to another model at any time
    header = _score(folder, [])[0]
    version = str(header["model_version"])

    def say(texts: Sequence[str]) -> list[Said]:
        now, *rows = _score(folder, texts)
        if now["model_version"] != version:
            raise ValueError(f"--prelabel {folder}: was {version}, is {now['model_version']} now; run this again")
        return [Said(row["labels"], round(float(row["confidence"]), 4)) for row in rows]

    return Labeller(version, frozenset(header["labels"]), True, say)


def _score(folder: Path, texts: Sequence[str]) -> list[dict[str, Any]]:
    """What the command prints: a line about the model, then one a text."""
    command = [sys.executable, "-m", "serve", "score", "--model", str(folder)]
    asked = "".join(json.dumps(text) + "\n" for text in texts)
    done = subprocess.run(command, input=asked, capture_output=True, text=True, encoding="utf-8", check=False)
    if done.returncode:
        raise ValueError(f"--prelabel {folder}: {done.stderr.strip()[-1000:].removeprefix('error: ')}")
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    if len(rows) != len(texts) + 1:
        raise ValueError(f"--prelabel {folder}: asked for {len(texts)} sentences, got {len(rows) - 1} answers")
    return rows
