from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import pytest

from data.corpus import load_corpus
from data.files import read_manifest, tree_hashes
from data.ingest import find_files, ingest

ROOT = Path(__file__).parent.parent
STARTER = ROOT / "seeds" / "documents"


def test_that_a_corpus_holds_documents_sentences_and_their_hashes(tmp_path: Path) -> None:
    summary = ingest([STARTER], tmp_path / "corpus")
    documents, sentences = load_corpus(tmp_path / "corpus")
    assert len(documents) == len(summary.documents) == len(list(STARTER.iterdir())) >= 12
    assert {s.doc_id for s in sentences} == {d.id for d in documents}
    assert read_manifest(tmp_path / "corpus")["outputs"] == tree_hashes(tmp_path / "corpus")


def write(folder: Path, **texts: str) -> None:
    folder.mkdir(exist_ok=True)
    for name, text in texts.items():
        (folder / f"{name}.txt").write_text(text, encoding="utf-8")


def test_that_a_second_run_reuses_what_is_up_to_date(tmp_path: Path) -> None:
    source, out = tmp_path / "in", tmp_path / "out"
    write(source, a="要建平台。")
    assert not ingest([source], out).reused
    assert ingest([source], out).reused
    (out / "sentences.jsonl").write_text("", encoding="utf-8")
    assert not ingest([source], out).reused


def test_that_only_what_changed_is_read_again(tmp_path: Path) -> None:
    source, out = tmp_path / "in", tmp_path / "out"
    write(source, a="要建平台。", b="要引人才。资金不足；", c="问题突出。")
    ingest([source], out)
    write(source, a="要建两个平台。", d="要建实验室。")
    (source / "c.txt").unlink()
    summary = ingest([source], out)
    assert summary.read == 2
    documents, sentences = load_corpus(out)
    assert [d.text for d in documents] == ["要建两个平台。", "要引人才。资金不足；", "要建实验室。"]
    assert [s.text for s in sentences] == ["要建两个平台。", "要引人才。", "资金不足；", "要建实验室。"]
    fresh = tmp_path / "fresh"
    ingest([source], fresh)
    assert [(fresh / name).read_bytes() for name in ("documents.jsonl", "sentences.jsonl")] == [
        (out / name).read_bytes() for name in ("documents.jsonl", "sentences.jsonl")
    ]


def test_that_a_moved_file_is_not_read_again(tmp_path: Path) -> None:
    write(tmp_path / "in", a="要建平台。")
    ingest([tmp_path / "in"], tmp_path / "out")
    (tmp_path / "in").rename(tmp_path / "elsewhere")
    summary = ingest([tmp_path / "elsewhere"], tmp_path / "out")
    assert (summary.read, len(summary.documents), summary.dropped) == (0, 1, [])


def test_that_documents_that_are_no_longer_named_are_said_to_be_gone(tmp_path: Path) -> None:
    write(tmp_path / "in", a="要建平台。", b="要引人才。")
    ingest([tmp_path / "in"], tmp_path / "out")
    assert ingest([tmp_path / "in" / "b.txt"], tmp_path / "out").dropped == ["a.txt"]


def test_that_odd_names_links_and_hidden_files_do_no_harm(tmp_path: Path) -> None:
    source = tmp_path / "in"
    write(source, a="要建平台。")
    write(source / ".git", b="要引人才。")
    (source / os.fsdecode("政策".encode("gbk") + b".txt")).write_text("要筹资金。", encoding="utf-8")
    (source / os.fsdecode(b"\xd5.wps")).write_bytes(b"?")
    (source / "circle").symlink_to(source, target_is_directory=True)
    (source / "nowhere.txt").symlink_to(tmp_path / "gone.txt")
    summary = ingest([source], tmp_path / "out")
    assert [row["source"] for row in summary.documents] == ["a.txt", r"\xd5\xfe\xb2\xdf.txt"]
    assert {name.removeprefix(f"{source}/"): reason for name, reason in summary.skipped.items()} == {
        "circle": "a folder that is a link; name it itself",
        "nowhere.txt": "a link to nothing",
        r"\xd5.wps": "not of a kind that is read; save it as .docx or PDF",
    }
    assert json.loads(json.dumps(asdict(summary), ensure_ascii=False).encode())
    assert ingest([source], tmp_path / "out").reused


