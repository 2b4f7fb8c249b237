from __future__ import annotations

import json
import lzma
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import datasets
import pytest
from opencc import OpenCC
from typer.testing import CliRunner

from data.__main__ import app
from data.annotation_files import annotation_files
from data.build import Sources, build
from data.card import NO_DOCUMENT, PUBLISHED
from data.corpus import load_corpus
from data.decisions import resolve
from data.files import tree_hashes
from data.ingest import ingest
from data.records import CLASSIFIED_KINDS, Annotation, Document, Sentence, digest, read_jsonl, write_jsonl
from data.register import Entry, read_register, write_register
from data.sentences import segment
from data.split import SPLITS

ROOT = Path(__file__).parent.parent
LABELS = ROOT / "seeds" / "labels.yaml"
ANNOTATIONS = sorted((ROOT / "seeds" / "annotations").glob("*.jsonl"))
SHARED = ROOT.parent / "shared"
REGISTER = ROOT / "seeds" / "register.json"
SHARES = (0.64, 0.18, 0.18)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("语料 库") / "corpus"
    ingest([ROOT / "seeds" / "documents"], out)
    return out


def test_that_every_sentence_of_the_starter_corpus_is_labelled(corpus: Path) -> None:
    documents, sentences = load_corpus(corpus)
    names = {d.id: d.sha256 for d in documents}
    standing = {(names[s.doc_id], s.start, s.end) for s in sentences if s.kind in ("body", "heading", "list_item")}
    labelled = {(a.document, a.start, a.end) for _, a, _ in resolve(ANNOTATIONS) if a.document in names.values()}
    assert labelled == standing


def test_that_the_dataset_is_split_by_document_and_loads_offline(corpus: Path, tmp_path: Path) -> None:
    build(Sources([corpus], ANNOTATIONS, LABELS), tmp_path / "examples", SHARES, 13)
    loaded = datasets.load_dataset(str(tmp_path / "examples"), cache_dir=str(tmp_path / "cache"))
    assert set(loaded) == set(SPLITS)
    sides = {side: {row["doc_id"] for row in loaded[side]} for side in SPLITS}
    assert not sides["train"] & sides["test"]
    assert not sides["train"] & sides["validation"]
    assert not sides["validation"] & sides["test"]
    for side in SPLITS:
        found = {label for row in loaded[side] for label in row["labels"]}
        assert found == {"problem", "recommendation", "target", "funding", "talent", "platform"}
    assert build(Sources([corpus], ANNOTATIONS, LABELS), tmp_path / "examples", SHARES, 13)["reused"]


def marked(corpus: Path, *labels: list[str], who: str = "甲") -> list[Annotation]:
    """The first sentence of every document, labelled by as many people as there are lists of labels."""
    documents, sentences = load_corpus(corpus)
    by_id = {d.id: d for d in documents}
    first = {s.doc_id: s for s in reversed(sentences)}.values()
    return [
        Annotation(by_id[s.doc_id].sha256, s.start, s.end, digest(s.text), chosen, [f"{who}{i}"])
        for s in first
        for i, chosen in enumerate(labels)
    ]


def test_that_the_majority_decides_and_a_later_file_wins(corpus: Path, tmp_path: Path) -> None:
    three = marked(corpus, ["funding", "talent"], ["funding"], ["platform"])
    write_jsonl(tmp_path / "a.jsonl", three)
    assert {tuple(labels or ()) for *_, labels in resolve([tmp_path / "a.jsonl"])} == {("funding",)}
    write_jsonl(tmp_path / "b.jsonl", marked(corpus, [])[:1])
    decided = [labels or [] for *_, labels in resolve([tmp_path / "a.jsonl", tmp_path / "b.jsonl"])]
    assert sorted(decided) == [[]] + [["funding"]] * (len(decided) - 1)


def test_that_labels_without_their_text_are_counted_not_guessed(corpus: Path, tmp_path: Path) -> None:
    good = marked(corpus, ["funding"])
    moved = Annotation(good[0].document, good[0].start, good[0].end, digest("别的话。"), [], ["甲"])
    absent = Annotation(digest("不在手边的文件"), 0, 3, digest("某某某"), [], ["甲"])
    write_jsonl(tmp_path / "a.jsonl", [*good[1:], moved, absent])
    facts = build(Sources([corpus], [tmp_path / "a.jsonl"], LABELS), tmp_path / "out", SHARES, 13)
    assert facts["left_out"] == {"text differs from the one labelled": 1, NO_DOCUMENT: 1}


