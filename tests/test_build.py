from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path

import datasets
import pytest
from opencc import OpenCC

from data.build import Sources, build, resolve
from data.corpus import load_corpus
from data.ingest import ingest
from data.records import CLASSIFIED_KINDS, Annotation, Document, Sentence, digest, read_jsonl, write_jsonl
from data.split import SPLITS, read_split

ROOT = Path(__file__).parent.parent
LABELS = ROOT / "seeds" / "labels.yaml"
STARTER = ROOT / "seeds" / "annotations" / "starter.jsonl"
SPLIT = ROOT / "seeds" / "split.json"
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
    labelled = {(a.document, a.start, a.end) for _, a, _ in resolve([STARTER])}
    assert labelled == standing


def test_that_the_dataset_is_split_by_document_and_loads_offline(corpus: Path, tmp_path: Path) -> None:
    facts = build(Sources([corpus], [STARTER], LABELS), tmp_path / "examples", SHARES, 13)
    assert facts["left_out"] == {}
    loaded = datasets.load_dataset(str(tmp_path / "examples"), cache_dir=str(tmp_path / "cache"))
    assert set(loaded) == set(SPLITS)
    sides = {side: {row["doc_id"] for row in loaded[side]} for side in SPLITS}
    assert not sides["train"] & sides["test"]
    assert not sides["train"] & sides["validation"]
    assert not sides["validation"] & sides["test"]
    for side in SPLITS:
        found = {label for row in loaded[side] for label in row["labels"]}
        assert found == {"problem", "recommendation", "target", "funding", "talent", "platform"}
    assert build(Sources([corpus], [STARTER], LABELS), tmp_path / "examples", SHARES, 13)["reused"]


def marked(corpus: Path, *labels: list[str]) -> list[Annotation]:
    documents, sentences = load_corpus(corpus)
    by_id = {d.id: d for d in documents}
    first = {s.doc_id: s for s in reversed(sentences)}.values()
    return [
        Annotation(by_id[s.doc_id].sha256, s.start, s.end, digest(s.text), chosen, ["甲"])
        for s in first
        for chosen in labels
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
    assert facts["left_out"] == {"text differs from the one labelled": 1, "text not at hand": 1}


def test_that_a_label_outside_the_set_is_refused(corpus: Path, tmp_path: Path) -> None:
    write_jsonl(tmp_path / "a.jsonl", marked(corpus, ["money"]))
    with pytest.raises(ValueError, match=r"\['money'\].*not in the label set"):
        build(Sources([corpus], [tmp_path / "a.jsonl"], LABELS), tmp_path / "out", SHARES, 13)


def test_that_annotations_carry_no_text() -> None:
    allowed = {"document", "start", "end", "sentence", "labels", "annotators", "pieces", "unsure"}
    assert all(set(row) <= allowed for row in read_jsonl(STARTER))


def test_that_an_even_split_between_annotators_is_left_to_people(corpus: Path, tmp_path: Path) -> None:
    rows = marked(corpus, ["funding"])
    write_jsonl(tmp_path / "a.jsonl", [*rows, *marked(corpus, ["talent"])[:2]])
    facts = build(Sources([corpus], [tmp_path / "a.jsonl"], LABELS), tmp_path / "out", SHARES, 13)
    assert facts["left_out"] == {"annotators disagree": 2}


def test_that_the_split_of_the_starter_corpus_is_on_record(corpus: Path) -> None:
    documents, _ = load_corpus(corpus)
    assert set(read_split(SPLIT)) == {d.id for d in documents}


def test_that_a_folder_that_is_not_ours_is_never_replaced(corpus: Path, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("论文", encoding="utf-8")
    with pytest.raises(ValueError, match="not ours to replace"):
        build(Sources([corpus], [STARTER], LABELS), tmp_path / "mine", SHARES, 13)
    assert (tmp_path / "mine" / "thesis.txt").exists()


def with_another(text: str, home: Path) -> tuple[Path, list[Path], list[Sentence]]:
    """A corpus of one more document, annotation files in which all its sentences have the label funding, and these."""
    (home / "new.txt").write_text(text, encoding="utf-8")
    ingest([home / "new.txt"], home / "new")
    documents, sentences = load_corpus(home / "new")
    sentences = [s for s in sentences if s.kind in CLASSIFIED_KINDS]
    rows = [Annotation(documents[0].sha256, s.start, s.end, digest(s.text), ["funding"], ["甲"]) for s in sentences]
    write_jsonl(home / "new.jsonl", rows)
    return home / "new", [STARTER, home / "new.jsonl"], sentences


def document_on(corpus: Path, side: str) -> Document:
    """A plain-text document of the starter corpus that is on record for a split."""
    recorded = read_split(SPLIT)
    return next(d for d in load_corpus(corpus)[0] if recorded[d.id] == side and d.source.endswith(".txt"))


@pytest.mark.parametrize("side", SPLITS)
def test_that_a_copy_follows_the_document_on_record(corpus: Path, tmp_path: Path, side: str) -> None:
    original = document_on(corpus, side)
    new, annotations, sentences = with_another(f"（转载）\n{OpenCC('s2t').convert(original.text)}", tmp_path)
    facts = build(Sources([corpus, new], annotations, LABELS, SPLIT), tmp_path / "out", SHARES, 13)
    name = sentences[0].doc_id
    assert read_split(tmp_path / "out" / "split.json") == {**read_split(SPLIT), name: side}
    assert facts["groups"] == {"groups": 1, "documents": 2}
    assert (facts["left_out"], facts["warnings"]) == ({}, [])
    [group] = json.loads((tmp_path / "out" / "groups.json").read_text(encoding="utf-8"))
    assert group["documents"] == {original.id: original.source, name: "new.txt"}
    assert group["overlaps"][0]["containment"] > 0.95


def test_that_train_keeps_no_sentence_of_test_where_the_record_has_copies_on_both(corpus: Path, tmp_path: Path) -> None:
    original = document_on(corpus, "test")
    new, annotations, sentences = with_another(original.text + "\n（转载）", tmp_path)
    record = tmp_path / "split.json"
    record.write_text(json.dumps({**read_split(SPLIT), sentences[0].doc_id: "train"}), encoding="utf-8")
    facts = build(Sources([corpus, new], annotations, LABELS, record), tmp_path / "out", SHARES, 13)
    train, test = (
        {row["text"] for row in read_jsonl(tmp_path / "out" / f"{side}.jsonl")} for side in ("train", "test")
    )
    assert all(len(re.findall(r"[\u4e00-\u9fff]", text)) < 10 for text in train & test)
    left_out = Counter(facts["left_out"])  # type: ignore[call-overload]
    assert left_out["repeated in validation or test"] > len(sentences) / 2
    warning = str(facts["warnings"])
    assert "new.txt" in warning
    assert "different sides" in warning


def test_that_the_starter_corpus_loses_nothing_and_keeps_its_split(corpus: Path, tmp_path: Path) -> None:
    facts = build(Sources([corpus], [STARTER], LABELS, SPLIT), tmp_path / "out", SHARES, 13)
    assert (facts["left_out"], facts["warnings"]) == ({}, [])
    assert facts["groups"] == {"groups": 0, "documents": 0}
    assert read_split(tmp_path / "out" / "split.json") == read_split(SPLIT)
