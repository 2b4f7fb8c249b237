"""One pretraining run from documents to encoder; every file of it stands in the run folder."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import torch
from omegaconf import OmegaConf
from torch.optim.lr_scheduler import LambdaLR
from transformers import BertForMaskedLM, TrainingArguments, set_seed

from configs.pretraining import MaskingConfig, PretrainConfig, ScheduleConfig
from configs.schema import Resume, Task
from data.files import read_manifest, write_atomic, write_manifest
from train.device import on_cpu, suit_attention, use_bf16
from train.encoder_card import encoder_card
from train.examples import load_examples
from train.finetune import newest_checkpoint
from train.masking import BLOCK, Blocks, Phase, Special, collate, held_out_rows
from train.mlm import MaskedTrainer, new_model
from train.neighbours import log_frequencies, neighbour_embeddings
from train.optimizer import MuonAdamW
from train.positions import start_positions
from train.prepared import Prepared, prepare
from train.probe import Probe

HISTORY, CORPUS = "history.jsonl", "corpus"
HELD_OUT_LENGTH = 128  # tokens of a held-out sequence, whatever the run trains on, so that runs compare
HELD_OUT_BATCH = 16  # sequences
HELD_OUT_MASKING = MaskingConfig(rate=0.15)  # whatever the run masks


def pretrain(config: PretrainConfig) -> Path:
    """Train and return the folder of the encoder, a Hugging Face directory of a BertForMaskedLM.

    A run that was stopped goes on from its newest checkpoint; so does a finished one that is asked for more tokens.
    Raises ValueError where the run of this name has another corpus, shape or seed, and KeyboardInterrupt where it was
    told to stop (SIGTERM), after a checkpoint.
    """
    folder = Path(config.dir) / config.name
    _claim(config, folder)
    prepared = prepare(config.corpus, folder / CORPUS)
    set_seed(config.seed)
    trainer = _trainer(config, prepared, folder)
    checkpoint = newest_checkpoint(folder) if config.resume is Resume.auto else None
    seen = int(checkpoint.name.rsplit("-", 1)[1]) if checkpoint else 0
    if seen > trainer.args.max_steps:
        raise ValueError(
            f"schedule.tokens={config.schedule.tokens:g}: {folder} has seen {seen * config.schedule.batch_tokens:,} "
            "tokens already; ask for more, or take another name="
        )
    forget_after(folder / HISTORY, seen)
    trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
    if trainer.state.global_step < trainer.args.max_steps:
        raise KeyboardInterrupt
    return _save(config, trainer, prepared, folder)


def _claim(config: PretrainConfig, folder: Path) -> None:
    """Take the folder; the state of another corpus, shape or seed is not gone on with."""
    corpus = {**asdict(config.corpus), "workers": 0}  # how many make it changes nothing
    fixed = {"corpus": json.dumps(corpus, sort_keys=True), "shape": json.dumps(asdict(config.shape), sort_keys=True)}
    fixed["seed"] = str(config.seed)
    manifest = read_manifest(folder)
    if folder.exists() and not manifest and any(path.name != CORPUS for path in folder.iterdir()):
        raise ValueError(f"{folder}: holds files and no manifest, so it is no run to go on with; take another name=")
    if changed := [key for key, value in fixed.items() if manifest and manifest["inputs"].get(key) != value]:
        raise ValueError(
            f"{folder}: holds a run with another {' and '.join(changed)}; take another name=, or remove the folder"
        )
    folder.mkdir(parents=True, exist_ok=True)
    write_manifest(folder, inputs=fixed, finished=False)
    write_atomic(folder / "config.yaml", OmegaConf.to_yaml(OmegaConf.structured(config)))


def _trainer(config: PretrainConfig, prepared: Prepared, folder: Path) -> MaskedTrainer:
    schedule, special = config.schedule, Special.of(prepared.tokenizer)
    updates = int(schedule.tokens // schedule.batch_tokens)
    model = _start(config, prepared)
    suit_attention(model, on_cpu(config.device))
    optimizer = MuonAdamW(model, schedule)
    rows = _held_out(config, prepared, special)
    examples = Path(config.watch.dataset)
    probe = Probe(load_examples(examples, Task.multi_label), prepared.tokenizer) if examples.is_dir() else None
    return MaskedTrainer(
        model=model,
        args=_arguments(config, updates, folder),
        train_dataset=Blocks(prepared.train, phases(schedule), config.masking, special, config.seed),
        eval_dataset=rows,
        data_collator=collate,
        optimizers=(optimizer, LambdaLR(optimizer, rate_of(schedule, updates))),
        held_out=[collate(rows[i : i + HELD_OUT_BATCH]) for i in range(0, len(rows), HELD_OUT_BATCH)],
        probe=probe,
        history=folder / HISTORY,
    )


def _held_out(config: PretrainConfig, prepared: Prepared, special: Special) -> list[Any]:
    """Rows of the held-out documents, evenly chosen where there are more than asked for."""
    rows = held_out_rows(prepared.held_out, HELD_OUT_LENGTH, HELD_OUT_MASKING, special, config.seed)
    if not rows:
        raise ValueError(f"corpus: the held-out documents have fewer than {HELD_OUT_LENGTH} tokens; hold out more")
    every = max(1, round(len(rows) * HELD_OUT_LENGTH / config.watch.held_out_size))
    return rows[::every]


def _start(config: PretrainConfig, prepared: Prepared) -> BertForMaskedLM:
    """The untrained model; its output begins with the frequencies of the tokens."""
    ids, size = prepared.train.ids, len(prepared.tokenizer)
    model = new_model(config.shape, size)
    with torch.no_grad():
        model.cls.predictions.bias.copy_(torch.from_numpy(log_frequencies(ids, size)))
        if config.start.neighbours:
            found = neighbour_embeddings(ids, size, config.shape.hidden, config.seed)
            model.bert.embeddings.word_embeddings.weight.copy_(torch.from_numpy(found))
    if config.start.beside:
        start_positions(model, config.start.beside, config.seed)
    return model


def phases(schedule: ScheduleConfig) -> list[Phase]:
    """Blocks of each sequence length; whole updates, so that no batch mixes lengths."""
    updates, an_update = int(schedule.tokens // schedule.batch_tokens), schedule.batch_tokens // BLOCK
    found, before, share = [], 0, 0.0
    for length, more in zip(schedule.lengths, schedule.shares, strict=True):
        share += more
        until = round(share * updates)
        found.append(Phase(length, (until - before) * an_update))
        before = until
    return found


def rate_of(schedule: ScheduleConfig, updates: int) -> Callable[[int], float]:
    """Share of the learning rate at each update: warm-up, a plateau, then linearly down to nothing.

    A plateau lets a run be given more tokens later without having guessed how many (Hu et al. 2024, MiniCPM).
    """
    warmup, decay = max(1, round(schedule.warmup * updates)), max(1, round(schedule.decay * updates))
    return partial(_share, updates, warmup, decay)


def _share(updates: int, warmup: int, decay: int, step: int) -> float:
    return max(0.0, min(1.0, (step + 1) / warmup, (updates - step) / decay))


def forget_after(history: Path, step: int) -> None:
    """Leave out what a run noted after the checkpoint that it goes on from; it will be noted again.

    So is a last line that a power cut left unfinished.
    """
    if history.is_file():
        lines = history.read_text(encoding="utf-8", errors="replace").splitlines()
        kept = [line for line in lines if line.endswith("}") and json.loads(line)["step"] <= step]
        write_atomic(history, "".join(f"{line}\n" for line in kept))


def _arguments(config: PretrainConfig, updates: int, folder: Path) -> TrainingArguments:
    schedule, watch, cpu = config.schedule, config.watch, on_cpu(config.device)
    every = {
        key: max(1, round(getattr(watch, f"{key}_tokens") / schedule.batch_tokens))
        for key in ("log", "held_out", "save")
    }
    return TrainingArguments(
        output_dir=str(folder / "checkpoints"),
        seed=config.seed,
        use_cpu=cpu,
        bf16=use_bf16(config.bf16, cpu),
        max_steps=updates,
        per_device_train_batch_size=schedule.device_tokens // BLOCK,
        gradient_accumulation_steps=schedule.batch_tokens // schedule.device_tokens,
        train_sampling_strategy="sequential",
        max_grad_norm=1.0,
        logging_steps=every["log"],
        eval_strategy="steps",
        eval_steps=every["held_out"],
        save_steps=every["save"],
        save_total_limit=2,
        enable_jit_checkpoint=True,  # a checkpoint on SIGTERM
        dataloader_pin_memory=not cpu,
        report_to=[],
    )


def _save(config: PretrainConfig, trainer: MaskedTrainer, prepared: Prepared, folder: Path) -> Path:
    """The encoder in half precision, its tokenizer and card; checkpoints stay, so that the run can be gone on with."""
    model: Any = trainer.accelerator.unwrap_model(trainer.model, keep_fp32_wrapper=False)
    target = folder / "model"
    torch.nn.Module.to(model, device="cpu", dtype=torch.float16).save_pretrained(target)
    prepared.tokenizer.save_pretrained(target)
    history = [json.loads(line) for line in (folder / HISTORY).read_text(encoding="utf-8").splitlines()]
    write_atomic(target / "README.md", encoder_card(config, model, history, folder / CORPUS))
    write_manifest(folder, inputs=read_manifest(folder)["inputs"], finished=True)
    return target
