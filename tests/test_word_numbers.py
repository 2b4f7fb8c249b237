"""Automatic numbers, which are not in the text of a Word document."""

from __future__ import annotations

import pytest

from data.word_numbers import chinese
from words import kinds, paragraph, read, style


def levels(*patterns: tuple[str, str], more: str = "") -> str:
    """A list (numId 1) with a level for each (format, pattern)."""
    inner = "".join(
        f'<w:lvl w:ilvl="{i}"><w:start w:val="1"/><w:numFmt w:val="{name}"/><w:lvlText w:val="{text}"/>{more}</w:lvl>'
        for i, (name, text) in enumerate(patterns)
    )
    number = '<w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num>'
    return f'<w:abstractNum w:abstractNumId="0">{inner}</w:abstractNum>{number}'


def item(text: str, level: int = 0, num: int = 1) -> str:
    return paragraph(text, settings=f'<w:numPr><w:ilvl w:val="{level}"/><w:numId w:val="{num}"/></w:numPr>')


@pytest.mark.parametrize(
    ("form", "pattern", "labels"),
    [
        ("chineseCounting", "%1、", ["一、甲", "二、甲"]),
        ("japaneseCounting", "（%1）", ["（一）甲", "（二）甲"]),
        ("chineseCountingThousand", "第%1条", ["第一条 甲", "第二条 甲"]),
        ("decimal", "%1.", ["1. 甲", "2. 甲"]),
        ("decimalEnclosedCircle", "%1", ["① 甲", "② 甲"]),
        ("ideographTraditional", "%1、", ["甲、甲", "乙、甲"]),
        ("upperRoman", "%1.", ["I. 甲", "II. 甲"]),
        ("lowerLetter", "%1)", ["a) 甲", "b) 甲"]),
        ("decimalZero", "%1", ["01 甲", "02 甲"]),
        ("chineseLegalSimplified", "%1、", ["壹、甲", "贰、甲"]),
        ("bullet", "\uf0b7", ["• 甲", "• 甲"]),
        ("bullet", "——", ["——甲", "——甲"]),
        ("none", "", ["甲", "甲"]),
    ],
)
def test_that_automatic_numbers_are_put_before_their_paragraphs(form: str, pattern: str, labels: list[str]) -> None:
    assert read(item("甲") * 2, numbering=levels((form, pattern))).text.splitlines() == labels


def test_that_deeper_levels_begin_anew_and_know_the_higher_ones() -> None:
    numbering = levels(("chineseCounting", "%1、"), ("decimal", "%1.%2"), ("decimal", "%2.%3"), more="<w:isLgl/>")
    body = item("甲") + item("乙", 1) + item("丙", 1) + item("丁", 2) + item("戊") + item("己", 1)
    lines = read(body, numbering=numbering).text.splitlines()
    assert lines == ["1、甲", "1.1 乙", "1.2 丙", "2.1 丁", "2、戊", "2.1 己"]


def test_that_a_list_goes_on_where_another_begins_anew() -> None:
    again = '<w:num w:numId="2"><w:abstractNumId w:val="0"/>{}</w:num>'
    override = '<w:lvlOverride w:ilvl="0"><w:startOverride w:val="5"/></w:lvlOverride>'
    numbering = levels(("decimal", "%1."))
    body = item("甲") + item("乙", num=2) + item("丙", num=0) + item("丁", num=9)
    assert read(body, numbering=numbering + again.format("")).text == "1. 甲\n2. 乙\n丙\n丁"
    assert read(body, numbering=numbering + again.format(override)).text == "1. 甲\n5. 乙\n丙\n丁"


def test_that_a_style_may_bring_its_number() -> None:
    numbering = levels(("chineseCounting", "第%1章"), more='<w:pStyle w:val="a"/>')
    styles = style("heading 1", settings='<w:numPr><w:numId w:val="1"/></w:numPr>')
    document = read(paragraph("总则", style="a") + paragraph("附则", style="a"), numbering=numbering, styles=styles)
    assert kinds(document) == {"第一章 总则": ("heading", 1), "第二章 附则": ("heading", 1)}


def test_how_numbers_are_written_in_chinese() -> None:
    numbers = {
        1: "一",
        10: "十",
        11: "十一",
        20: "二十",
        105: "一百零五",
        110: "一百一十",
        1002: "一千零二",
        12345: "12345",
    }
    assert {number: chinese(number) for number in numbers} == numbers
