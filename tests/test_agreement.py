"""Agreement against values known from the literature and against reference implementations."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from nltk.metrics.agreement import AnnotationTask
from sklearn.metrics import cohen_kappa_score
from typer.testing import CliRunner

from data.__main__ import app
from data.agreement import agreement, annotators_of, by_document, several
from data.annotation_files import shipped_annotations
from data.corpus import load_corpus
from data.decisions import Place, Votes
from data.ingest import ingest
from data.records import Annotation, digest, read_jsonl, write_jsonl

Chosen = Mapping[str, Sequence[int | None]]  # per annotator 0 or 1 for every sentence, None where not asked


def votes_of(chosen: Chosen, documents: int = 1) -> Votes:
    count = len(next(iter(chosen.values())))
    places = [Place(f"d{i * documents // count}", i, i + 1) for i in range(count)]
    return {
        place: [
            Annotation(place.document, place.start, place.end, "", ["funding"] * value, [who])
            for who, values in chosen.items()
            if (value := values[i]) is not None
        ]
        for i, place in enumerate(places)
    }


def test_that_alpha_is_that_of_krippendorffs_own_example() -> None:
    """K. Krippendorff, Computing Krippendorff's Alpha-Reliability, 2011, section A: binary data, two observers."""
    meg = [0, 1, 0, 0, 0, 0, 0, 0, 1, 0]
    owen = [1, 1, 1, 0, 0, 1, 0, 0, 0, 0]
    found = agreement(votes_of({"meg": meg, "owen": owen}), "funding")
    assert found.alpha.value == pytest.approx(0.095, abs=5e-4)
    assert (found.sentences, found.share, found.same) == (10, 0.3, 0.6)


def test_that_kappa_is_worked_by_hand() -> None:
    """20 and 15 agreed, 5 and 10 not: 0.7 observed, 0.5 by chance."""
    a = [1] * 20 + [1] * 5 + [0] * 10 + [0] * 15
    b = [1] * 20 + [0] * 5 + [1] * 10 + [0] * 15
    found = agreement(votes_of({"a": a, "b": b}), "funding")
    assert found.kappas["a", "b"].value == pytest.approx(0.4)


@pytest.mark.parametrize("seed", range(5))
def test_that_both_coefficients_are_those_of_reference_implementations(seed: int) -> None:
    rng = random.Random(seed)
    truth = [int(rng.random() < 0.3) for _ in range(200)]
    chosen: Chosen = {
        who: [None if rng.random() < missing else t ^ int(rng.random() < 0.1) for t in truth]
        for who, missing in (("a", 0.0), ("b", 0.0), ("c", 0.4))
    }
    found = agreement(votes_of(chosen, documents=20), "funding")
    data = [(who, i, value) for who, row in chosen.items() for i, value in enumerate(row) if value is not None]
    assert found.alpha.value == pytest.approx(AnnotationTask(data).alpha())
    assert found.kappas["a", "b"].value == pytest.approx(cohen_kappa_score(chosen["a"], chosen["b"]))
    pairs = [(a, c) for a, c in zip(chosen["a"], chosen["c"], strict=True) if c is not None]
    assert found.kappas["a", "c"].value == pytest.approx(cohen_kappa_score(*zip(*pairs, strict=True)))
    assert found.alpha.low < found.alpha.value < found.alpha.high
    assert (found.alpha.high - found.alpha.low) == pytest.approx(_slow_width(chosen, 20), rel=0.15)


def _slow_width(chosen: Chosen, documents: int) -> float:
    """The width of the interval by drawing documents and computing alpha anew each time."""
    rng, count = random.Random(1), len(chosen["a"])
    size, values = count // documents, []
    for _ in range(300):
        drawn = [d * size + i for d in rng.choices(range(documents), k=documents) for i in range(size)]
        rows = ((who, n, row[i]) for n, i in enumerate(drawn) for who, row in chosen.items())
        values.append(AnnotationTask([row for row in rows if row[2] is not None]).alpha())
    low, high = np.quantile(values, [0.025, 0.975])
    return float(high - low)


