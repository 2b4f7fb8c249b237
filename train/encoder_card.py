"""The card of a pretrained encoder: what it was trained on, how long, and what was measured on the way."""

from __future__ import annotations

import json
import os
import platform
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
import yaml

from configs.pretraining import PretrainConfig
from configs.schema import plain
from data.files import read_manifest

SETTINGS = ("shape", "start", "masking", "schedule", "seed")
POINTS = 12  # rows of the table of curves
LIBRARIES = ("torch", "transformers", "tokenizers", "rjieba")
FRONT = {"language": "zh", "license": "apache-2.0", "library_name": "transformers", "pipeline_tag": "fill-mask"}


def encoder_card(config: PretrainConfig, model: Any, history: list[dict[str, Any]], corpus: Path) -> str:
    """README.md of the encoder's directory, with the front matter that model hubs read."""
    counts = read_manifest(corpus)["counts"]
    documents = "\n".join(f"- {what}: {count:,}" for what, count in sorted(counts.items()))
    shape, masked = config.shape, "whole words" if config.masking.whole_words else "single tokens"
    millions = sum(weight.numel() for weight in model.parameters()) / 1e6
    return f"""---
{yaml.safe_dump(FRONT, allow_unicode=True)}---

# {config.name}: a small Chinese BERT

{shape.layers} layers of {shape.hidden}, {shape.heads} heads, {shape.intermediate} inside; {millions:.2f} million
parameters in half precision. Masked-language modelling, {masked}, {config.masking.rate:.0%} of the tokens.

## Data
{documents}

Which documents were held out or kept out: `not_learnt.json` in the run's folder, by SHA-256.

## Training
{_training(config, history)}

## Curves
Held-out loss in nats a token and accuracy at masked tokens (15 %, whole words); probe: macro-F1 on validation of a
logistic regression on the frozen encoder's mean vectors.

{_curves(history)}

## Configuration
```json
{json.dumps({key: plain(config)[key] for key in SETTINGS}, sort_keys=True)}
```
"""


def _training(config: PretrainConfig, history: list[dict[str, Any]]) -> str:
    speeds = sorted(row["tokens_per_second"] for row in history if "tokens_per_second" in row)
    versions = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    where = (
        torch.cuda.get_device_name() if torch.cuda.is_available() else f"{os.cpu_count()} cores, {platform.machine()}"
    )
    speed = f", {speeds[len(speeds) // 2]:,} tokens a second (median)" if speeds else ""
    last = history[-1]
    return (
        f"{last['step']:,} updates of {config.schedule.batch_tokens:,} tokens, {last['tokens'] / 1e6:,.1f} million "
        f"in all, seed {config.seed}; {where}{speed}. {versions}."
    )


def _curves(history: list[dict[str, Any]]) -> str:
    rows = [row for row in history if "held_out_loss" in row]
    kept = rows[:: max(1, -(-len(rows) // POINTS))]
    kept += [row for row in rows[-1:] if row is not kept[-1]]
    lines = ["| million tokens | held-out loss | accuracy | probe |", "|---|---|---|---|"]
    for row in kept:
        probe = f"{row['probe_macro_f1']:.3f}" if "probe_macro_f1" in row else "–"
        lines.append(
            f"| {row['tokens'] / 1e6:.1f} | {row['held_out_loss']:.3f} | {row['held_out_accuracy']:.3f} | {probe} |"
        )
    return "\n".join(lines)
