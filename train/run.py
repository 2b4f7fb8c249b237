"""One run from configuration to published model; every file of it stands in the run folder."""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import asdict
from enum import Enum
from importlib.metadata import version
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf

from configs.schema import Task, TrainConfig
from data.files import MANIFEST, code_hash, input_hashes, read_manifest, tree_hashes, write_atomic, write_manifest
from serve.model_dir import publish
from serve.predictor import Predictor
from train.baselines import cue_phrases
from train.card import card_text
from train.evaluate import evaluate_baselines, evaluate_model, write_metrics
from train.examples import Examples, load_examples
from train.export import export
from train.finetune import finetune, head_of
from train.metrics import best_thresholds
from train.report import write_report

LIBRARIES = ("torch", "transformers", "datasets", "scikit-learn", "onnxruntime", "tokenizers")


def train(config: TrainConfig) -> Path:
    """Fine-tune, choose thresholds, publish, evaluate, report; returns the run folder.

    A run that finished with the same data, code and configuration is left as it is.
    """
    examples = load_examples(Path(config.dataset.dir), config.task)
    cues = cue_phrases(examples, Path(config.lexicon))
    inputs = _inputs(config)
    folder = Path(config.run.dir) / (config.run.name or f"{config.encoder.name}-seed{config.seed}-{_key(inputs)}")
    if _finished(folder, inputs, config):
        print(f"run {folder} is up to date")
        return folder
    if read_manifest(folder).get("inputs") != inputs:
        shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    write_manifest(folder, inputs=inputs, finished=False)
    write_atomic(folder / "config.yaml", OmegaConf.to_yaml(OmegaConf.structured(config)))
    predictor = _fit(config, examples, folder)
    systems = evaluate_baselines(config.task, examples, cues)
    systems[config.encoder.name] = evaluate_model(examples, predictor, folder)
    write_metrics(systems, predictor, folder)
    write_report(folder, examples)
    shutil.rmtree(folder / "checkpoints", ignore_errors=True)
    write_manifest(folder, inputs=inputs, finished=True, model=predictor.name)
    return folder


def _fit(config: TrainConfig, examples: Examples, folder: Path) -> Predictor:
    """The fine-tuned, exported model with its thresholds, from the place it is served from."""
    tokenizer, model, history = finetune(config, examples, folder)
    write_atomic(folder / "history.json", json.dumps(history, indent=1) + "\n")
    files = folder / "model"
    shutil.rmtree(files, ignore_errors=True)
    thresholds = [0.5] * len(examples.labels.ids)
    export(tokenizer, model, head_of(config, examples, thresholds), files)
    facts = {
        "data": _data_hash(config),
        "versions": {name: version(name) for name in LIBRARIES},
        "config": _plain(config),
    }
    (files / "card.json").write_text(json.dumps(facts, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    (files / "README.md").write_text(card_text(config, examples, facts), encoding="utf-8")
    write_manifest(files, inputs={})
    if config.task is Task.multi_label:
        scores = Predictor.load(files).scores([e.text for e in examples.validation])
        thresholds = best_thresholds(examples.gold(examples.validation), scores)
        head = head_of(config, examples, thresholds)
        (files / "labels.json").write_text(
            json.dumps(head.to_json(), ensure_ascii=False, indent=1) + "\n", encoding="utf-8"
        )
        write_manifest(files, inputs={})
    if config.run.publish:
        files = publish(files, Path(config.run.models_dir), folder.name)
    return Predictor.load(files)


def _inputs(config: TrainConfig) -> dict[str, str]:
    where = Path(config.dataset.dir)
    paths = [where / name for name in ("labels.yaml", "train.jsonl", "validation.jsonl", "test.jsonl")]
    lexicon = Path(config.lexicon)
    return {
        **input_hashes([p for p in (*paths, lexicon) if p.is_file()]),
        "code": code_hash("configs", "data", "serve", "train"),
        "config": json.dumps(_plain(config), sort_keys=True),
    }


def _finished(folder: Path, inputs: dict[str, str], config: TrainConfig) -> bool:
    manifest = read_manifest(folder)
    if (
        not manifest.get("finished")
        or manifest.get("inputs") != inputs
        or manifest.get("outputs") != tree_hashes(folder)
    ):
        return False
    return not config.run.publish or (Path(config.run.models_dir) / manifest["model"] / MANIFEST).is_file()


def _data_hash(config: TrainConfig) -> str:
    return _key(input_hashes([Path(config.dataset.dir) / f"{s}.jsonl" for s in ("train", "validation", "test")]))


def _key(inputs: dict[str, str]) -> str:
    return hashlib.sha256(json.dumps(inputs, sort_keys=True).encode()).hexdigest()[:8]


def _plain(config: TrainConfig) -> dict[str, Any]:
    return json.loads(json.dumps(asdict(config), default=lambda x: x.value if isinstance(x, Enum) else str(x)))  # type: ignore[no-any-return]
