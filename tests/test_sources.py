"""Published texts are found by their hash; the drawing is repeatable and keeps to its plan."""

from __future__ import annotations

import json
import lzma
from collections import Counter
from pathlib import Path

import pytest
from typer.testing import CliRunner

from data.__main__ import app
from data.draw import draw, load_plan
from data.lexicon import load_lexicon
from data.records import Document, digest, read_jsonl
from data.sentences import segment
from data.share import share
from data.sources import find_texts, read_sources

SEEDS = Path(__file__).parent.parent / "seeds"
SHARED = SEEDS.parent.parent / "shared"
COUNTY = (
    "{}县要清理河道。去年栽树三万株。部分堤防年久失修，隐患突出。要培养水利工程师，给他们配齐仪器。天气晴好。"
    "闸站设备老化，存在明显短板。引进高层次人才充实设计院。汛期水位监测能力不足，预报时效偏短。沿河村庄已全部通车。"
    "每年选派技术人才到乡镇水管站跟班学习。渠系配套率仍然偏低，末级渠道渗漏严重。今年雨水比往年来得早一些。"
)
PLAN = """
seed: 1
rare: [problem, talent]
strata:
  - {match: '^letters/', documents: 1, evenly: 99}
  - {match: 'jsonl.xz#', documents: 3, least: 4, evenly: 2, enriched: 2, more: {problem: 1, platform: 9}}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A letter, a collection of five documents that are alike and a short one, and things that are no text."""
    home = tmp_path / "公开 文本"
    (home / "letters").mkdir(parents=True)
    (home / "letters" / "a.txt").write_text("要修桥。\r\n桥已修好。", encoding="gb18030")
    (home / "letters" / "broken.pdf").write_bytes(b"%PDF-1.7 nothing")
    (home / ".hidden.txt").write_text("要藏。", encoding="utf-8")
    names = ["甲", "乙", "丙", "丁", "戊"]
    rows = [{"id": name, "title": f" {name}县", "text": COUNTY.format(name)} for name in names]
    with lzma.open(home / "counties.jsonl.xz", "wt", encoding="utf-8") as lines:
        lines.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        lines.write("\n" + json.dumps({"text": "太短。"}) + "\n")
    return home


def test_that_documents_and_lines_of_collections_are_read(folder: Path) -> None:
    found = {d.source: d for d in read_sources(folder)}
    assert list(found) == [*(f"counties.jsonl.xz#{x}" for x in "甲乙丙丁戊"), "counties.jsonl.xz#7", "letters/a.txt"]
    assert found["counties.jsonl.xz#甲"].title == "甲县"
    assert found["letters/a.txt"].text == "要修桥。\r\n桥已修好。"


def test_that_a_text_is_found_by_its_hash_alone(folder: Path) -> None:
    wanted = digest(COUNTY.format("丙"))
    found = find_texts(folder, {wanted[:16], digest("不在这里")[:16]})
    assert list(found) == [wanted]
    document, sentences = found[wanted]
    assert sentences == segment(Document.of(document.text))


@pytest.mark.parametrize("line", ["[1]", "{", '{"id": 1}', '{"text": null}'])
def test_that_a_line_without_a_text_is_named(tmp_path: Path, line: str) -> None:
    (tmp_path / "a.jsonl").write_text('{"text": "要修桥。"}\n' + line, encoding="utf-8")
    with pytest.raises(ValueError, match=r"a\.jsonl:2: expected a JSON object with a text"):
        list(read_sources(tmp_path))


@pytest.mark.parametrize(
    ("name", "raw"),
    [
        ("a.jsonl.xz", b"no xz"),
        ("a.jsonl.xz", lzma.compress(b'{"text": "x"}')[:-9]),
        ("a.jsonl", "要修桥。".encode("gb18030")),
    ],
)
def test_that_a_broken_collection_is_named(tmp_path: Path, name: str, raw: bytes) -> None:
    (tmp_path / name).write_bytes(raw)
    with pytest.raises(ValueError, match=rf"{name}: expected JSON lines in UTF-8"):
        list(read_sources(tmp_path))


def test_that_a_folder_without_texts_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="expected documents or collections"):
        list(read_sources(tmp_path))
    with pytest.raises(ValueError, match="expected a folder"):
        list(read_sources(tmp_path / "none"))


