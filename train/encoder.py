"""The tokenizer and the BERT under the classifier: from scratch, from a folder, or from the hub."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import torch
from transformers import (
    AutoConfig,
    AutoTokenizer,
    BertConfig,
    BertForSequenceClassification,
    PreTrainedModel,
)

from configs.schema import EncoderConfig, Task
from data.labels import LabelSet
from train.vocabulary import latin_letters, make_tokenizer


def load_encoder(config: EncoderConfig, labels: LabelSet, task: Task, texts: list[str]) -> tuple[Any, PreTrainedModel]:
    """Tokenizer and classifier. ``texts``: the training sentences, of which a model from scratch takes its characters.

    Raises ValueError where the folder or the hub has no such model.
    """
    if config.path or config.hub_id:
        tokenizer, model = _pretrained(config, _head(labels, task))
    else:
        tokenizer = scratch_tokenizer(texts, config)
        model = BertForSequenceClassification(_scratch_config(config, len(tokenizer), _head(labels, task)))
    tokenizer.model_max_length = config.max_length
    return tokenizer, model


def _head(labels: LabelSet, task: Task) -> dict[str, Any]:
    problem = "multi_label_classification" if task is Task.multi_label else "single_label_classification"
    return {
        "num_labels": len(labels.ids),
        "id2label": dict(enumerate(labels.ids)),
        "label2id": {label: i for i, label in enumerate(labels.ids)},
        "problem_type": problem,
    }


def scratch_tokenizer(texts: list[str], config: EncoderConfig) -> Any:
    """A BERT tokenizer whose words are the characters of the texts; digits and Latin letters also as ##pieces."""
    counts = Counter(char for text in texts for char in text if not char.isspace())
    kept = sorted(char for char, n in counts.items() if n >= config.min_count)
    return make_tokenizer([*latin_letters(), *(char.lower() for char in kept)])


def _scratch_config(config: EncoderConfig, vocabulary: int, head: dict[str, Any]) -> BertConfig:
    return BertConfig(
        vocab_size=vocabulary,
        hidden_size=config.hidden,
        num_hidden_layers=config.layers,
        num_attention_heads=config.heads,
        intermediate_size=config.intermediate,
        hidden_dropout_prob=config.dropout,
        attention_probs_dropout_prob=config.dropout,
        max_position_embeddings=512,
        pad_token_id=0,
        **head,
    )


def _pretrained(config: EncoderConfig, head: dict[str, Any]) -> tuple[Any, PreTrainedModel]:
    source = config.path or config.hub_id
    if config.path and not (Path(config.path) / "config.json").is_file():
        raise ValueError(f"encoder.path={config.path}: expected a local Hugging Face model directory with config.json")
    try:
        kind = AutoConfig.from_pretrained(source).model_type
        if kind != "bert":
            raise ValueError(f"it is of type {kind!r}, expected 'bert'")
        tokenizer = AutoTokenizer.from_pretrained(source)
        loaded: Any = BertForSequenceClassification.from_pretrained(
            source, dtype=torch.float32, ignore_mismatched_sizes=True, output_loading_info=True, **head
        )
        model, facts = loaded
        if absent := sorted(key for key in facts["missing_keys"] if ".encoder." in key or ".embeddings." in key):
            raise ValueError(f"it lacks weights of a BERT: {', '.join(absent[:3])} …")
    except (OSError, ValueError) as error:
        if config.path:
            raise ValueError(f"encoder.path={config.path}: not a BERT that can be loaded: {error}") from error
        raise ValueError(_unreachable(config, error)) from error
    return tokenizer, model


def _unreachable(config: EncoderConfig, error: Exception) -> str:
    reason = str(error).strip().splitlines()[0]
    return (
        f"encoder={config.name}: could not load {config.hub_id!r} from the local cache or the hub ({reason}).\n"
        f"What works without the hub: encoder=scratch (a small model with random weights), or encoder.path=DIR with a\n"
        f"model directory you downloaded elsewhere (config.json, model.safetensors, tokenizer.json or vocab.txt)."
    )
