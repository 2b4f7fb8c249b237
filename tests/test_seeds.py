"""What people write before any model exists: labels, guideline, lexicon, starter corpus."""

from __future__ import annotations

import lzma
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from data.decisions import resolve
from data.labels import load_labels
from data.lexicon import load_lexicon
from data.normalize import normalize, to_simplified
from data.records import read_jsonl
from data.register import read_register

ROOT = Path(__file__).parent.parent
SEEDS, SHARED = ROOT / "seeds", ROOT.parent / "shared"
IDS = ["problem", "recommendation", "target", "funding", "talent", "platform"]
NAMES = ["问题", "建议举措", "目标", "资金", "人才", "平台"]
NAME = "|".join(NAMES)
EXAMPLE = re.compile(rf"^- “.+” → (无|(?:{NAME})(?:、(?:{NAME}))*)(?:（.*）)?$", re.M)
RUN = 20  # Han characters in a row that may not stand in a published document too


def test_that_the_label_set_has_the_six_labels_in_class_order() -> None:
    labels = load_labels(SEEDS / "labels.yaml")
    assert labels.ids == IDS
    assert list(labels.names.values()) == NAMES
    assert len({label.hotkey for label in labels.labels}) == len({label.color for label in labels.labels}) == 6
    assert labels.vector(["talent", "problem"]) == [1, 0, 0, 0, 1, 0]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("labels: []", "non-empty list"),
        ("labels: [{name: 资金}]", "ASCII id"),
        ("labels: [{id: 资金}]", "ASCII id"),
        ("labels: [{id: none}]", "reserved"),
        ("labels: [{id: a}, {id: a}]", "must differ"),
    ],
)
def test_that_a_bad_label_set_is_refused(tmp_path: Path, text: str, reason: str) -> None:
    path = tmp_path / "labels.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=reason):
        load_labels(path)


def test_that_the_guideline_answers_every_example_in_the_names_that_annotators_see() -> None:
    text = (SEEDS / "guideline.md").read_text(encoding="utf-8")
    answers = EXAMPLE.findall(text)
    assert len(answers) == sum(line.startswith("- “") for line in text.splitlines()) >= 70
    said = [answer.split("、") for answer in answers]
    assert {name for names in said for name in names} == {*NAMES, "无"}
    assert all(names == sorted(set(names), key=NAMES.index) for names in said if names != ["无"])
    assert said.count(["无"]) >= 15
    assert not any(label in text for label in IDS)


def test_that_the_lexicon_matches_its_examples_and_nothing_else() -> None:
    path = SEEDS / "lexicon.yaml"
    lexicon = load_lexicon(path)
    assert [cue.label for cue in lexicon.cues] == IDS
    for label, row in yaml.safe_load(path.read_text(encoding="utf-8")).items():
        for pattern in row.get("patterns", []):
            assert re.search(pattern["pattern"], normalize(pattern["example"])), (label, pattern)
    assert lexicon.labels("会议于上午九时开始。") == []
    assert lexicon.labels("企业融资难问题依然存在。") == ["problem", "funding"]


def test_that_a_cue_inside_an_excepted_phrase_does_not_count(tmp_path: Path) -> None:
    path = tmp_path / "lexicon.yaml"
    path.write_text("talent: {phrases: [人才], unless: [人才链]}", encoding="utf-8")
    lexicon = load_lexicon(path)
    assert lexicon.labels("推动人才链融合") == []
    assert lexicon.labels("推动人才链融合，引进人才") == ["talent"]
    path.write_text("talent: {patterns: [{pattern: '(', example: x}]}", encoding="utf-8")
    with pytest.raises(ValueError, match="'talent'"):
        load_lexicon(path)


def grams(text: str) -> set[str]:
    han = re.sub(r"[^\u4e00-\u9fff]", "", to_simplified(text))
    return {han[i : i + RUN] for i in range(len(han) - RUN + 1)}


def published() -> Iterator[str]:
    for path in sorted((SHARED / "seeds").glob("*.txt")):
        yield path.read_text(encoding="utf-8")
    for path in sorted((SHARED / "corpora").glob("*.jsonl.xz")):
        with lzma.open(path, "rt", encoding="utf-8") as lines:
            yield from lines


@pytest.mark.skipif(not SHARED.is_dir(), reason="the published documents are not at hand (../shared)")
def test_that_no_sentence_of_a_published_document_stands_in_the_seeds() -> None:
    files = [path for path in SEEDS.rglob("*") if path.is_file() and path.suffix != ".png"]
    ours = {g: path for path in files for g in grams(path.read_text(encoding="utf-8"))}
    assert len(ours) > 20_000
    for text in published():
        for gram in grams(text) & set(ours):
            pytest.fail(f"{ours[gram].name} carries {gram}, which stands in a published document")


def test_that_the_starter_corpus_covers_every_label_and_none() -> None:
    register = read_register(SEEDS / "register.json")
    decided = resolve(sorted((SEEDS / "annotations").glob("*.jsonl")))
    rows = [labels for _, a, labels in decided if labels is not None and register[a.document[:16]].origin == "starter"]
    assert len(list((SEEDS / "documents").iterdir())) >= 40
    assert len(rows) >= 1800
    assert min(sum(label in row for row in rows) for label in IDS) >= 150
    assert min(sum(label in row for row in rows) for label in ("problem", "target")) >= 0.9 * sum(
        "talent" in row for row in rows
    )
    assert sum(not row for row in rows) >= 0.15 * len(rows)


def test_that_published_text_is_labelled_beyond_the_starter_corpus() -> None:
    register = read_register(SEEDS / "register.json")
    places = [a for _, a, _ in resolve(sorted((SEEDS / "annotations").glob("*.jsonl")))]
    drawn = [a for a in places if register[a.document[:16]].origin == "drawn"]
    assert len(drawn) >= 2600
    assert len({a.document for a in drawn}) >= 120
    assert {(a.document, a.start, a.end) for a in places if register[a.document[:16]].origin != "starter"} == {
        (row["document"], row["start"], row["end"]) for row in read_jsonl(SEEDS / "drawing.jsonl")
    }
