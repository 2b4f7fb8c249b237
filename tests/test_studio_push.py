"""What a sentence looks like as a task."""

from __future__ import annotations

from typing import Any

import pytest

from data.records import Document, digest
from data.sentences import segment
from data.studio_tasks import chosen, tasks_of

TEXT = "湖库治理方案\n一、岸线\n要清理岸线垃圾。打印本页\n去年补种芦苇三万株。"


def tasks(*texts: str) -> list[dict[str, Any]]:
    documents = [Document.of(text, title="治理方案") for text in texts]
    return list(tasks_of(documents, [s for d in documents for s in segment(d)]))


def test_that_a_task_says_where_its_sentence_stands() -> None:
    document = Document.of(TEXT)
    for task in tasks(TEXT):
        assert task["document"] == document.sha256
        assert task["sentence"] == digest(TEXT[task["start"] : task["end"]])
        assert task["pieces"][0][0] == task["start"]


def test_that_neighbours_are_those_of_the_same_document() -> None:
    first, second = tasks("水质已经好转。鱼也回来了。", "要再建一座闸。")[1:]
    assert (first["previous"], first["text"], first["next"]) == ("水质已经好转。", "鱼也回来了。", "")
    assert (second["previous"], second["text"], second["next"]) == ("", "要再建一座闸。", "")


def test_that_headings_are_joined_and_furniture_gets_no_task() -> None:
    found = {task["text"]: task for task in tasks("一、岸线\n（一）清理\n要清理岸线垃圾。\n— 3 —\n要补种芦苇。")}
    assert found["要清理岸线垃圾。"]["heading_path"] == "一、岸线 › （一）清理"
    assert found["要清理岸线垃圾。"]["next"] == "要补种芦苇。"
    assert not any("3" in text for text in found)


def test_that_a_document_without_a_title_shows_its_source() -> None:
    document = Document.of("要清理岸线垃圾。", source="湖库.txt")
    assert [t["document_title"] for t in tasks_of([document], segment(document))] == ["湖库.txt"]


def test_that_a_file_names_what_is_sent() -> None:
    first, second, third = tasks("水质已经好转。鱼也回来了。要再建一座闸。")
    rows = [
        {"id": third["ext_id"]},
        {"document": first["document"], "start": first["start"], "end": first["end"], "note": "A：问题"},
    ]
    assert chosen([first, second, third], rows, "a.jsonl") == [first | {"note": "A：问题"}, third]
    with pytest.raises(ValueError, match=r"a\.jsonl: expected a sentence for each of 2 rows, found none for 1"):
        chosen([first, first], rows, "a.jsonl")  # it stands in two corpora
    assert chosen([first, second, first], rows[1:], "a.jsonl") == [first | {"note": "A：问题"}]
    with pytest.raises(ValueError, match="an id, or document, start and end"):
        chosen([first], [{"document": "d"}], "a.jsonl")