def test_that_one_document_gives_no_interval() -> None:
    found = agreement(votes_of({"a": [1, 0, 1, 0], "b": [1, 0, 0, 1]}), "funding")
    assert str(found.alpha) == f"{found.alpha.value:.3f}"
    assert math.isnan(found.alpha.low)
    assert "(" in str(agreement(votes_of({"a": [1, 0, 1, 0], "b": [1, 0, 0, 1]}, documents=2), "funding").alpha)


def test_that_a_label_that_nobody_chose_has_no_coefficient() -> None:
    found = agreement(votes_of({"a": [0, 0, 0], "b": [0, 0, 0]}), "funding")
    assert math.isnan(found.alpha.value)
    assert math.isnan(found.kappas["a", "b"].value)
    assert found.same == 1


def test_that_a_sentence_of_one_annotator_does_not_count() -> None:
    votes = votes_of({"a": [1, 0, 1], "b": [1, 0, None]})
    assert len(several(votes)) == 2
    assert annotators_of(votes) == ["a", "b"]
    assert agreement(votes, "funding").alpha.value == 1
    with pytest.raises(ValueError, match="at least two people"):
        agreement(votes_of({"a": [1, 0]}), "funding")


def test_that_an_adjudication_is_no_vote() -> None:
    votes = votes_of({"a": [1, 0, 1], "b": [1, 0, None]})
    for rows in votes.values():
        rows.append(replace(rows[0], annotators=["c"], labels=[], decides=True))
    assert agreement(votes, "funding").alpha.value == 1
    assert annotators_of(several(votes)) == ["a", "b"]
    assert not several({place: rows[-1:] * 2 for place, rows in votes.items()})


def test_that_documents_are_told_apart() -> None:
    votes = votes_of({"a": [1, 0, 1, 1, 0, 0], "b": [1, 0, 1, 0, 1, 0]}, documents=2)
    found = by_document(votes, ["funding"])
    assert found["d0"] == (3, 1.0, 1.0)
    count, same, alpha = found["d1"]
    assert count == 3
    assert same == pytest.approx(1 / 3)
    assert alpha < 0


