"""A model directory is whole and unchanged, or it is refused by name."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from serve.model_dir import REQUIRED, point_current, verify
from serve.predictor import Predictor
from trained import Workshop

pytestmark = pytest.mark.training


@pytest.fixture
def folder(workshop: Workshop, tmp_path: Path) -> Path:
    return Path(shutil.copytree(workshop.model.resolve(), tmp_path / "model"))


def test_that_a_published_model_is_whole(folder: Path) -> None:
    assert len(verify(folder)) == 12
    assert set(REQUIRED) <= {p.name for p in folder.iterdir()}


@pytest.mark.parametrize("name", [*REQUIRED, "MANIFEST.json"])
def test_that_a_missing_file_is_refused(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(ValueError, match=name):
        Predictor.load(folder)


@pytest.mark.parametrize("name", REQUIRED)
def test_that_one_flipped_bit_is_refused(folder: Path, name: str) -> None:
    raw = bytearray((folder / name).read_bytes())
    raw[len(raw) // 2] ^= 1
    (folder / name).write_bytes(raw)
    with pytest.raises(ValueError, match=rf"{name}: differs"):
        Predictor.load(folder)


@pytest.mark.parametrize("name", ["training_args.bin", "modeling_bert.py", "model.int8.onnx"])
def test_that_a_file_too_many_is_refused(folder: Path, name: str) -> None:
    (folder / name).write_bytes(b"x")
    with pytest.raises(ValueError, match=name):
        Predictor.load(folder)


def test_that_current_is_replaced_in_one_step(folder: Path, tmp_path: Path) -> None:
    other = Path(shutil.copytree(folder, tmp_path / "other"))
    point_current(tmp_path, folder.name)
    point_current(tmp_path, other.name)
    assert (tmp_path / "current").resolve() == other
    assert [p.name for p in tmp_path.iterdir() if p.is_symlink()] == ["current"]
