"""One run from configuration to published model; every file of it stands in the run folder."""

from __future__ import annotations

import hashlib
import json
import shutil
from importlib.metadata import version
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf

from configs.schema import Task, TrainConfig, plain
from data.files import MANIFEST, code_hash, input_hashes, read_manifest, tree_hashes, write_atomic, write_manifest
from data.records import write_jsonl
from serve.model_dir import point_current, publish
from serve.predictor import Predictor
from train.baselines import CuePhrases, cue_phrases
from train.card import card_text
from train.evaluate import System, baselines, predictions
from train.examples import Examples, further_tests, load_examples
from train.export import export
from train.finetune import finetune, head_of
from train.metrics import best_thresholds
from train.report import write_report

LIBRARIES = ("torch", "transformers", "datasets", "scikit-learn", "onnxruntime", "tokenizers")


def train(config: TrainConfig) -> Path:
    """Fine-tune, choose thresholds, evaluate, report, publish; returns the run folder.

    A run that finished with the same data, code and configuration is left as it is. Raises ValueError where a
    finished run of the same name had others.
    """
    examples = load_examples(Path(config.dataset.dir), config.task)
    cues = cue_phrases(examples, Path(config.lexicon))
    inputs = _inputs(config)
    folder = Path(config.run.dir) / (config.run.name or f"{config.encoder.name}-seed{config.seed}-{_key(inputs)}")
    if _finished(folder, inputs, config):
        print(f"run {folder} is up to date")
    else:
        _claim(folder, inputs)
        write_atomic(folder / "config.yaml", OmegaConf.to_yaml(OmegaConf.structured(config)))
        predictor = Predictor.load(_fit(config, examples, folder))
        _measure(config, examples, cues, predictor, folder)
        model = publish(folder / "model", Path(config.run.models_dir), folder.name).name if config.run.publish else ""
        shutil.rmtree(folder / "checkpoints", ignore_errors=True)
        write_manifest(folder, inputs=inputs, finished=True, model=model)
    if config.run.publish:
        point_current(Path(config.run.models_dir), read_manifest(folder)["model"])
    return folder


def _claim(folder: Path, inputs: dict[str, str]) -> None:
    """Take a folder for this run; an unfinished run of other inputs makes room, a finished one does not."""
    manifest = read_manifest(folder)
    if folder.exists() and (manifest.get("finished") or (not manifest and any(folder.iterdir()))):
        raise ValueError(
            f"{folder}: holds a run of other data, code or configuration (or files of yours); "
            "choose another run.name, or remove it"
        )
    if manifest and manifest["inputs"] != inputs:
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)
    write_manifest(folder, inputs=inputs, finished=False)


def _fit(config: TrainConfig, examples: Examples, folder: Path) -> Path:
    """Fine-tune and export with the thresholds that validation asks for; returns the model directory."""
    tokenizer, model, history = finetune(config, examples, folder)
    write_atomic(folder / "history.json", json.dumps(history, indent=1) + "\n")
    files = folder / "model"
    shutil.rmtree(files, ignore_errors=True)
    thresholds = [0.5] * len(examples.labels.ids)
    export(tokenizer, model, head_of(config, examples, thresholds), files)
    _write_card(config, examples, files)
    write_manifest(files, inputs={})
    if config.task is Task.multi_label:
        scores = Predictor.load(files).scores([row.text for row in examples.validation])
        thresholds = best_thresholds(examples.gold(examples.validation), scores)
        write_atomic(files / "labels.json", _json(head_of(config, examples, thresholds).to_json()))
        write_manifest(files, inputs={})
    return files


def _write_card(config: TrainConfig, examples: Examples, files: Path) -> None:
    versions = {name: version(name) for name in LIBRARIES}
    facts = {"data": _data_hash(config), "versions": versions, "config": plain(config)}
    write_atomic(files / "card.json", _json(facts))
    write_atomic(files / "README.md", card_text(config, examples, facts))


def _measure(
    config: TrainConfig, examples: Examples, cues: CuePhrases | None, predictor: Predictor, folder: Path
) -> None:
    """metrics.json, predictions.jsonl and report.html: all systems on validation and, unless it is a sweep, on test."""
    model = {config.encoder.name: System(predictor, predictor.head.thresholds)}
    systems = {**baselines(examples, cues), **model}
    splits = {"validation": examples.validation, **(examples.test_sets if config.run.test else {})}
    metrics: dict[str, Any] = {
        split: {name: system.metrics(config.task, examples, rows) for name, system in systems.items()}
        for split, rows in splits.items()
    }
    metrics["thresholds"] = dict(zip(predictor.head.ids, predictor.head.thresholds, strict=True))
    metrics["version"] = predictor.version
    write_atomic(folder / "metrics.json", _json(metrics))
    shown = "test" if config.run.test else "validation"
    write_jsonl(folder / "predictions.jsonl", predictions(examples, splits[shown], predictor))
    write_report(folder, examples)


def _inputs(config: TrainConfig) -> dict[str, str]:
    where = Path(config.dataset.dir)
    names = ("labels.yaml", "train.jsonl", "validation.jsonl", "test.jsonl")
    paths = [*(where / name for name in names), *further_tests(where)]
    lexicon = Path(config.lexicon)
    return {
        **input_hashes([p for p in (*paths, lexicon) if p.is_file()]),
        "code": code_hash("configs", "data", "serve", "train"),
        "config": json.dumps(plain(config), sort_keys=True),
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


def _json(content: object) -> str:
    return json.dumps(content, ensure_ascii=False, indent=1) + "\n"


def _key(inputs: dict[str, str]) -> str:
    return hashlib.sha256(json.dumps(inputs, sort_keys=True).encode()).hexdigest()[:8]
