"""The corpus of a pretraining run, made once: tokenizer, tokens to learn from, tokens held out."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from transformers import AutoTokenizer

from configs.pretraining import CorpusConfig
from data.files import MANIFEST, read_manifest, replaced_folder, write_manifest
from data.records import Document
from data.register import read_register
from train.corpus import Tokens, divide, read_documents, sentences_of, tokenize, weight_of
from train.vocabulary import make_tokenizer, vocabulary

FORMAT = "1"  # of the folder, so that an older one is made again
LONGEST = 512  # tokens


@dataclass(frozen=True, slots=True)
class Prepared:
    """What training needs of the corpus."""

    tokenizer: Any
    train: Tokens
    held_out: Tokens


def prepare(config: CorpusConfig, folder: Path) -> Prepared:
    """Read, divide, segment and tokenise the documents into ``folder``, or load what stands there already.

    A folder with a manifest can be carried to another machine: the documents are not needed again. Raises ValueError
    where it was made with other settings, or where the documents leave nothing to learn from or to hold out.
    """
    settings = json.dumps({**asdict(config), "workers": 0, "format": FORMAT}, sort_keys=True)
    if (folder / MANIFEST).is_file():
        if read_manifest(folder)["inputs"]["settings"] != settings:
            raise ValueError(f"{folder}: the corpus was prepared with other settings of corpus.*; take another name=")
    else:
        with replaced_folder(folder) as scratch:
            counts = _make(config, scratch)
            write_manifest(scratch, inputs={"settings": settings}, counts=counts)
    train, held_out = (Tokens.load(folder / f"{name}.npz") for name in ("train", "held_out"))
    return Prepared(AutoTokenizer.from_pretrained(folder / "tokenizer"), train, held_out)


def _make(config: CorpusConfig, folder: Path) -> dict[str, int]:
    documents = read_documents(Path(name) for name in config.dirs)
    parts = divide(documents, read_register(Path(config.register) if config.register else None), config.held_out)
    for name, part in (("learn from", parts.train), ("hold out", parts.held_out)):
        if not part:
            raise ValueError(f"corpus: no document to {name} below {', '.join(config.dirs)}; {dict(parts.counts)}")
    sentences = sentences_of(documents, config.workers or os.cpu_count() or 1)
    by_id = {document.id: found for document, found in zip(documents, sentences, strict=True)}
    texts = (text for document in documents for text in by_id[document.id])
    tokenizer = make_tokenizer(vocabulary(texts, min_count=config.min_count, pieces=config.pieces))
    tokenizer.model_max_length = LONGEST
    tokenizer.save_pretrained(folder / "tokenizer")
    counts = dict(parts.counts)
    for name, part in (("train", parts.train), ("held_out", parts.held_out)):
        tokens = tokenize([by_id[d.id] for d in part], [weight_of(d, config.weights) for d in part], tokenizer)
        tokens.save(folder / f"{name}.npz")
        counts[f"tokens: {name}"] = len(tokens.ids)
    _write_sources(parts.kept_out, parts.held_out, folder)
    return counts | {"vocabulary": len(tokenizer)}


def _write_sources(kept_out: list[Document], held_out: list[Document], folder: Path) -> None:
    """Which documents were not learnt from, by SHA-256 and title."""
    rows = [
        {"part": part, "sha256": document.sha256, "source": document.source, "title": document.title}
        for part, found in (("kept out", kept_out), ("held out", held_out))
        for document in found
    ]
    (folder / "not_learnt.json").write_text(json.dumps(rows, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
