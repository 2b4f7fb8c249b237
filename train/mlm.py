"""Masked-language modelling on the Hugging Face Trainer: the loss at the masked places only, what is watched."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import torch
from torch.nn.functional import cross_entropy
from transformers import BertConfig, BertForMaskedLM, Trainer

from configs.pretraining import ShapeConfig
from train.masking import BLOCK, IGNORED
from train.probe import Probe

POSITIONS = 512


def new_model(shape: ShapeConfig, vocabulary: int) -> BertForMaskedLM:
    """A BERT of this shape with random weights."""
    return BertForMaskedLM(
        BertConfig(
            vocab_size=vocabulary,
            hidden_size=shape.hidden,
            num_hidden_layers=shape.layers,
            num_attention_heads=shape.heads,
            intermediate_size=shape.intermediate,
            hidden_act=shape.activation,
            hidden_dropout_prob=shape.dropout,
            attention_probs_dropout_prob=shape.dropout,
            max_position_embeddings=POSITIONS,
            pad_token_id=0,
        )
    )


def guesses(model: Any, inputs: dict[str, torch.Tensor]) -> tuple[torch.Tensor, torch.Tensor]:
    """Logits of shape (masked, vocabulary) and the right tokens (masked,). The head sees the masked places alone."""
    hidden = model.bert(inputs["input_ids"]).last_hidden_state
    places = (inputs["labels"] != IGNORED).flatten().nonzero().squeeze(1)
    return model.cls(hidden.flatten(0, 1)[places]), inputs["labels"].flatten()[places]


class MaskedTrainer(Trainer):
    """Trains on the masked tokens; ``evaluate`` is the loss and accuracy on ``held_out``, batches, and the probe.

    What is logged goes to ``history`` too, one JSON object a line, with tokens seen and tokens a second.
    """

    def __init__(
        self, *args: Any, held_out: list[dict[str, torch.Tensor]], probe: Probe | None, history: Path, **more: Any
    ) -> None:
        super().__init__(*args, **more)
        self._held_out, self._probe, self._history = held_out, probe, history
        self._since: tuple[float, int] | None = None

    def compute_loss(
        self, model: Any, inputs: Any, return_outputs: bool = False, num_items_in_batch: Any = None
    ) -> Any:
        """Of an update in several passes, each pass counts by its masked tokens."""
        with self.accelerator.autocast():
            logits, right = guesses(model, inputs)
        if num_items_in_batch is None:
            return cross_entropy(logits.float(), right)
        return cross_entropy(logits.float(), right, reduction="sum") / num_items_in_batch

    def evaluate(self, *_: Any, **__: Any) -> dict[str, float]:
        """Loss (nats a token), accuracy and macro-F1 of the probe; what it takes doesn't count as training time."""
        begun = time.monotonic()
        model = self.model
        assert model is not None
        torch.nn.Module.train(model, False)
        with torch.no_grad(), self.accelerator.autocast():
            metrics = self._loss_and_accuracy(model)
            if self._probe:
                metrics["probe_macro_f1"] = self._probe.macro_f1(model.bert)
        torch.nn.Module.train(model, True)
        if self._since:
            self._since = (self._since[0] + time.monotonic() - begun, self._since[1])
        self.log(metrics)
        self.control = self.callback_handler.on_evaluate(self.args, self.state, self.control, metrics)
        return metrics

    def _loss_and_accuracy(self, model: Any) -> dict[str, float]:
        loss = hits = count = 0.0
        for batch in self._held_out:
            logits, right = guesses(model, {key: value.to(model.device) for key, value in batch.items()})
            loss += float(cross_entropy(logits.float(), right, reduction="sum"))
            hits += float((logits.argmax(1) == right).sum())
            count += len(right)
        return {"held_out_loss": loss / count, "held_out_accuracy": hits / count}

    def log(self, logs: dict[str, float], start_time: float | None = None) -> None:
        """Adds the tokens seen so far and, to a line about training, tokens a second since the last such line."""
        step = self.state.global_step
        logs = {**logs, "step": step, "tokens": step * self._tokens_an_update()}
        now = time.monotonic()
        if "loss" in logs:
            if self._since and step > self._since[1]:
                seen = (step - self._since[1]) * self._tokens_an_update()
                logs["tokens_per_second"] = round(seen / (now - self._since[0]))
            self._since = (now, step)
        super().log(logs, start_time)
        with self._history.open("a", encoding="utf-8") as file:
            file.write(json.dumps(logs) + "\n")

    def _tokens_an_update(self) -> int:
        return int(self.args.train_batch_size * self.args.gradient_accumulation_steps * BLOCK)
