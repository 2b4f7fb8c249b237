"""Packing and masking: what a model is asked, and that the same place always asks the same."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from configs.pretraining import MaskingConfig
from train.corpus import Tokens
from train.masking import BLOCK, IGNORED, Blocks, Phase, Special, collate, held_out_rows, mask

SPECIAL = Special(cls=2, sep=3, mask=4, first=5, size=1000)


def tokens(documents: int = 3, length: int = 700, weights: float = 1.0) -> Tokens:
    """Documents of ascending ids, a word of two tokens and one of one in turn."""
    count = documents * length
    ids = (5 + np.arange(count) % 990).astype(np.uint16)
    bounds = np.arange(documents + 1) * length
    return Tokens(ids, np.arange(count) % 3 != 1, bounds, np.full(documents, weights, np.float32))


def blocks(length: int = 128, count: int = 40, seed: int = 1, rate: float = 0.2) -> Blocks:
    return Blocks(tokens(), [Phase(length, count)], MaskingConfig(rate=rate), SPECIAL, seed)


@given(st.integers(0, 39))
def test_that_a_block_is_the_same_whenever_it_is_asked_for(index: int) -> None:
    one, other = blocks()[index], blocks()
    _ = other[(index + 17) % 40]
    assert all(np.array_equal(one[key], other[index][key]) for key in one)
    assert not np.array_equal(one["input_ids"], blocks(seed=2)[index]["input_ids"])


def test_that_sequences_are_packed_without_padding_and_lengths_follow_the_phases() -> None:
    found = Blocks(tokens(), [Phase(64, 2), Phase(256, 1)], MaskingConfig(), SPECIAL, 1)
    assert [found[i]["input_ids"].shape for i in range(3)] == [(8, 64), (8, 64), (2, 256)]
    for i in range(3):
        whole = np.where(found[i]["labels"] == IGNORED, found[i]["input_ids"], found[i]["labels"])
        assert (whole[:, 0] == SPECIAL.cls).all()
        assert (whole[:, -1] == SPECIAL.sep).all()
        inside = whole[:, 1:-1]
        assert (inside >= SPECIAL.first).all()
        steps = np.diff(inside, axis=1)
        assert (steps == 1).mean() > 0.98  # but where a document ends
    with pytest.raises(IndexError):
        found[3]


def test_that_an_epoch_has_every_token_about_once() -> None:
    found = blocks(count=4, rate=1e-9)  # 16 rows of 126 are 2016 of the 2100 tokens
    seen = np.concatenate([found[i]["input_ids"][:, 1:-1].ravel() for i in range(4)])
    times = np.bincount(seen, minlength=995)[5:]
    assert times.sum() == 2016
    assert times.max() <= 3  # ids come two or three times in the tokens
    assert not np.array_equal(found[0]["input_ids"], blocks(count=8, rate=1e-9)[4]["input_ids"])


def test_that_words_are_masked_as_wholes_and_as_often_as_asked() -> None:
    ids = np.full((400, 128), 7)
    begins = np.tile(np.arange(128) % 3 != 1, (400, 1))
    masked, labels = mask(ids, begins, MaskingConfig(rate=0.3), SPECIAL, np.random.default_rng(0))
    chosen = labels != IGNORED
    assert (labels[chosen] == 7).all()
    assert chosen.mean() == pytest.approx(0.3, abs=0.01)
    assert (chosen[:, 0:126:3] == chosen[:, 1:127:3]).all()  # the two tokens of a word
    assert (masked[~chosen] == 7).all()
    assert (masked[chosen] == SPECIAL.mask).mean() == pytest.approx(0.8, abs=0.01)
    assert (masked[chosen] == 7).mean() == pytest.approx(0.1, abs=0.01)
    single, _ = mask(ids, begins, MaskingConfig(rate=0.3, whole_words=False), SPECIAL, np.random.default_rng(0))
    assert ((single == SPECIAL.mask)[:, 0:126:3] != (single == SPECIAL.mask)[:, 1:127:3]).any()


def test_that_special_tokens_are_never_asked_for() -> None:
    ids = np.tile([SPECIAL.cls, 7, SPECIAL.sep, 8, SPECIAL.sep], (500, 1))
    _, labels = mask(ids, np.ones_like(ids, bool), MaskingConfig(rate=0.9), SPECIAL, np.random.default_rng(0))
    assert (labels[:, [0, 2, 4]] == IGNORED).all()


def test_that_held_out_rows_cover_the_documents_in_order() -> None:
    rows = held_out_rows(tokens(), 128, MaskingConfig(), SPECIAL, 3)
    batch = collate(rows)
    assert len(rows) == 2100 // 126
    whole = np.where(batch["labels"] == IGNORED, batch["input_ids"], batch["labels"])
    assert np.array_equal(whole[:, 1:-1].ravel(), tokens().ids[: 16 * 126])


def test_that_a_corpus_shorter_than_a_sequence_is_refused() -> None:
    with pytest.raises(ValueError, match="at least"):
        Blocks(tokens(1, 100), [Phase(128, 1)], MaskingConfig(), SPECIAL, 1)


def test_that_a_block_is_long_enough_for_every_length() -> None:
    assert all(BLOCK % length == 0 for length in (32, 64, 128, 256, 512))