def test_that_a_label_outside_the_set_is_refused(corpus: Path, tmp_path: Path) -> None:
    write_jsonl(tmp_path / "a.jsonl", marked(corpus, ["money"]))
    with pytest.raises(ValueError, match=r"\['money'\].*not in the label set"):
        build(Sources([corpus], [tmp_path / "a.jsonl"], LABELS), tmp_path / "out", SHARES, 13)


def test_that_annotations_carry_no_text() -> None:
    allowed = {"document", "start", "end", "sentence", "labels", "annotators", "pieces", "unsure"}
    assert all(set(row) <= allowed for row in (row for path in ANNOTATIONS for row in read_jsonl(path)))


def test_that_an_even_split_between_annotators_is_left_to_people(corpus: Path, tmp_path: Path) -> None:
    rows = marked(corpus, ["funding"])
    write_jsonl(tmp_path / "a.jsonl", [*rows, *marked(corpus, ["talent"], who="乙")[:2]])
    facts = build(Sources([corpus], [tmp_path / "a.jsonl"], LABELS), tmp_path / "out", SHARES, 13)
    assert facts["left_out"] == {"annotators disagree": 2}


def test_that_every_labelled_document_is_on_record(corpus: Path) -> None:
    register = read_register(REGISTER)
    labelled = {annotation.document[:16] for _, annotation, _ in resolve(ANNOTATIONS)}
    assert set(register) == labelled
    documents, _ = load_corpus(corpus)
    assert {name for name, entry in register.items() if entry.origin == "starter"} == {d.id for d in documents}
    assert all(entry.split and entry.genre for entry in register.values())
    assert {entry.split for entry in register.values() if entry.origin == "published"} == {"test_published"}


def test_that_a_folder_that_is_not_ours_is_never_replaced(corpus: Path, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("论文", encoding="utf-8")
    with pytest.raises(ValueError, match="not ours to replace"):
        build(Sources([corpus], ANNOTATIONS, LABELS), tmp_path / "mine", SHARES, 13)
    assert (tmp_path / "mine" / "thesis.txt").exists()


def with_another(text: str, home: Path) -> tuple[Path, list[Path], list[Sentence]]:
    """A corpus of one more document, annotation files in which all its sentences are labelled funding, and these."""
    (home / "new.txt").write_text(text, encoding="utf-8")
    ingest([home / "new.txt"], home / "new")
    documents, sentences = load_corpus(home / "new")
    sentences = [s for s in sentences if s.kind in CLASSIFIED_KINDS]
    rows = [Annotation(documents[0].sha256, s.start, s.end, digest(s.text), ["funding"], ["甲"]) for s in sentences]
    write_jsonl(home / "new.jsonl", rows)
    return home / "new", [*ANNOTATIONS, home / "new.jsonl"], sentences


def document_on(corpus: Path, side: str) -> Document:
    """A plain-text document of the starter corpus that is on record for a split."""
    recorded = read_register(REGISTER)
    return next(d for d in load_corpus(corpus)[0] if recorded[d.id].split == side and d.source.endswith(".txt"))


@pytest.mark.parametrize("side", SPLITS)
def test_that_a_copy_follows_the_document_on_record(corpus: Path, tmp_path: Path, side: str) -> None:
    original = document_on(corpus, side)
    new, annotations, sentences = with_another(f"（转载）\n{OpenCC('s2t').convert(original.text)}", tmp_path)
    facts = build(Sources([corpus, new], annotations, LABELS, REGISTER), tmp_path / "out", SHARES, 13)
    assert read_register(tmp_path / "out" / "register.json")[sentences[0].doc_id] == Entry(side)
    assert facts["groups"] == {"groups": 1, "documents": 2}
    [group] = json.loads((tmp_path / "out" / "groups.json").read_text(encoding="utf-8"))
    assert group["documents"] == {original.id: original.source, sentences[0].doc_id: "new.txt"}
    assert group["overlaps"][0]["containment"] > 0.95


@pytest.mark.parametrize("record", [False, True])
def test_that_copies_on_record_for_different_splits_fail_the_build(corpus: Path, tmp_path: Path, record: bool) -> None:
    original = document_on(corpus, "test")
    new, annotations, sentences = with_another(original.text + "\n（转载）", tmp_path)
    write_register(tmp_path / "r.json", {**read_register(REGISTER), sentences[0].doc_id: Entry("train")})
    with pytest.raises(ValueError, match=r"leakage: .*new\.txt.*train.* share much of their text"):
        build(Sources([corpus, new], annotations, LABELS, tmp_path / "r.json"), tmp_path / "out", SHARES, 13, record)
    assert not (tmp_path / "out").exists()
    assert read_register(tmp_path / "r.json")[sentences[0].doc_id] == Entry("train")


def test_that_the_guard_stops_what_was_not_left_out(
    corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("data.build.leave_out_repeats", lambda rows: (rows, Counter()))
    with pytest.raises(ValueError, match="leakage: one sentence stands in"):
        build(Sources([corpus], ANNOTATIONS, LABELS, REGISTER), tmp_path / "out", SHARES, 13)


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        ({"corpora": [Path("nowhere")]}, "expected a corpus directory; make one"),
        ({"annotations": [Path("nowhere.jsonl")]}, "expected a file of annotations"),
        ({"register": Path("nowhere.json")}, "expected a register"),
        ({"published": LABELS}, "expected a folder of published texts, got a file"),
    ],
)
def test_that_a_path_that_is_not_there_is_named(
    corpus: Path, tmp_path: Path, broken: dict[str, Any], reason: str
) -> None:
    sources = replace(Sources([corpus], ANNOTATIONS, LABELS, REGISTER), **broken)
    with pytest.raises(ValueError, match=reason):
        build(sources, tmp_path / "out", SHARES, 13)


