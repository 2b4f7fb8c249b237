"""How an untrained encoder begins: what its embeddings and its first heads know already."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from configs.pretraining import ShapeConfig
from train.device import suit_attention
from train.mlm import new_model
from train.neighbours import log_frequencies, neighbour_embeddings
from train.positions import place, start_positions


def test_that_tokens_with_the_same_neighbours_begin_alike() -> None:
    rng = np.random.default_rng(0)
    # 10 and 11 stand between 1 and 2, 12 and 13 between 3 and 4
    rows = [(a, m, b) for a, b, middle in ((1, 2, (10, 11)), (3, 4, (12, 13))) for m in middle for _ in range(200)]
    order = rng.permutation(len(rows))
    ids = np.concatenate([[*rows[i], *rng.integers(20, 40, 8)] for i in order]).astype(np.uint16)
    found = neighbour_embeddings(ids, 50, 8, 0)
    alike = found / np.linalg.norm(found, axis=1, keepdims=True)
    assert alike[10] @ alike[11] > 0.9
    assert alike[12] @ alike[13] > 0.9
    assert alike[10] @ alike[12] < 0.5
    assert found[10:14].std() == pytest.approx(0.02, rel=0.3)
    assert np.linalg.norm(found[49]) == pytest.approx(np.linalg.norm(found[10]))  # never occurs
    assert np.array_equal(found, neighbour_embeddings(ids, 50, 8, 0))


def test_that_the_output_begins_with_the_frequencies() -> None:
    found = log_frequencies(np.array([1, 1, 1, 2], np.uint16), 4)
    assert np.exp(found) == pytest.approx([1 / 8, 4 / 8, 2 / 8, 1 / 8])


def test_that_the_heads_of_the_first_layers_look_beside_them() -> None:
    torch.manual_seed(0)
    model = new_model(ShapeConfig(layers=2, hidden=128, heads=4, intermediate=128), 100)
    start_positions(model, 1, 0)
    suit_attention(model, cpu=True)  # torch's fused attention tells no weights
    torch.nn.Module.train(model, False)
    with torch.no_grad():
        first, second = model.bert(torch.randint(5, 100, (8, 40)), output_attentions=True).attentions
    for head in range(4):
        middle = range(5, 35)
        beside = [float(first[:, head, i, i + place(head)].mean()) for i in middle]
        assert np.mean(beside) > 5 / 40, head
        assert all(int(first[:, head, i].mean(0).argmax()) == i + place(head) for i in middle)
    assert float(second.max()) < 2 / 40  # untouched: about even
    assert [place(head) for head in range(4)] == [-1, 1, -2, 2]
