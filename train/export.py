"""A fine-tuned model into the files of a model directory."""

from __future__ import annotations

import json
import logging
import warnings
from pathlib import Path
from typing import Any

import torch
from transformers import PreTrainedModel

from serve.model_dir import Head

INPUTS = ("input_ids", "attention_mask", "token_type_ids")


class _Logits(torch.nn.Module):
    """The model as a function of three tensors of shape (batch, tokens) to logits of shape (batch, labels)."""

    def __init__(self, model: PreTrainedModel) -> None:
        super().__init__()
        self.model = model

    def forward(
        self, input_ids: torch.Tensor, attention_mask: torch.Tensor, token_type_ids: torch.Tensor
    ) -> torch.Tensor:
        output = self.model(input_ids=input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids)
        return output.logits  # type: ignore[no-any-return]


def export(tokenizer: Any, model: PreTrainedModel, head: Head, folder: Path) -> None:
    """Write weights, tokenizer, ONNX graph and labels.json into ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    export_onnx(model, folder / "model.onnx")
    (folder / "labels.json").write_text(
        json.dumps(head.to_json(), ensure_ascii=False, indent=1) + "\n", encoding="utf-8"
    )


def export_onnx(model: PreTrainedModel, path: Path) -> None:
    """An ONNX graph with free batch and token axes, weights inside."""
    ids = torch.ones((2, 8), dtype=torch.long)
    batch, tokens = torch.export.Dim("batch"), torch.export.Dim("tokens", max=512)
    shapes = {name: {0: batch, 1: tokens} for name in INPUTS}
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)  # it misses torchvision, which no BERT needs
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter's own deprecations
        torch.onnx.export(
            _Logits(model).eval(),
            (ids, torch.ones_like(ids), torch.zeros_like(ids)),
            path,
            input_names=list(INPUTS),
            output_names=["logits"],
            dynamic_shapes=shapes,
            dynamo=True,
            external_data=False,
            verbose=False,
        )
