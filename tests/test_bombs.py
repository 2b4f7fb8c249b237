"""Files made to harm are refused, or read at little cost to the parent."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import bombs

ROOT = Path(__file__).parent.parent
pytestmark = pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="measures memory by /proc")
# reads the files named; prints seconds, answer and growth of memory in MiB for each, the first with the child's start
MEASURE = """
import json, sys, time
from pathlib import Path
from data.read import Reader
def peak():
    return int(next(l.split()[1] for l in open("/proc/self/status") if l.startswith("VmHWM"))) / 1024
Path("/proc/self/clear_refs").write_text("5")
found = {}
with Reader() as reader:
    for path in map(Path, sys.argv[1:]):
        before, begun = peak(), time.perf_counter()
        try:
            answer = reader.read(path).text
        except ValueError as error:
            answer = f"refused: {error}"
        found[path.name] = time.perf_counter() - begun, answer, peak() - before
print(json.dumps(found))
"""
Answers = dict[str, tuple[float, str, float]]


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> Answers:
    folder = tmp_path_factory.mktemp("bombs")
    bombs.build(folder)
    paths = [str(folder / name) for name in (*bombs.REFUSED, *bombs.READ)]
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, *paths],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    )
    found: Answers = json.loads(done.stdout)
    return found


@pytest.mark.parametrize(("name", "reason"), bombs.REFUSED.items())
def test_that_a_bomb_is_refused(answers: Answers, name: str, reason: str) -> None:
    _, answer, growth = answers[name]
    assert re.match(f"refused: .*{re.escape(name)}: .*{reason}", answer)
    assert growth <= 16


@pytest.mark.parametrize(("name", "text"), bombs.READ.items())
def test_that_what_only_looks_like_a_bomb_is_read(answers: Answers, name: str, text: str) -> None:
    _, answer, growth = answers[name]
    assert answer.endswith(text)
    assert growth <= 16


def test_that_a_zip_bomb_is_refused_in_a_second_with_the_start_of_the_child(answers: Answers) -> None:
    assert next(iter(answers)) == "100 MB of paragraphs.docx"
    assert answers["100 MB of paragraphs.docx"][0] < 1
