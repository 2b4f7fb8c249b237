"""Labels that were turned on purpose are found again, by models that did not see their documents."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
import pytest
from typer.testing import CliRunner

from data.labels import Label, LabelSet
from data.records import Example, read_jsonl
from train.examples import Examples
from train.suspects import app, find_suspects, suspicious
from trained import Workshop

LABELS = LabelSet((Label("funding", "资金"), Label("talent", "人才")))
PHRASES = {"funding": "安排专项资金{}万元", "talent": "引进高层次人才{}名", "": "整治河道{}公里"}


def made_of(count: int, turned: set[int]) -> Examples:
    """Sentences that say plainly what they are, ten a document; those of ``turned`` got the label funding turned."""
    rng = random.Random(7)
    rows = []
    for i in range(count):
        label = rng.choice(list(PHRASES))
        labels = {label} - {""} if i not in turned else ({label} ^ {"funding"}) - {""}
        rows.append(Example(f"s{i}", PHRASES[label].format(i), sorted(labels), f"d{i // 10}"))
    return Examples(LABELS, rows[: count // 2], rows[count // 2 : -20], rows[-20:-10], {"test_more": rows[-10:]})


def test_that_turned_labels_are_the_most_suspicious() -> None:
    turned = {3, 77, 130, 171, 191, 195}
    found = find_suspects(made_of(200, turned), most=len(turned))
    assert {int(s.example.id[1:]) for s in found} == turned
    assert {s.label for s in found} == {"funding"}
    assert [s.probability for s in found] == sorted(s.probability for s in found)


def test_that_an_answer_is_doubted_where_the_other_is_as_likely_as_usual() -> None:
    """First the mean of yes among yes is 0.7, of no among no 0.8; with two rows more 0.5 and 0.65."""
    gold = np.array([[1], [1], [0], [0], [0], [0]])
    scores = np.array([[0.9], [0.5], [0.1], [0.1], [0.0], [0.6]])
    assert suspicious(gold, scores) == []
    gold, scores = np.vstack([gold, [[1]], [[0]]]), np.vstack([scores, [[0.1]], [[0.95]]])
    assert suspicious(gold, scores) == [(7, 0), (6, 0), (5, 0)]


def test_that_an_answer_is_doubted_where_only_the_other_one_is_confident() -> None:
    """Means: 0.35 of yes, 0.75 of no. At 0.4 a yes is as likely as usual, and a no (0.6) less than usual."""
    gold = np.array([[1], [1], [1], [1], [0], [0]])
    scores = np.array([[0.45], [0.3], [0.35], [0.3], [0.4], [0.1]])
    assert suspicious(gold, scores) == [(4, 0)]


def test_that_too_little_to_hold_out_is_named() -> None:
    examples = made_of(60, set())
    one = [replace(row, doc_id="d") for row in examples.train]
    with pytest.raises(ValueError, match="at least two documents"):
        find_suspects(Examples(LABELS, one, one, one), 5)
    same = [replace(row, labels=["funding"]) for row in examples.train]
    with pytest.raises(ValueError, match="some lack, found none"):
        find_suspects(Examples(LABELS, same, same, same), 5)


def test_that_the_command_names_sentences_to_be_sent(workshop: Workshop) -> None:
    out = workshop.home / "suspects.jsonl"
    done = CliRunner().invoke(app, [str(workshop.examples), "--out", str(out), "--most", "12"])
    assert done.exit_code == 0, done.output
    rows = list(read_jsonl(out))
    assert sum(len(row["doubted"]) for row in rows) == 12
    assert all(set(row) == {"id", "doc_id", "doubted"} for row in rows)
