from __future__ import annotations

from pathlib import Path

import pytest

from data.records import Annotation, Document, Mark, Sentence, Span, digest, read_jsonl, to_json, write_jsonl


def test_that_a_document_is_named_by_its_text() -> None:
    assert Document.of("发展氢能。", source="a.txt").id == Document.of("发展氢能。", source="b.txt").id
    assert Document.of("发展氢能。").id != Document.of("发展氢能！").id
    assert digest("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def test_that_records_survive_jsonl(tmp_path: Path) -> None:
    document = Document.of("标题\n正文。", title="标题", marks=[Mark(0, 2, "title")])
    sentence = Sentence("i", document.id, 0, 3, 6, "正文。", "正文。", "body", ["标题"], [Span(3, 6)])
    annotation = Annotation(document.sha256, 3, 6, digest("正文。"), ["funding"], ["甲"], [Span(3, 6)], True, "想一想")
    path = tmp_path / "rows.jsonl"
    assert write_jsonl(path, [document, sentence, annotation]) == 3
    rows = list(read_jsonl(path))
    assert Document.from_json(rows[0]) == document
    assert Sentence.from_json(rows[1]) == sentence
    assert Annotation.from_json(rows[2]) == annotation


def test_that_half_a_surrogate_pair_is_written_as_an_escape(tmp_path: Path) -> None:
    assert "资金" in to_json({"text": "资金"})
    path = tmp_path / "rows.jsonl"
    write_jsonl(path, [{"text": "坏\ud800"}])
    assert next(read_jsonl(path)) == {"text": "坏\ud800"}


@pytest.mark.parametrize("line", ["{", "[1]"])
def test_that_a_bad_line_is_named(tmp_path: Path, line: str) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text('{"a": 1}\n' + line + "\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"rows\.jsonl:2"):
        list(read_jsonl(path))
