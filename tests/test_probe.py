"""The probe: what a frozen encoder's vectors tell of the labels."""

from __future__ import annotations

from pathlib import Path

import torch

from configs.pretraining import ShapeConfig
from data.labels import load_labels
from data.records import Example
from train.examples import Examples
from train.mlm import new_model
from train.probe import Probe
from train.vocabulary import make_tokenizer
from trained import ROOT


def examples(path: Path, told: bool) -> Examples:
    """Sentences in which 甲 means funding and 乙 talent; where not told, the labels of validation are turned round."""
    rows = []
    for i in range(60):
        sign, label = ("甲", "funding") if i % 2 else ("乙", "talent")
        rows.append(Example.from_json({"id": str(i), "doc_id": "d", "text": sign + "文" * (i % 7), "labels": [label]}))
    turned = {"funding": "talent", "talent": "funding"}
    held_out = [
        row
        if told
        else Example.from_json(
            {"id": row.id, "doc_id": "d", "text": row.text, "labels": [turned[x] for x in row.labels]}
        )
        for row in rows[40:]
    ]
    return Examples(load_labels(path), rows[:40], held_out, held_out)


def test_that_it_finds_what_the_vectors_tell_and_no_more() -> None:
    torch.manual_seed(0)
    tokenizer = make_tokenizer("甲乙文")
    model = new_model(ShapeConfig(layers=1, hidden=32, heads=2, intermediate=32), len(tokenizer))
    torch.nn.Module.train(model, False)
    labels = ROOT / "seeds" / "labels.yaml"
    told, turned = (Probe(examples(labels, told), tokenizer).macro_f1(model.bert) for told in (True, False))
    assert told == 2 / 6  # the two labels that occur, of six
    assert turned < 0.3
