"""The house rules that hold the folders together."""

from __future__ import annotations

import ast
import importlib
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ORDER = ("configs", "data", "serve", "train")  # each imports only what stands to its left
FOLDERS = {*ORDER, "seeds", "tests"}


def imported(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names = [a.name for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names]
    names += [n.module for n in ast.walk(tree) if isinstance(n, ast.ImportFrom) and n.module]
    return {name.split(".")[0] for name in names}


@pytest.mark.parametrize("package", ORDER)
def test_that_a_package_imports_only_what_stands_to_its_left(package: str) -> None:
    forbidden = set(ORDER[ORDER.index(package) + 1 :])
    for path in (ROOT / package).glob("*.py"):
        assert not imported(path) & forbidden, path


def test_that_serving_never_loads_torch() -> None:
    code = "import sys, serve.app, serve.__main__; sys.exit(bool({'torch', 'transformers'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


@pytest.mark.parametrize("package", ORDER)
def test_that_the_top_level_names_are_ours(package: str) -> None:
    found = importlib.import_module(package).__file__
    assert found
    assert Path(found).parent == ROOT / package


def test_that_there_is_no_other_top_level_folder() -> None:
    if shutil.which("git") is None:
        pytest.skip("no git")
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    if tracked.returncode:
        pytest.skip("not a git checkout")
    top = {line.split("/")[0] for line in tracked.stdout.splitlines() if "/" in line}
    assert {name for name in top if not name.startswith(".")} == FOLDERS


def test_that_no_test_folder_hides_the_data_package() -> None:
    assert not (ROOT / "tests" / "data").exists()