def test_that_a_sentence_of_a_test_set_is_left_out_of_train(corpus: Path, tmp_path: Path) -> None:
    name = document_on(corpus, "test").id
    borrowed = [s.text for s in load_corpus(corpus)[1] if s.doc_id == name and s.kind == "body" and len(s.text) > 30][
        :3
    ]
    own = [f"第{i}个县要在年底以前把荒废的梨园改种花椒，并为合作社配齐烘干设备和冷藏车。" for i in "一二三四五六七八九"]
    new, annotations, sentences = with_another("\n".join([*own, *borrowed]), tmp_path)
    write_register(tmp_path / "r.json", {**read_register(REGISTER), sentences[0].doc_id: Entry("train")})
    reason, alone = "repeated in validation or test", Sources([corpus], ANNOTATIONS, LABELS, REGISTER)
    before = build(alone, tmp_path / "alone", SHARES, 13)["left_out"][reason]
    facts = build(Sources([corpus, new], annotations, LABELS, tmp_path / "r.json"), tmp_path / "out", SHARES, 13)
    assert facts["left_out"][reason] == before + 3


def test_that_new_documents_are_recorded_once_and_for_all(corpus: Path, tmp_path: Path) -> None:
    new, annotations, sentences = with_another("要在梨园里改种花椒，并配齐烘干设备。市里没有冷藏车。", tmp_path)
    write_register(tmp_path / "r.json", read_register(REGISTER))
    sources = Sources([corpus, new], annotations, LABELS, tmp_path / "r.json")
    build(sources, tmp_path / "out", SHARES, 13, record=True)
    recorded = read_register(tmp_path / "r.json")
    assert recorded[sentences[0].doc_id].split in SPLITS
    assert {name: recorded[name] for name in read_register(REGISTER)} == read_register(REGISTER)
    build(sources, tmp_path / "out", SHARES, 99, record=True)
    assert read_register(tmp_path / "r.json") == recorded


def test_that_the_starter_corpus_keeps_its_split_and_loses_only_a_closing_formula(corpus: Path, tmp_path: Path) -> None:
    facts = build(Sources([corpus], ANNOTATIONS, LABELS, REGISTER), tmp_path / "out", SHARES, 13)
    left_out = {reason: count for reason, count in facts["left_out"].items() if reason != PUBLISHED}
    assert left_out == {"repeated in validation or test": 1, "repeated in test": 1}  # 自…起施行，有效期五年
    assert facts["groups"] == {"groups": 0, "documents": 0}
    recorded = read_register(REGISTER)
    built = read_register(tmp_path / "out" / "register.json")
    assert built == {name: entry for name, entry in recorded.items() if entry.origin == "starter"}