def test_that_the_command_writes_a_page_and_what_is_to_be_decided(tmp_path: Path) -> None:
    text = "市里缺少冷藏车。要配齐烘干设备。去年引进农艺师三名。"
    (tmp_path / "公报.txt").write_text(text, encoding="utf-8")
    ingest([tmp_path / "公报.txt"], tmp_path / "corpus")
    places = [(s.start, s.end, digest(s.text)) for s in load_corpus(tmp_path / "corpus")[1]]
    chosen: dict[str, list[list[str]]] = {
        "li": [["problem"], ["target"], ["talent"]],
        "wu": [["problem"], [], ["talent"]],
    }
    rows = [
        Annotation(digest(text), start, end, sentence, labels, [who])
        for who, decided in chosen.items()
        for (start, end, sentence), labels in zip(places, decided, strict=True)
    ]
    write_jsonl(tmp_path / "a.jsonl", rows)
    options = ["--corpus", str(tmp_path / "corpus"), "--out", str(tmp_path / "out")]
    done = CliRunner().invoke(app, ["agreement", str(tmp_path / "a.jsonl"), *options])
    assert done.exit_code == 0, done.output
    assert "3 sentences, 1 differing, 1 to be decided" in done.output
    [row] = read_jsonl(tmp_path / "out" / "queue.jsonl")
    assert (row["start"], row["end"], row["note"]) == (*places[1][:2], row["note"])
    assert sorted(row["note"].replace("A：", "").replace("B：", "").split(" ｜ ")) == ["无", "目标"]
    page = (tmp_path / "out" / "agreement.html").read_text(encoding="utf-8")
    assert "要配齐烘干设备。" in page
    assert "市里缺少冷藏车。" not in page
    write_jsonl(tmp_path / "b.jsonl", [Annotation(digest(text), *places[1], [], ["su"])])
    early = replace(Annotation(digest(text), *places[1], [], ["su"]), decides=True)
    write_jsonl(tmp_path / "0.jsonl", [early])
    first = CliRunner().invoke(app, ["agreement", str(tmp_path / "0.jsonl"), str(tmp_path / "a.jsonl"), *options])
    assert "3 sentences, 1 differing, 0 to be decided" in first.output
    split = replace(early, annotators=["xu"], labels=["talent"])
    write_jsonl(tmp_path / "0.jsonl", [early, split])
    tied = CliRunner().invoke(app, ["agreement", str(tmp_path / "a.jsonl"), str(tmp_path / "0.jsonl"), *options])
    assert "3 sentences, 1 differing, 1 to be decided" in tied.output
    again = CliRunner().invoke(app, ["agreement", str(tmp_path / "a.jsonl"), str(tmp_path / "b.jsonl"), *options])
    assert "3 sentences, 1 differing, 0 to be decided" in again.output
    assert not list(read_jsonl(tmp_path / "out" / "queue.jsonl"))
    numbers = json.loads((tmp_path / "out" / "agreement.json").read_text(encoding="utf-8"))
    assert {label["label"]: label["same"] for label in numbers["files"][0]["labels"]}["problem"] == 1
    assert [label["alpha"] for label in numbers["files"][0]["labels"] if label["label"] == "funding"] == [
        {"value": None, "low": None, "high": None}
    ]


def test_that_the_files_of_people_come_before_those_that_ship(tmp_path: Path) -> None:
    """Whatever the order in which they are read; and a file in which one person labelled each sentence is named."""
    [shipped] = [path for path in shipped_annotations() if path.name == "1-annotators.jsonl"]
    two = [Annotation(digest("公报"), 0, 8, digest("要清理岸线垃圾。"), ["problem"], [who]) for who in ("li", "wu")]
    write_jsonl(tmp_path / "标注.jsonl", two)
    write_jsonl(tmp_path / "另一个.jsonl", two[:1])
    write_jsonl(tmp_path / "裁定.jsonl", [replace(two[0], decides=True)])
    files = [str(shipped), *(str(tmp_path / f"{name}.jsonl") for name in ("标注", "另一个", "裁定"))]
    done = CliRunner().invoke(app, ["agreement", *files, "--out", str(tmp_path / "out")])
    assert done.exit_code == 0, done.output
    heads = [line for line in done.output.splitlines() if ".jsonl" in line and "queue.jsonl" not in line]
    assert heads[0] == "标注.jsonl: 1 sentences, 0 differing, 0 to be decided"
    assert heads[1].startswith("1-annotators.jsonl (ships with the repository): 6637 sentences")
    assert heads[-1].startswith("另一个.jsonl: no sentence has labels of several people yet")
    assert not any("裁定" in head for head in heads)  # adjudications are never compared
    numbers = json.loads((tmp_path / "out" / "agreement.json").read_text(encoding="utf-8"))["files"]
    assert [row["shipped"] for row in numbers] == [False, True, True, True, True]
    page = (tmp_path / "out" / "agreement.html").read_text(encoding="utf-8")
    assert page.index("<h2>标注.jsonl</h2>") < page.index("<h2>1-annotators.jsonl <small>")


def test_that_a_lead_who_pulled_nothing_is_told_whose_labels_these_are(tmp_path: Path) -> None:
    shipped = [str(path) for path in shipped_annotations()]
    done = CliRunner().invoke(app, ["agreement", *shipped, "--out", str(tmp_path / "out")])
    assert "these are the labels that ship with the repository; `label-studio pull` fetches yours" in done.output
