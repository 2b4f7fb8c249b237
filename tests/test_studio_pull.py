"""An export of Label Studio as annotations."""

from __future__ import annotations

from typing import Any

from data.labels import Label, LabelSet
from data.records import Span, sentence_id
from data.studio_answers import Pulled, annotations_of

LABELS = LabelSet((Label("risk", "风险"), Label("water", "水")))
PEOPLE = {1: "jia@example.cn", 2: "yi@example.cn"}


def decision(*chosen: str, who: int = 1, at: str = "01", **more: Any) -> dict[str, Any]:
    result = [{"from_name": "labels", "value": {"choices": list(chosen)}}] if chosen else []
    result += [{"from_name": name, "value": value} for name, value in more.items()]
    return {
        "completed_by": who,
        "was_cancelled": False,
        "created_at": "2026-01-01T08:00:00Z",
        "updated_at": f"2026-01-{at}T08:00:00.5Z",
        "result": result,
    }


def read(*annotations: dict[str, Any]) -> Pulled:
    data = {
        "ext_id": sentence_id("d", 4, 9),
        "document": "d",
        "start": 4,
        "end": 9,
        "pieces": [[4, 6], [7, 9]],
        "sentence": "s",
    }
    task = {"id": 7, "data": {**data, "text": "要清理岸线垃圾。"}, "annotations": list(annotations)}
    return annotations_of([task], PEOPLE, LABELS)


def test_that_every_person_has_a_row() -> None:
    rows = read(decision("water", "risk"), decision("none", who=2)).annotations
    assert [(row.annotators, row.labels) for row in rows] == [
        (["jia@example.cn"], ["risk", "water"]),  # in the order of the label set
        (["yi@example.cn"], []),
    ]
    assert (rows[0].document, rows[0].start, rows[0].end, rows[0].sentence) == ("d", 4, 9, "s")
    assert rows[0].pieces == [Span(4, 6), Span(7, 9)]
    assert rows[0].updated_at == "2026-01-01T08:00:00.5Z"


def test_that_doubt_and_comment_are_kept() -> None:
    row = read(decision("risk", unsure={"choices": ["unsure"]}, comment={"text": ["像目标", "规则3"]})).annotations[0]
    assert row.unsure
    assert row.comment == "像目标\n规则3"
    assert not read(decision("risk")).annotations[0].unsure


def test_that_the_newest_decision_of_a_person_wins() -> None:
    rows = read(decision("risk", at="03"), decision("water", at="02"), decision("water", at="01", who=2)).annotations
    assert [row.labels for row in rows] == [["risk"], ["water"]]
    whole, half = decision("risk"), decision("water")
    whole["updated_at"] = "2026-01-01T08:00:00Z"  # as text it would come after the half second
    assert [row.labels for row in read(half, whole).annotations] == [["water"]]


def test_that_skips_are_counted_and_no_decision() -> None:
    pulled = read({**decision(at="05"), "was_cancelled": True}, decision("risk"))
    assert (pulled.skipped, [row.labels for row in pulled.annotations]) == (1, [["risk"]])


def test_that_a_contradiction_is_left_out_and_named() -> None:
    pulled = read(decision("none", "water", who=2), decision("risk"))
    assert [row.annotators for row in pulled.annotations] == [["jia@example.cn"]]
    assert pulled.refused == ["task 7, yi@example.cn: 无 together with 水: 要清理岸线垃圾。"]


def test_that_labels_of_another_set_and_empty_decisions_are_left_out() -> None:
    assert "['talent'] are not in the label set" in read(decision("talent")).refused[0]
    assert "not even 无" in read(decision(unsure={"choices": ["unsure"]})).refused[0]


def test_that_tasks_of_others_are_counted_and_deleted_accounts_keep_a_name() -> None:
    assert annotations_of([{"id": 1, "data": {"text": "水"}, "annotations": []}], PEOPLE, LABELS).foreign == 1
    assert read(decision("risk", who=5)).annotations[0].annotators == ["user-5"]


def test_that_facts_count_people_and_sentences() -> None:
    facts = read(decision("risk", unsure={}), decision("risk", who=2)).facts()
    assert {k: facts[k] for k in ("annotations", "sentences", "annotators", "unsure")} == {
        "annotations": 2, "sentences": 1, "annotators": 2, "unsure": 1,
    }  # fmt: skip


def test_that_answers_of_deleted_accounts_stay_apart_and_are_named() -> None:
    both = [decision("risk") | {"id": 3, "completed_by": None}, decision("water") | {"id": 4, "completed_by": None}]
    pulled = read(*both)
    found = {row.annotators[0]: row.labels for row in pulled.annotations}
    assert found == {"user-gone-3": ["risk"], "user-gone-4": ["water"]}
    assert len(pulled.doubtful) == 2


def test_that_an_answer_of_an_odd_form_is_named_and_stops_no_other() -> None:
    odd = [{"type": "relation", "from_id": "a"}, "text", {"from_name": "labels", "value": {"choices": [["risk"]]}}]
    pulled = read(decision("water") | {"result": odd}, decision("risk", who=2))
    assert [row.annotators for row in pulled.annotations] == [["yi@example.cn"]]
    assert "no list of labels" in pulled.refused[0]


def test_that_a_task_whose_place_was_changed_is_left_out() -> None:
    data = {"ext_id": sentence_id("d", 4, 9), "document": "d", "start": 5, "end": 9, "pieces": [], "sentence": "s"}
    task = {"id": 7, "data": {**data, "text": "要清理岸线垃圾。"}, "annotations": [decision("risk")]}
    pulled = annotations_of([task], PEOPLE, LABELS)
    assert (pulled.annotations, len(pulled.refused)) == ([], 1)
    assert "place in the document was changed" in pulled.refused[0]


def test_that_an_order_alone_suggests_nothing() -> None:
    shown = {"model_version": "diverse", "result": []}
    assert read(decision("risk") | {"prediction": shown}).annotations[0].suggestion is None
