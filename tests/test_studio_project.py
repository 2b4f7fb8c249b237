"""The labelling page and the project's settings, without a server."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any
from xml.etree.ElementTree import Element, fromstring

import pytest
from label_studio_sdk.label_interface.interface import LabelInterface

from data.labels import Label, LabelSet, load_labels
from data.studio_page import guideline_html, label_config
from data.studio_project import find_project, setup

ROOT = Path(__file__).parent.parent
WATER = Label("water", "水", "讲的是水", axis="topic", hotkey="1", color="#00aaff")
RISK = Label("risk", "风险", axis="function", hotkey="2")


def page(*labels: Label) -> Element:
    return fromstring(label_config(LabelSet(labels)))


def choices(root: Element) -> dict[str, dict[str, str]]:
    return {choice.attrib["alias"]: choice.attrib for choice in root.iter("Choice")}


def test_that_people_see_names_and_results_carry_ids() -> None:
    found = choices(page(WATER, RISK))
    assert list(found) == ["water", "risk", "none", "unsure"]
    assert [c["value"] for c in found.values()] == ["水", "风险", "无", "不确定"]
    assert [c["hotkey"] for c in found.values()] == ["1", "2", "0", "9"]
    assert found["water"]["hint"] == "讲的是水"


def test_that_a_decision_is_asked_for_in_chinese() -> None:
    labels = next(c for c in page(WATER).iter("Choices") if c.get("name") == "labels")
    assert labels.get("required") == "true"
    assert "“无”" in labels.get("requiredMessage", "")


def test_that_the_sentence_stands_between_its_neighbours() -> None:
    shown = [e.get("value") for e in page(WATER).iter() if e.tag in ("Header", "Text")]
    assert shown[:5] == ["$document_title", "$heading_path", "$previous", "$text", "$next"]


def test_that_each_axis_has_its_line_and_each_label_its_colour() -> None:
    root = page(RISK, WATER)
    lines = [v for v in root.iter("View") if "axis" in v.get("className", "")]
    assert [[c.get("alias") for c in line] for line in lines] == [["risk"], ["water"], ["none"]]
    assert ".axis-2 .lsf-choice:nth-child(1) { --label: #00aaff; }" in (root.findtext("Style") or "")


def test_that_names_may_hold_any_character() -> None:
    assert choices(page(Label("odd", "<“水”&'\">")))["odd"]["value"] == "<“水”&'\">"


@pytest.mark.parametrize(
    ("labels", "named"),
    [
        ([WATER, Label("rain", "雨", hotkey="1")], "'1'"),
        ([Label("rain", "雨", hotkey="0")], "'0'"),
        ([WATER, Label("aqua", "水")], "'水'"),
        ([Label("nothing", "无")], "'无'"),
        ([Label("rain", "雨", color="red; }")], "red; }"),
    ],
)
def test_that_what_people_could_not_tell_apart_is_refused(labels: list[Label], named: str) -> None:
    with pytest.raises(ValueError, match=r"expected|labels\.yaml") as refusal:
        page(*labels)
    assert named in str(refusal.value)


def test_that_the_shipped_labels_make_a_page_that_label_studio_takes() -> None:
    labels = load_labels(ROOT / "seeds" / "labels.yaml")
    interface = LabelInterface(label_config(labels))
    interface.validate()  # type: ignore[no-untyped-call]
    control = interface.get_control("labels")  # type: ignore[no-untyped-call]
    assert list(control.labels) == [*labels.ids, "none"]


def test_that_a_guideline_keeps_its_tables_and_none_of_its_html() -> None:
    html = guideline_html("# 手册\n\n|键|名|\n|-|-|\n|1|水|\n\n<script>alert(1)</script>")
    assert "<h1>手册</h1>" in html
    assert "<td>水</td>" in html
    assert "<script>" not in html


def client(*titles: str) -> Any:
    """A client that knows these projects and must not be asked for anything else."""
    every = [SimpleNamespace(id=number, title=title) for number, title in enumerate(titles, 1)]
    return SimpleNamespace(projects=SimpleNamespace(list=lambda title: [p for p in every if title in p.title]))


def test_that_a_project_is_found_by_its_whole_title() -> None:
    assert find_project(client("水务标注二", "水务标注"), "水务标注") == 2
    assert find_project(client("水务标注二"), "水务标注") is None


def test_that_two_projects_of_one_title_are_refused() -> None:
    with pytest.raises(ValueError, match=r"\[1, 2\].*rename"):
        find_project(client("水务标注", "水务标注"), "水务标注")


@pytest.mark.parametrize("title", ["水务", "水" * 51])
def test_that_a_title_has_3_to_50_characters(title: str) -> None:
    with pytest.raises(ValueError, match="3 to 50"):
        setup(client(), LabelSet((WATER,)), "", title)


def test_that_a_label_set_that_makes_no_page_is_named() -> None:
    with pytest.raises(ValueError, match=r"mend labels\.yaml"):
        setup(client(), LabelSet((Label("bad", "\x00"),)), "", "水务标注")