def test_that_files_of_one_name_in_two_folders_are_told_apart(tmp_path: Path) -> None:
    write(tmp_path / "in", a="要建平台。")
    write(tmp_path / "in" / "甲", 通知="要引人才。")
    write(tmp_path / "in" / "乙", 通知="要筹资金。")
    sources = [row["source"] for row in ingest([tmp_path / "in"], tmp_path / "out").documents]
    assert sources == ["a.txt", "乙/通知.txt", "甲/通知.txt"]


def test_that_a_pipe_is_no_document(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.txt")
    with pytest.raises(ValueError, match="expected a file or folder"):
        find_files([tmp_path / "a.txt"])


@pytest.mark.parametrize("manifest", [b"{", b'{"inputs": [], "files": []}', b"[]", b"\xd5\xfe"])
def test_that_a_damaged_manifest_only_means_that_all_is_read_again(tmp_path: Path, manifest: bytes) -> None:
    write(tmp_path / "in", a="要建平台。")
    ingest([tmp_path / "in"], tmp_path / "out")
    (tmp_path / "out" / "MANIFEST.json").write_bytes(manifest)
    assert ingest([tmp_path / "in"], tmp_path / "out").read == 1


def test_that_one_bad_file_does_not_stop_the_rest(tmp_path: Path) -> None:
    write(tmp_path, a="要建平台。", b=" ", c="要建平台。")
    (tmp_path / "d.html").write_text("<p>要引人才。</p>", encoding="utf-8")
    (tmp_path / "e.pdf").write_bytes(b"%PDF-1.7 and nothing more")
    summary = ingest([tmp_path], tmp_path / "out")
    assert [row["source"] for row in summary.documents] == ["a.txt", "d.html"]
    assert set(summary.failed) == {str(tmp_path / "b.txt"), str(tmp_path / "e.pdf")}
    assert summary.failed[str(tmp_path / "b.txt")].startswith("no text found")
    assert summary.repeated == {str(tmp_path / "c.txt"): str(tmp_path / "a.txt")}


def test_that_a_file_that_failed_gets_another_try(tmp_path: Path) -> None:
    write(tmp_path / "in", a="要建平台。", b=" ")
    ingest([tmp_path / "in"], tmp_path / "out")
    again = ingest([tmp_path / "in"], tmp_path / "out")
    assert (again.reused, again.read, list(again.failed)) == (False, 0, [str(tmp_path / "in" / "b.txt")])


def test_that_near_duplicates_are_named_with_how_much_they_share(tmp_path: Path) -> None:
    text = (STARTER / "16-plan-yulin-coal-chemical.txt").read_text(encoding="utf-8")
    write(tmp_path / "in", plan=text, reprint="本刊讯：现予转载。\n" + text[: len(text) // 2], other="要建平台。" * 80)
    summary = ingest([tmp_path / "in"], tmp_path / "out")
    ids = {row["source"]: row["id"] for row in summary.documents}
    (pair,) = summary.near_duplicates
    assert (pair["part"], pair["whole"]) == (ids["reprint.txt"], ids["plan.txt"])
    assert pair["containment"] > 0.9


def test_that_the_title_is_that_of_the_document_not_the_line_above_it(tmp_path: Path) -> None:
    write(
        tmp_path / "in", a="您的位置：首页 > 要闻\n让中试线转起来的三件要紧事\n全市已建成中试线17条。\n开机率还不高。"
    )
    assert ingest([tmp_path / "in"], tmp_path / "out").documents[0]["title"] == "让中试线转起来的三件要紧事"
    assert load_corpus(tmp_path / "out")[0][0].title == "让中试线转起来的三件要紧事"


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
    (tmp_path / "b.wps").write_bytes(b"?")
    assert ingest([tmp_path], tmp_path / "out").skipped == {
        str(tmp_path / "b.wps"): "not of a kind that is read; save it as .docx or PDF"
    }


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
