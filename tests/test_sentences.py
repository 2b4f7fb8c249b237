"""What a unit is: each rule with an example of our own, and what holds for any text at all."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from hypothesis import given, settings

from data.read import read_document
from data.records import Document, Sentence
from data.sentences import segment
from strategies import any_text, messy_text

ROOT = Path(__file__).parent.parent
STARTER = sorted((ROOT / "seeds" / "documents").iterdir())
PUBLISHED = sorted((ROOT.parent / "shared" / "seeds").glob("*.txt"))


def sentences(text: str) -> list[Sentence]:
    return segment(Document.of(text))


def texts(text: str) -> list[str]:
    return [s.text for s in sentences(text)]


@pytest.mark.parametrize(
    "parts",
    [
        ["要加大投入。", "企业怎么办？", "马上就办！"],
        ["占比31.5%，比上年高1.34个百分点。", "其余不变。"],
        ["一是扩大规模；", "二是降低成本；", "三是引进人才。"],
        ["他强调：“要沉下心来。”", "会后大家散去。"],
        ["“我们缺的是人。”厂长老周说。", "这话不假。"],
        ["“先有技术。", "后有市场。”她表示，今年再投两条线。", "大家点头。"],
        ["落实《关于支持中试的意见（试行）。附件》要求。", "随后部署。"],
        ["（含市级；不含区级）补助合并计算。", "不重复享受。"],
        ["网址为www.example.org/a.b，可下载。", "电话另行公布。"],
        ["开了“人才夜校”“周末工程师”……", "大家都叫好。"],
        ["路还长……", "慢慢走。"],
        ["资金不足;", "人手不够。"],
    ],
)
def test_where_a_sentence_ends(parts: list[str]) -> None:
    assert texts("".join(parts)) == parts


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("一、总体要求\n坚持创新。", ["heading", "body"]),
        ("（二）加强财政支持\n1.设立专项资金。", ["heading", "list_item"]),
        ("市科技局\n2024年5月6日", ["signature", "signature"]),
        ("您的位置：首页 > 要闻\n今年稳中有进。\n评论 0人参与", ["boilerplate", "body", "boilerplate"]),
        ("参考文献：\n[1] 某某.论中试[J].某刊,2023.", ["reference", "reference"]),
        ("今年稳中有进。\n厂区一角。 赵小满摄", ["body", "caption"]),
        ("会议室里掌声不断。\n— 3 —", ["body", "boilerplate"]),
        ("一、總體要求\n堅持創新。\n(四)構建開放合作格局", ["heading", "body", "heading"]),
        ("加大财政投入力度", ["heading"]),
        ("优化产业布局\n建设西部总部\n再造新格局", ["heading"] * 3),
        ("● 加快建设平台；\n（二）推进3D打印应用；\n1.主办单位给予补助；", ["list_item"] * 3),
        ("■ 某市政协\n会议开了三天。\n振兴老字号", ["boilerplate", "body", "heading"]),
        ("市工業和能源局 ?????\n三、重點工程 ?\n擴大規模。", ["signature", "heading", "body"]),
    ],
)
def test_what_kind_a_line_is(text: str, kinds: list[str]) -> None:
    assert [s.kind for s in sentences(text)] == kinds


def test_that_a_sentence_broken_by_a_caption_is_one_again() -> None:
    text = "## 协同\n全市大力推进产业链协同，企业\n\n\n\n车间一角。 钱多多摄\n\n与院校共建实验室。"
    _, first, caption = sentences(text)
    assert first.normalized == "全市大力推进产业链协同，企业与院校共建实验室。"
    assert [text[a:b] for a, b in first.pieces] == ["全市大力推进产业链协同，企业", "与院校共建实验室。"]
    assert (caption.kind, caption.text) == ("caption", "车间一角。 钱多多摄")


def test_that_headings_lead_to_their_sentences() -> None:
    found = sentences("一、重点任务\n（一）引才\n1.建公寓。\n（二）筹资\n发债券。\n二、保障措施\n抓落实。")
    paths = {s.text: s.heading_path for s in found}
    assert paths["1.建公寓。"] == ["一、重点任务", "（一）引才"]
    assert paths["发债券。"] == ["一、重点任务", "（二）筹资"]
    assert paths["抓落实。"] == ["二、保障措施"]


def assert_exact(document: Document) -> None:
    """Offsets are exact, pieces don't overlap, and no character but white space is lost."""
    found = segment(document)
    covered: list[int] = []
    for index, s in enumerate(found):
        assert s.index == index
        assert document.text[s.start : s.end] == s.text
        assert (s.pieces[0].start, s.pieces[-1].end) == (s.start, s.end)
        covered += itertools.chain.from_iterable(range(a, b) for a, b in s.pieces)
    assert len(covered) == len(set(covered))
    lost = set(range(len(document.text))) - set(covered)
    assert all(document.text[i].isspace() for i in lost)
    assert len({s.id for s in found}) == len(found)


@settings(max_examples=400)
@given(messy_text)
def test_that_offsets_are_exact_on_messy_text(text: str) -> None:
    assert_exact(Document.of(text))


@given(any_text)
def test_that_offsets_are_exact_on_any_text(text: str) -> None:
    assert_exact(Document.of(text))


@pytest.mark.parametrize("path", STARTER, ids=lambda p: p.name[:2])
def test_that_offsets_are_exact_on_the_starter_corpus(path: Path) -> None:
    assert_exact(read_document(path))


@pytest.mark.skipif(not PUBLISHED, reason="the published documents are not at hand (../shared/seeds)")
def test_that_offsets_are_exact_on_published_documents() -> None:
    assert len(PUBLISHED) == 5
    for path in PUBLISHED:
        document = read_document(path)
        assert document.text == path.read_text(encoding="utf-8")
        assert_exact(document)
        assert all(len(s.normalized) < 400 for s in segment(document))


@pytest.mark.parametrize(
    "text", ["（发展“资金]" * 40_000, "a" + " " * 200_000 + "b", "?" * 200_000 + "x", "?业" * 20_000]
)
def test_that_a_line_without_end_is_no_trap(text: str) -> None:
    assert_exact(Document.of(text))  # work that grew with the square of the length would not return