def test_that_published_texts_join_when_they_are_at_hand(corpus: Path, tmp_path: Path) -> None:
    """A document and a line of a collection, labelled stand-off; and how many are left out without them."""
    texts = {"a": "市里缺少冷藏车。要配齐烘干设备。", "b": "去年引进农艺师三名。"}
    folder = tmp_path / "texts"
    folder.mkdir()
    (folder / "a.txt").write_text(texts["a"], encoding="utf-8")
    with lzma.open(folder / "more.jsonl.xz", "wt", encoding="utf-8") as lines:
        lines.write(json.dumps({"id": "b", "title": "农艺", "text": texts["b"]}) + "\n")
    rows = [
        Annotation(digest(text), s.start, s.end, digest(s.text), ["talent"], ["甲"])
        for text in texts.values()
        for s in segment(Document.of(text))
    ]
    write_jsonl(tmp_path / "a.jsonl", rows)
    register = {digest(text)[:16]: Entry("test_published", "published", name) for name, text in texts.items()}
    write_register(tmp_path / "r.json", read_register(REGISTER) | register)
    sources = Sources([corpus], [*ANNOTATIONS, tmp_path / "a.jsonl"], LABELS, tmp_path / "r.json")
    without = build(sources, tmp_path / "out", SHARES, 13)
    with_texts = build(replace(sources, published=folder), tmp_path / "out", SHARES, 13)
    assert without["left_out"][PUBLISHED] - with_texts["left_out"].get(PUBLISHED, 0) == 3
    assert "test_published" not in without["splits"]
    found = list(read_jsonl(tmp_path / "out" / "test_published.jsonl"))
    assert [row["text"] for row in found if row["genre"] == "a"] == ["市里缺少冷藏车。", "要配齐烘干设备。"]
    assert {row["origin"] for row in found} == {"published"}
    assert "license: other" in (tmp_path / "out" / "README.md").read_text(encoding="utf-8")
    assert set(datasets.load_dataset(str(tmp_path / "out"), cache_dir=str(tmp_path / "c"))) == {
        *SPLITS,
        "test_published",
    }
    again = build(replace(sources, published=folder), tmp_path / "again", SHARES, 13)
    assert again == with_texts
    assert tree_hashes(tmp_path / "again") == tree_hashes(tmp_path / "out")


def test_that_the_card_says_who_labelled_and_how_far_they_agree(corpus: Path, tmp_path: Path) -> None:
    options = ["--corpus", str(corpus), "--out", str(tmp_path / "out")]
    done = CliRunner().invoke(app, ["build", *options])
    assert done.exit_code == 0, done.output
    card = (tmp_path / "out" / "README.md").read_text(encoding="utf-8")
    assert "The annotators are language models" in card
    assert "| label | sentences | chosen | all the same | alpha | kappa lm-a, lm-b |" in card
    assert "| 2-adjudicated.jsonl | lm-c | 236 | 0 | 0 | 236 | 0 |" in card
    assert "| starter | train |" in card
    assert "| policy essay | test |" in card
    assert "license: apache-2.0" in card
    for told in (card, done.output):  # the labels that ship without texts are no loss, and say how they come in
        assert "published texts ship without these texts; `--sources DIR` brings them in" in told
        assert "left out 3514" not in told


def test_that_the_card_of_other_labels_says_nothing_of_ours(corpus: Path, tmp_path: Path) -> None:
    people = [replace(row, annotators=["li@example.org"]) for row in marked(corpus, ["funding"])]
    write_jsonl(tmp_path / "a.jsonl", people)
    write_jsonl(tmp_path / "b.jsonl", [replace(people[0], labels=[]), people[1]])
    options = ["--corpus", str(corpus), "--out", str(tmp_path / "out")]
    files = [option for name in ("a", "b") for option in ("--annotations", str(tmp_path / f"{name}.jsonl"))]
    assert CliRunner().invoke(app, ["build", *files, *options]).exit_code == 0
    card = (tmp_path / "out" / "README.md").read_text(encoding="utf-8")
    assert "language models" not in card
    assert "@" not in card
    assert "| b.jsonl | li | 2 | 0 | 0 | 2 | 1 |" in card


@pytest.mark.skipif(not SHARED.is_dir(), reason="the published documents are not at hand (../shared)")
def test_that_every_shipped_label_stands_on_a_published_or_shipped_text(corpus: Path, tmp_path: Path) -> None:
    facts = build(Sources([corpus], ANNOTATIONS, LABELS, REGISTER, SHARED), tmp_path / "out", SHARES, 13)
    assert set(facts["left_out"]) <= {"repeated in validation or test", "repeated in test"}
    assert facts["splits"]["test_published"]["documents"] == 5


def test_that_a_folder_of_annotations_is_its_files_by_name(tmp_path: Path) -> None:
    folder, alone = tmp_path / "pulled", tmp_path / "alone.jsonl"
    folder.mkdir()
    with pytest.raises(ValueError, match="expected files of annotations"):
        annotation_files([alone, folder])
    for name in ("政策·裁定.jsonl", "政策.jsonl", "政策.gone"):
        (folder / name).touch()
    assert [path.name for path in annotation_files([alone, folder])] == ["alone.jsonl", "政策.jsonl", "政策·裁定.jsonl"]
