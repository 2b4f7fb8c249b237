from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from data.files import read_manifest, tree_hashes
from data.ingest import find_files, ingest, load_corpus

ROOT = Path(__file__).parent.parent
STARTER = ROOT / "seeds" / "documents"


def test_that_a_corpus_holds_documents_sentences_and_their_hashes(tmp_path: Path) -> None:
    summary = ingest([STARTER], tmp_path / "corpus")
    documents, sentences = load_corpus(tmp_path / "corpus")
    assert len(documents) == len(summary.documents) == len(list(STARTER.iterdir())) >= 12
    assert {s.doc_id for s in sentences} == {d.id for d in documents}
    assert read_manifest(tmp_path / "corpus")["outputs"] == tree_hashes(tmp_path / "corpus")


def test_that_a_second_run_reuses_what_is_up_to_date(tmp_path: Path) -> None:
    source, out = tmp_path / "in", tmp_path / "out"
    source.mkdir()
    (source / "a.txt").write_text("要建平台。", encoding="utf-8")
    assert not ingest([source], out).reused
    assert ingest([source], out).reused
    (source / "a.txt").write_text("要建两个平台。", encoding="utf-8")
    assert not ingest([source], out).reused
    (out / "sentences.jsonl").write_text("", encoding="utf-8")
    assert not ingest([source], out).reused


def test_that_one_bad_file_does_not_stop_the_rest(tmp_path: Path) -> None:
    for name, text in {
        "a.txt": "要建平台。",
        "b.txt": " ",
        "c.txt": "要建平台。",
        "d.html": "<p>要引人才。</p>",
    }.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    summary = ingest([tmp_path], tmp_path / "out")
    assert [row["source"] for row in summary.documents] == ["a.txt", "d.html"]
    assert "no text found" in summary.failed[str(tmp_path / "b.txt")]
    assert "same text as a.txt" in summary.failed[str(tmp_path / "c.txt")]


def test_that_a_corpus_is_never_replaced_by_nothing(tmp_path: Path) -> None:
    source, out = tmp_path / "in", tmp_path / "out"
    source.mkdir()
    (source / "a.txt").write_text("要建平台。", encoding="utf-8")
    ingest([source], out)
    before = tree_hashes(out)
    (source / "a.txt").write_text(" ", encoding="utf-8")
    with pytest.raises(ValueError, match="left as it was"):
        ingest([source], out)
    assert tree_hashes(out) == before


def test_that_files_of_other_kinds_are_named(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("要建平台。", encoding="utf-8")
    (tmp_path / "b.docx").write_bytes(b"PK")
    assert ingest([tmp_path], tmp_path / "out").skipped == [str(tmp_path / "b.docx")]


def test_that_a_missing_path_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no such file"):
        find_files([tmp_path / "nowhere"])
    with pytest.raises(ValueError, match="no file of a kind"):
        find_files([tmp_path])


def run(*arguments: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "data", *arguments]
    environment = {**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        command, cwd=cwd, env=environment, capture_output=True, text=True, encoding="utf-8", check=False
    )


def test_that_the_command_line_reads_paths_with_spaces_and_chinese(tmp_path: Path) -> None:
    folder = tmp_path / "政策 文件"
    folder.mkdir()
    (folder / "一 号.txt").write_text("要建平台；要引人才。", encoding="utf-8")
    done = run("segment", str(folder / "一 号.txt"))
    assert [json.loads(line)["text"] for line in done.stdout.splitlines()] == ["要建平台；", "要引人才。"]
    done = run("ingest", str(folder), "--out", str(tmp_path / "语料"), "--json")
    assert done.returncode == 0
    assert json.loads(done.stdout)["documents"][0]["sentences"] == 2


def test_that_the_exit_code_tells_what_went_wrong(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("要建平台。", encoding="utf-8")
    (tmp_path / "b.txt").write_text(" ", encoding="utf-8")
    done = run("ingest", str(tmp_path), "--out", str(tmp_path / "out"))
    assert done.returncode == 1
    assert "b.txt" in done.stderr
    done = run("segment", str(tmp_path / "none.txt"))
    assert (done.returncode, done.stdout) == (2, "")
    assert "none.txt" in done.stderr
