"""Which files of annotations are read where none are named."""

from __future__ import annotations

from pathlib import Path

HERE = Path(__file__).parent
SEEDS = HERE.parent / "seeds"


def annotation_files(named: list[Path] | None = None) -> list[Path]:
    """The files that are named, those of a folder by name; else what the repository ships, then what people pulled.

    Raises ValueError where a folder has none.
    """
    if not named:
        return shipped_annotations() + sorted((HERE / "annotations").glob("*.jsonl"))
    files: list[Path] = []
    for path in named:
        found = sorted(path.glob("*.jsonl")) if path.is_dir() else [path]
        if not found:
            raise ValueError(f"{path}: expected files of annotations (*.jsonl), as `label-studio pull` writes them")
        files += found
    return files


def shipped_annotations() -> list[Path]:
    """The labels that ``seeds/dataset.md`` tells of."""
    return sorted((SEEDS / "annotations").resolve().glob("*.jsonl"))
