"""Raw documents as a stream of tokens to pretrain on: what is kept out, where words begin, how often each comes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import rjieba

from data.duplicates import groups
from data.records import CLASSIFIED_KINDS, Document
from data.register import Register
from data.sentences import segment
from data.sources import read_sources

LEARNT = ("", "train")  # splits of the register whose documents may be learnt from
HELD_OUT = "validation"  # the split whose documents measure the loss
CHUNK = 64  # documents handed to a process at a time
Ids = npt.NDArray[np.uint16]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Tokens:
    """Documents one after another: token ids, whether a word begins there, and where each document begins.

    ``ids`` and ``begins`` have shape (tokens,), ``bounds`` (documents + 1,), ``weights`` (documents,). Every sentence
    ends with [SEP].
    """

    ids: Ids
    begins: Flags
    bounds: npt.NDArray[np.int64]
    weights: npt.NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.bounds) - 1

    def save(self, path: Path) -> None:
        np.savez_compressed(path, ids=self.ids, begins=self.begins, bounds=self.bounds, weights=self.weights)

    @staticmethod
    def load(path: Path) -> Tokens:
        with np.load(path) as found:
            return Tokens(found["ids"], found["begins"], found["bounds"], found["weights"])


@dataclass(frozen=True, slots=True)
class Parts:
    """Documents by what becomes of them; ``counts`` says how many and why."""

    train: list[Document]
    held_out: list[Document]
    kept_out: list[Document]
    counts: Counter[str]

    def put(self, part: list[Document], document: Document, why: str) -> None:
        """Add a document to one of the parts."""
        part.append(document)
        self.counts[why] += 1


def read_documents(folders: Iterable[Path]) -> list[Document]:
    """Every document below the folders once, by id; ``source`` begins with the name of its file or folder."""
    found = {document.id: document for folder in folders for document in read_sources(folder)}
    return [found[name] for name in sorted(found)]


def divide(documents: list[Document], register: Register, held_out: float) -> Parts:
    """Which documents are learnt from, which measure the loss, and which are kept out.

    Held out are those on record for validation and, of those not on record, a share ``held_out``, copies and revisions
    together, by their ids. Kept out are those on record for a test set. What shares much of its text with a document
    on record for validation or a test is kept out too.
    """
    found = groups((document.id, document.text) for document in documents)
    leaders = {name: min(group.documents) for group in found for name in group.documents}
    splits = {name: entry.split for name, entry in register.items()}
    tied = {leaders[name] for name in leaders if splits.get(name, "") not in LEARNT}
    parts = Parts([], [], [], Counter())
    for document in documents:
        split, leader = splits.get(document.id, ""), leaders.get(document.id, document.id)
        if split == HELD_OUT:
            parts.put(parts.held_out, document, f"held out: {split}")
        elif split not in LEARNT:
            parts.put(parts.kept_out, document, f"kept out: {split}")
        elif leader in tied:
            parts.put(parts.kept_out, document, "kept out: shares much text with validation or test")
        elif document.id not in splits and int(leader[:8], 16) < held_out * 16**8:
            parts.put(parts.held_out, document, "held out: drawn")
        else:
            parts.put(parts.train, document, "learnt from")
    return parts


def sentences_of(documents: list[Document], workers: int) -> list[list[str]]:
    """The normalised sentences of each document that people would label, and its titles."""
    if workers < 2:
        return [_sentences(document) for document in documents]
    with ProcessPoolExecutor(workers) as pool:
        return list(pool.map(_sentences, documents, chunksize=CHUNK))


def _sentences(document: Document) -> list[str]:
    kinds = (*CLASSIFIED_KINDS, "title")
    return [s.normalized for s in segment(document) if s.kind in kinds and s.normalized]


def weight_of(document: Document, weights: Mapping[str, float]) -> float:
    """How often a document comes in an epoch: the weight of the first pattern that its source fits, else 1."""
    return next((weight for pattern, weight in weights.items() if fnmatch(document.source, pattern)), 1.0)


def tokenize(sentences: list[list[str]], weights: list[float], tokenizer: Any) -> Tokens:
    """All sentences as one stream; ``tokenizer`` must have fewer than 65,536 words."""
    assert len(tokenizer) <= np.iinfo(np.uint16).max + 1
    ids: list[Ids] = []
    begins: list[Flags] = []
    bounds = [0]
    for document in sentences:
        bounds.append(bounds[-1])
        for found, starts in _encode(document, tokenizer):
            ids.append(found)
            begins.append(starts)
            bounds[-1] += len(found)
    whole = np.concatenate(ids) if ids else np.empty(0, np.uint16)
    flags = np.concatenate(begins) if begins else np.empty(0, np.bool_)
    return Tokens(whole, flags, np.array(bounds, np.int64), np.array(weights, np.float32))


def _encode(texts: list[str], tokenizer: Any) -> Iterator[tuple[Ids, Flags]]:
    """Ids of each text with [SEP], and where its words begin; a piece inside a word of the segmenter is none."""
    if not texts:
        return
    encoded = tokenizer(texts, add_special_tokens=False, return_offsets_mapping=True, return_attention_mask=False)
    for text, ids, offsets in zip(texts, encoded["input_ids"], encoded["offset_mapping"], strict=True):
        begin = np.zeros(len(text) + 1, np.bool_)
        begin[np.cumsum([0, *map(len, rjieba.cut(text))])[:-1]] = True
        starts = np.array([begin[start] for start, _ in offsets] + [True], np.bool_)
        yield np.array([*ids, tokenizer.sep_token_id], np.uint16), starts
