"""Files and folders that are either whole or absent: atomic replacement, SHA-256 manifests, up-to-date checks."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

MANIFEST = "MANIFEST.json"
OUTPUTS = ("examples", "models")  # folders of ours that hold YAML that is no code


def sha256_of(path: Path) -> str:
    """SHA-256 of a file's bytes, as hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def tree_hashes(folder: Path) -> dict[str, str]:
    """Relative path to SHA-256 of every file below a folder, but for its manifest."""
    files = sorted(p for p in folder.rglob("*") if p.is_file() and p.name != MANIFEST)
    return {p.relative_to(folder).as_posix(): sha256_of(p) for p in files}


def input_hashes(paths: list[Path]) -> dict[str, str]:
    """SHA-256 of each file, and of every file below each folder, keyed by path."""
    found: dict[str, str] = {}
    for path in paths:
        if path.is_dir():
            found |= {f"{path}/{name}": sha for name, sha in tree_hashes(path).items()}
        else:
            found[str(path)] = sha256_of(path)
    return found


def code_hash(*packages: str) -> str:
    """One hash over the Python and YAML files of our packages, so that changed code means changed outputs."""
    root = Path(__file__).parent.parent
    total = hashlib.sha256()
    for package in packages:
        files = [p for pattern in ("*.py", "*.yaml", "*/*.yaml") for p in (root / package).glob(pattern)]
        for path in sorted(p for p in files if p.parent.name not in OUTPUTS):
            total.update(path.relative_to(root).as_posix().encode() + path.read_bytes())
    return total.hexdigest()


@contextlib.contextmanager
def replaced_folder(target: Path) -> Iterator[Path]:
    """A scratch folder that takes the place of ``target`` when the block succeeds, and vanishes when it fails.

    Raises ValueError where the target holds files that are not ours (it has no manifest).
    """
    target = target.resolve()
    if target.exists() and not target.is_dir():
        raise ValueError(f"{target}: expected a folder to write to, got a file")
    if target.exists() and not (target / MANIFEST).is_file() and any(target.iterdir()):
        raise ValueError(f"{target}: holds files and no {MANIFEST}, so it is not ours to replace; name another folder")
    target.parent.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    scratch.chmod(0o755)
    try:
        yield scratch
        for file in scratch.rglob("*"):
            if file.is_file():
                _fsync(file)
        if target.exists():
            old = Path(tempfile.mkdtemp(prefix=f".{target.name}-old-", dir=target.parent))
            target.rename(old / target.name)
            scratch.rename(target)
            shutil.rmtree(old)
        else:
            scratch.rename(target)
        _fsync(target.parent)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def write_atomic(path: Path, text: str) -> None:
    """Replace a file's content in one step."""
    path.parent.mkdir(parents=True, exist_ok=True)
    scratch = path.with_name(f".{path.name}.{os.getpid()}")
    scratch.write_text(text, encoding="utf-8")
    _fsync(scratch)
    scratch.replace(path)


def write_manifest(folder: Path, *, inputs: dict[str, str], **facts: Any) -> None:
    """Record what a folder was made from and what it holds."""
    manifest = {"inputs": inputs, "outputs": tree_hashes(folder), "version": version("policy-sentences"), **facts}
    write_atomic(folder / MANIFEST, json.dumps(manifest, ensure_ascii=False, indent=1, sort_keys=True) + "\n")


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of a folder; empty where there is none or it is torn."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return manifest if isinstance(manifest, dict) else {}


def up_to_date(folder: Path, inputs: dict[str, str]) -> bool:
    """Whether a folder was made from exactly these inputs and still holds what was made."""
    manifest = read_manifest(folder)
    return bool(manifest) and manifest.get("inputs") == inputs and manifest.get("outputs") == tree_hashes(folder)


def _fsync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
