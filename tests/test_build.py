from __future__ import annotations

from collections import Counter
from pathlib import Path

import datasets
import pytest

from data.build import Sources, build, resolve
from data.ingest import ingest, load_corpus
from data.records import Annotation, digest, read_jsonl, write_jsonl
from data.split import SPLITS, place_documents, read_split, split_documents

ROOT = Path(__file__).parent.parent
LABELS = ROOT / "seeds" / "labels.yaml"
STARTER = ROOT / "seeds" / "annotations" / "starter.jsonl"
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


def test_that_a_split_is_balanced_and_repeatable() -> None:
    counts = {f"d{i}": Counter({"": 10, "funding": i}) for i in range(20)}
    split = split_documents(counts, (0.6, 0.2, 0.2), 1)
    assert split == split_documents(counts, (0.6, 0.2, 0.2), 1)
    assert Counter(split.values()) == {"train": 12, "validation": 4, "test": 4}
    share = sum(counts[d]["funding"] for d, side in split.items() if side == "test") / sum(range(20))
    assert 0.15 < share < 0.25
    with pytest.raises(ValueError, match="at least 3"):
        split_documents({"a": Counter(), "b": Counter()}, (0.6, 0.2, 0.2), 1)


def test_that_annotations_carry_no_text() -> None:
    allowed = {"document", "start", "end", "sentence", "labels", "annotators", "pieces", "unsure"}
    assert all(set(row) <= allowed for row in read_jsonl(STARTER))


def test_that_an_even_split_between_annotators_is_left_to_people(corpus: Path, tmp_path: Path) -> None:
    rows = marked(corpus, ["funding"])
    write_jsonl(tmp_path / "a.jsonl", [*rows, *marked(corpus, ["talent"])[:2]])
    facts = build(Sources([corpus], [tmp_path / "a.jsonl"], LABELS), tmp_path / "out", SHARES, 13)
    assert facts["left_out"] == {"annotators disagree": 2}


def test_that_a_document_on_record_never_changes_sides() -> None:
    counts = {f"{i:016x}": Counter({"": 10}) for i in range(0, 16**16, 16**16 // 20)}
    recorded = dict(zip(sorted(counts), ["train", "validation", "test"] * 3, strict=False))
    few = {name: counts[name] for name in sorted(counts)[:12]}
    before = place_documents(few, recorded, (0.6, 0.2, 0.2), 1)
    after = place_documents(counts, recorded, (0.6, 0.2, 0.2), 1)
    assert {name: after[name] for name in few} == before
    assert {name: after[name] for name in recorded} == recorded
    assert set(after.values()) == set(SPLITS)


def test_that_the_split_of_the_starter_corpus_is_on_record(corpus: Path) -> None:
    documents, _ = load_corpus(corpus)
    assert set(read_split(ROOT / "seeds" / "split.json")) == {d.id for d in documents}


def test_that_a_folder_that_is_not_ours_is_never_replaced(corpus: Path, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("论文", encoding="utf-8")
    with pytest.raises(ValueError, match="not ours to replace"):
        build(Sources([corpus], [STARTER], LABELS), tmp_path / "mine", SHARES, 13)
    assert (tmp_path / "mine" / "thesis.txt").exists()
