"""One fine-tuning run on the Hugging Face Trainer: dynamic padding, length grouping, bf16, early stopping, resume."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from datasets import Dataset
from transformers import (
    DataCollatorWithPadding,
    EarlyStoppingCallback,
    EvalPrediction,
    PreTrainedModel,
    Trainer,
    TrainingArguments,
    set_seed,
)

from configs.schema import Resume, Task, TrainConfig
from data.records import Example
from serve.model_dir import Head, ServedLabel
from serve.predictor import decide, to_scores
from train.device import on_cpu, suit_attention, use_bf16
from train.encoder import load_encoder
from train.examples import Examples
from train.metrics import best_thresholds, counts, f1_of

WHOLE = ("trainer_state.json", "model.safetensors", "optimizer.pt", "scheduler.pt", "rng_state.pth")


def finetune(
    config: TrainConfig, examples: Examples, folder: Path
) -> tuple[Any, PreTrainedModel, list[dict[str, Any]]]:
    """Train and return tokenizer, the best model by validation macro-F1, and the log of the run."""
    set_seed(config.seed)
    tokenizer, model = load_encoder(config.encoder, examples.labels, config.task, [e.text for e in examples.train])
    suit_attention(model, on_cpu(config.device))
    trainer = Trainer(
        model=model,
        args=_arguments(config, folder),
        train_dataset=_tensors(examples, examples.train, tokenizer, config),
        eval_dataset=_tensors(examples, examples.validation, tokenizer, config),
        data_collator=DataCollatorWithPadding(tokenizer),
        compute_metrics=lambda prediction: _validation_metrics(prediction, config.task),
        callbacks=[EarlyStoppingCallback(config.optim.patience)],
    )
    checkpoint = newest_checkpoint(folder) if config.run.resume is Resume.auto else None
    trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
    best = trainer.accelerator.unwrap_model(trainer.model, keep_fp32_wrapper=False)  # without the bf16 autocast
    torch.nn.Module.to(best, device="cpu", dtype=torch.float32)
    torch.nn.Module.train(best, False)
    best.set_attn_implementation("sdpa")
    return tokenizer, best, trainer.state.log_history


def _tensors(examples: Examples, rows: list[Example], tokenizer: Any, config: TrainConfig) -> Dataset:
    encoded = tokenizer([row.text for row in rows], truncation=True, max_length=config.encoder.max_length)
    gold = examples.gold(rows)
    labels = gold.astype(np.float32).tolist() if config.task is Task.multi_label else gold.argmax(1).tolist()
    return Dataset.from_dict({**encoded, "labels": labels, "length": [len(ids) for ids in encoded["input_ids"]]})


def _arguments(config: TrainConfig, folder: Path) -> TrainingArguments:
    cpu = on_cpu(config.device)
    optim = config.optim
    return TrainingArguments(
        output_dir=str(folder / "checkpoints"),
        seed=config.seed,
        use_cpu=cpu,
        bf16=use_bf16(optim.bf16, cpu),
        learning_rate=optim.learning_rate,
        weight_decay=optim.weight_decay,
        warmup_steps=optim.warmup_ratio,  # below 1: a share of all steps
        num_train_epochs=optim.epochs,
        per_device_train_batch_size=optim.batch_size,
        per_device_eval_batch_size=64,
        train_sampling_strategy="group_by_length",
        length_column_name="length",
        eval_strategy="epoch",
        save_strategy="epoch",
        save_total_limit=2,
        logging_strategy="epoch",
        load_best_model_at_end=True,
        metric_for_best_model="macro_f1",
        greater_is_better=True,
        restore_callback_states_from_checkpoint=True,
        dataloader_pin_memory=not cpu,
        report_to=[],
    )


def newest_checkpoint(folder: Path) -> Path | None:
    """The newest checkpoint that has all its files; one cut short by a kill is passed over."""
    found = [p for p in (folder / "checkpoints").glob("checkpoint-*") if all((p / name).is_file() for name in WHOLE)]
    return max(found, key=lambda p: int(p.name.rsplit("-", 1)[1]), default=None)


def head_of(config: TrainConfig, examples: Examples, thresholds: list[float]) -> Head:
    """labels.json of the model that this run publishes."""
    served = tuple(
        ServedLabel(label.id, label.name, label.color, threshold, label.definition)
        for label, threshold in zip(examples.labels.labels, thresholds, strict=True)
    )
    return Head(config.task, 1.0, config.encoder.max_length, served)


def _validation_metrics(prediction: EvalPrediction, task: Task) -> dict[str, float]:
    """Macro-F1 and micro-F1 with the thresholds that suit these very scores best."""
    logits = np.asarray(prediction.predictions, np.float32)
    gold = np.asarray(prediction.label_ids)
    width = logits.shape[1]
    gold = gold.astype(np.int64) if task is Task.multi_label else np.eye(width, dtype=np.int64)[gold]
    scores = to_scores(logits, task)
    table = counts(gold, decide(scores, task, best_thresholds(gold, scores)))
    return {"macro_f1": float(f1_of(table).mean()), "micro_f1": float(f1_of(table.sum(1)))}