def test_that_the_drawing_keeps_to_its_plan_and_is_repeatable(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "plan.yaml").write_text(PLAN.replace("documents: 3", "documents: 1"), encoding="utf-8")
    plan, lexicon = load_plan(tmp_path / "plan.yaml"), load_lexicon(SEEDS / "lexicon.yaml")
    drawn = draw(folder, plan, lexicon)
    assert drawn == draw(folder, plan, lexicon)
    letter = [row for row in drawn if row.source == "letters/a.txt"]
    assert [(row.start, row.end, row.why, row.of) for row in letter] == [(0, 4, "evenly", 2), (6, 11, "evenly", 2)]
    county = [row for row in drawn if row not in letter]
    assert Counter(row.why for row in county) == {"evenly": 2, "problem": 2, "talent": 1}
    text = COUNTY.format(county[0].source[-1])
    for row in county:
        assert row.document == digest(text)
        assert row.sentence == digest(text[row.start : row.end])
        assert row.why in ("evenly", *lexicon.labels(text[row.start : row.end]))


def test_that_a_label_without_cues_can_not_be_drawn_for(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "plan.yaml").write_text(PLAN.replace("talent", "talant"), encoding="utf-8")
    with pytest.raises(ValueError, match=r"\['talant'\] have no cues"):
        draw(folder, load_plan(tmp_path / "plan.yaml"), load_lexicon(SEEDS / "lexicon.yaml"))


def test_that_of_documents_alike_one_is_drawn(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "plan.yaml").write_text(PLAN, encoding="utf-8")
    with pytest.raises(ValueError, match="expected 3 documents of 4 and more sentences, found 1"):
        draw(folder, load_plan(tmp_path / "plan.yaml"), load_lexicon(SEEDS / "lexicon.yaml"))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "seed: 1",
        "{seed: x, rare: [], strata: []}",
        "{seed: 1, rare: [], strata: [{a: 1}]}",
        "{seed: 1, rare: [], strata: [{match: x, documents: '3'}]}",
    ],
)
def test_that_a_plan_of_another_kind_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "plan.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=r"plan\.yaml: expected seed, rare and strata"):
        load_plan(tmp_path / "plan.yaml")


@pytest.mark.skipif(not SHARED.is_dir(), reason="the published documents are not at hand (../shared)")
def test_that_the_drawing_on_record_can_be_drawn_again(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["draw", str(SHARED), "--out", str(tmp_path / "again.jsonl")])
    assert done.exit_code == 0, done.output
    assert (tmp_path / "again.jsonl").read_bytes() == (SEEDS / "drawing.jsonl").read_bytes()


def test_that_shared_annotations_say_nothing_that_people_wrote(tmp_path: Path) -> None:
    row = {"document": "d", "start": 0, "end": 4, "sentence": "s", "labels": [], "annotators": ["li@example.org"]}
    private = {"comment": "要修桥", "updated_at": "2026-01-01T00:00:00Z", "pieces": [[0, 4]], "unsure": False}
    rows = [row | private, row | {"start": 4, "end": 9, "pieces": [[4, 5], [7, 9]], "unsure": True}]
    (tmp_path / "pulled.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    assert share([tmp_path / "pulled.jsonl"], tmp_path / "out.jsonl") == 2
    assert list(read_jsonl(tmp_path / "out.jsonl")) == [
        row | {"annotators": ["li"]},
        row | {"start": 4, "end": 9, "annotators": ["li"], "pieces": [[4, 5], [7, 9]], "unsure": True},
    ]
    (tmp_path / "later.jsonl").write_text(json.dumps(row | {"labels": ["x"]}), encoding="utf-8")
    with pytest.raises(ValueError, match="share each file by itself"):
        share([tmp_path / "pulled.jsonl", tmp_path / "later.jsonl"], tmp_path / "out.jsonl")
    twins = [row, row | {"annotators": ["li@example.com"]}]
    (tmp_path / "pulled.jsonl").write_text("\n".join(map(json.dumps, twins)), encoding="utf-8")
    with pytest.raises(ValueError, match="names that differ before the @"):
        share([tmp_path / "pulled.jsonl"], tmp_path / "out.jsonl")
