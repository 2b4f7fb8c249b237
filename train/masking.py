"""Packed sequences with whole words masked; which ones depends on the seed and the place alone, so any run can go on.

The training data of a run is a list of blocks of ``BLOCK`` tokens. A block is cut into sequences of one length, each
[CLS] … [SEP] with no padding; a block with a number comes out the same whenever it is asked for.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch.utils.data import Dataset

from configs.pretraining import MaskingConfig
from train.corpus import Flags, Ids, Tokens

BLOCK = 512  # tokens; every sequence length divides it
IGNORED = -100  # as label: no loss
Rows = npt.NDArray[np.int64]


class Special(NamedTuple):
    """Token ids that packing and masking need; ``size`` is that of the vocabulary, its first ``first`` are special."""

    cls: int
    sep: int
    mask: int
    first: int
    size: int

    @staticmethod
    def of(tokenizer: Any) -> Special:
        ids = tokenizer.all_special_ids
        return Special(
            tokenizer.cls_token_id, tokenizer.sep_token_id, tokenizer.mask_token_id, max(ids) + 1, len(tokenizer)
        )


@dataclass(frozen=True, slots=True)
class Phase:
    """So many blocks of sequences of one length."""

    length: int
    blocks: int


class Blocks(Dataset[dict[str, Any]]):
    """The blocks of a whole run, epoch after epoch; every epoch draws its documents and cuts them anew."""

    def __init__(
        self, tokens: Tokens, phases: list[Phase], masking: MaskingConfig, special: Special, seed: int
    ) -> None:
        self._tokens, self._phases, self._masking, self._special, self._seed = tokens, phases, masking, special, seed
        longest = max(phase.length for phase in phases)
        if len(tokens.ids) < longest:
            raise ValueError(f"corpus: expected at least {longest} tokens to learn from, got {len(tokens.ids)}")
        self._epoch = lru_cache(maxsize=1)(self._draw)

    def __len__(self) -> int:
        return sum(phase.blocks for phase in self._phases)

    def __getitem__(self, index: int) -> dict[str, Any]:
        length, first = self._phase(index)
        rows = BLOCK // length
        per_epoch = self._epoch_rows(length)
        # rows are counted from the beginning of the phase; a phase begins a new epoch
        wanted = [divmod((index - first) * rows + i, per_epoch) for i in range(rows)]
        packed = [self._row(length, first + epoch, place) for epoch, place in wanted]
        ids, begins = (np.stack(part) for part in zip(*packed, strict=True))
        masked, labels = mask(ids, begins, self._masking, self._special, np.random.default_rng([self._seed, index]))
        return {"input_ids": masked, "labels": labels}

    def _phase(self, index: int) -> tuple[int, int]:
        """Sequence length of a block, and the first block of its phase."""
        first = 0
        for phase in self._phases:
            if index < first + phase.blocks:
                return phase.length, first
            first += phase.blocks
        raise IndexError(f"block {index} of {first}")

    def _epoch_rows(self, length: int) -> int:
        sizes = np.diff(self._tokens.bounds)
        return max(1, int((sizes * np.floor(self._tokens.weights)).sum()) // (length - 2))

    def _row(self, length: int, epoch: int, place: int) -> tuple[Rows, Flags]:
        ids, begins, order = self._epoch(length, epoch)
        start = int(order[place]) * (length - 2)
        stretch = slice(start, start + length - 2)
        special = self._special
        row = np.concatenate([[special.cls], ids[stretch], [special.sep]]).astype(np.int64)
        return row, np.concatenate([[True], begins[stretch], [True]])

    def _draw(self, length: int, epoch: int) -> tuple[Ids, Flags, Rows]:
        """The documents of an epoch in random order, and the order in which its rows are read."""
        rng = np.random.default_rng([self._seed, length, epoch])
        tokens = self._tokens
        extra = rng.random(len(tokens)) < tokens.weights % 1
        times = np.floor(tokens.weights).astype(int) + extra
        documents = rng.permutation(np.repeat(np.arange(len(tokens)), times))
        spans = [slice(tokens.bounds[d], tokens.bounds[d + 1]) for d in documents]
        shift = int(rng.integers(length))
        ids = np.roll(np.concatenate([tokens.ids[span] for span in spans]), shift)
        begins = np.roll(np.concatenate([tokens.begins[span] for span in spans]), shift)
        return ids, begins, rng.permutation(self._epoch_rows(length))


def held_out_rows(tokens: Tokens, length: int, masking: MaskingConfig, special: Special, seed: int) -> list[Any]:
    """Every sequence of the held-out documents, masked once and for all; what is left over at the end is dropped."""
    width = length - 2
    count = len(tokens.ids) // width
    ids = np.empty((count, length), np.int64)
    ids[:, 0], ids[:, -1] = special.cls, special.sep
    ids[:, 1:-1] = tokens.ids[: count * width].reshape(count, width)
    begins = np.ones((count, length), np.bool_)
    begins[:, 1:-1] = tokens.begins[: count * width].reshape(count, width)
    masked, labels = mask(ids, begins, masking, special, np.random.default_rng(seed))
    return [{"input_ids": masked[i : i + 1], "labels": labels[i : i + 1]} for i in range(count)]


def mask(
    ids: Rows, begins: Flags, masking: MaskingConfig, special: Special, rng: np.random.Generator
) -> tuple[Rows, Rows]:
    """Inputs and labels, both of shape (rows, length), of which a share ``masking.rate`` of the words is to be guessed.

    Of the chosen tokens 80 % become [MASK], 10 % a random one, 10 % stay (Devlin et al. 2019); a word is chosen as a
    whole (Cui et al. 2021) unless ``masking.whole_words`` is off.
    """
    words = begins if masking.whole_words else np.ones_like(begins)
    words = words.copy()
    words[:, 0] = True
    number = words.cumsum(1) - 1
    chosen = np.take_along_axis(rng.random(ids.shape) < masking.rate, number, 1) & (ids >= special.first)
    labels = np.where(chosen, ids, IGNORED)
    fate = rng.random(ids.shape)
    masked = np.where(chosen & (fate < 0.8), special.mask, ids)
    noise = rng.integers(special.first, special.size, ids.shape)
    return np.where(chosen & (fate >= 0.9), noise, masked), labels


def collate(blocks: list[dict[str, Any]]) -> dict[str, torch.Tensor]:
    """One batch from blocks of one sequence length: input_ids and labels of shape (sequences, length)."""
    return {key: torch.from_numpy(np.concatenate([block[key] for block in blocks])) for key in blocks[0]}
