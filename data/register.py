"""What is on record of each labelled document: its split, where it comes from, its genre."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from data.files import write_atomic
from data.split import SPLITS

_FURTHER_TEST = re.compile(r"test_[a-z0-9_]+")  # test_published


@dataclass(frozen=True, slots=True)
class Entry:
    """One document: ``split`` is train, validation, test, a further test set ``test_NAME``, or empty: not placed."""

    split: str
    origin: str = ""
    genre: str = ""


Register = dict[str, Entry]  # by document id


def read_register(path: Path | None) -> Register:
    """Entries by document id from a JSON file; empty for None. Raises ValueError for anything else."""
    if path is None:
        return {}
    if not path.is_file():
        raise ValueError(f"{path}: expected a register of documents, found no file; start one with {{}} in it")
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        found = {name: Entry(**row) for name, row in content.items()}
    except (json.JSONDecodeError, AttributeError, TypeError) as error:
        raise ValueError(f"{path}: expected per document id its split, and maybe origin and genre: {error}") from error
    if wrong := {n: e.split for n, e in found.items() if not isinstance(e.split, str) or not _is_split(e.split)}:
        raise ValueError(f"{path}: expected as split one of {', '.join(SPLITS)}, test_NAME or nothing, got {wrong}")
    return found


def write_register(path: Path, register: Mapping[str, Entry]) -> None:
    """Replace the file in one step; one line a document, in order of id."""
    rows = (
        f" {json.dumps(name)}: {json.dumps(asdict(register[name]), ensure_ascii=False)}" for name in sorted(register)
    )
    write_atomic(path, "{\n" + ",\n".join(rows) + "\n}\n")


def _is_split(name: str) -> bool:
    return name in ("", *SPLITS) or bool(_FURTHER_TEST.fullmatch(name))
