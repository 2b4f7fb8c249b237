"""The model card: what the model was trained on, how, and how well it does."""

from __future__ import annotations

from typing import Any

import yaml

from configs.schema import TrainConfig
from train.examples import Examples


def card_text(config: TrainConfig, examples: Examples, facts: dict[str, Any]) -> str:
    """README.md of the model directory, with the front matter that model hubs read."""
    front = {
        "language": "zh",
        "license": "apache-2.0",
        "library_name": "transformers",
        "pipeline_tag": "text-classification",
    }
    labels = "\n".join(f"- `{x.id}` {x.name}: {x.definition}" for x in examples.labels.labels)
    return f"""---
{yaml.safe_dump(front, allow_unicode=True)}---

# Labels of sentences from Chinese policy documents

Encoder: {config.encoder.name}. Task: {config.task.value}. Trained on
{len(examples.train)} sentences, thresholds chosen on {len(examples.validation)}. Metrics: the report of the run.

{labels}

Text is normalised before it reaches the model (simplified characters, Chinese punctuation, no stray spaces);
the server does that by itself, `pipeline("text-classification", model=DIR, top_k=None)` does not. A label holds
when its score reaches the threshold in `labels.json`, which `pipeline` does not know either.

Data: {facts["data"]}. Versions: {", ".join(f"{k} {v}" for k, v in facts["versions"].items())}.
"""
