"""Training as an ML engineer runs it: the command, the run folder, the published model."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from transformers import pipeline

from data.files import read_manifest, tree_hashes
from data.records import read_jsonl, write_jsonl
from serve.model_dir import point_current
from serve.predictor import Predictor
from train.finetune import newest_checkpoint
from trained import ROOT, SMALL, Workshop

pytestmark = pytest.mark.training
IDS = ["problem", "recommendation", "target", "funding", "talent", "platform"]


def test_that_a_run_folder_explains_itself(workshop: Workshop) -> None:
    folder = workshop.home / "runs" / "smoke"
    metrics = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    assert list(metrics["test"]) == list(metrics["validation"]) == ["majority", "lexicon", "tfidf", "scratch"]
    test = list(read_jsonl(workshop.examples / "test.jsonl"))
    predictions = list(read_jsonl(folder / "predictions.jsonl"))
    assert [row["id"] for row in predictions] == [row["id"] for row in test]
    for row in metrics["test"].values():
        assert row["examples"] == len(test)
        assert list(row["labels"]) == IDS
    assert metrics["test"]["tfidf"]["macro_f1"] > metrics["test"]["majority"]["macro_f1"]
    report = (folder / "report.html").read_text(encoding="utf-8")
    assert all(name in report for name in ("majority", "lexicon", "tfidf", "scratch", "建议举措"))
    assert read_manifest(folder)["outputs"] == tree_hashes(folder)


def test_that_a_further_test_set_is_scored_beside_test(workshop: Workshop) -> None:
    folder = workshop.home / "with further test"
    shutil.copytree(workshop.examples, folder)
    shutil.copyfile(folder / "validation.jsonl", folder / "test_more.jsonl")
    done = workshop.train(
        "dataset.dir=with\\ further\\ test", "run.name=further", "run.publish=false", "optim.epochs=1"
    )
    assert done.returncode == 0, done.stderr
    metrics = json.loads((workshop.home / "runs" / "further" / "metrics.json").read_text(encoding="utf-8"))
    assert metrics["test_more"] == metrics["validation"]
    assert "system (test_more)" in done.stderr
    report = (workshop.home / "runs" / "further" / "report.html").read_text(encoding="utf-8")
    assert "测试集 test_more" in report
    test = [row["id"] for row in read_jsonl(workshop.examples / "test.jsonl")]
    assert [row["id"] for row in read_jsonl(workshop.home / "runs" / "further" / "predictions.jsonl")] == test


def test_that_the_pipeline_of_transformers_gives_the_servers_scores(workshop: Workshop) -> None:
    predictor = Predictor.load(workshop.model)
    texts = [row["text"] for row in read_jsonl(workshop.examples / "test.jsonl")]
    ours = predictor.scores(texts)
    classify = pipeline("text-classification", model=str(workshop.model.resolve()), top_k=None, device="cpu")
    answers: Any = classify(texts, truncation=True)
    theirs = [{x["label"]: x["score"] for x in row} for row in answers]
    gap = np.abs(ours - np.array([[row[label] for label in IDS] for row in theirs]))
    assert gap.max() < 1e-3


def test_that_a_finished_run_is_left_as_it_is(workshop: Workshop) -> None:
    before = tree_hashes(workshop.home / "runs" / "smoke")
    point_current(workshop.home / "models", "elsewhere")
    done = workshop.train()
    assert done.returncode == 0
    assert "up to date" in done.stdout
    assert workshop.model.resolve().name.startswith("smoke-")  # served again, whatever was published since
    done = workshop.train("optim.epochs=3")
    assert (done.returncode, "choose another run.name" in done.stderr) == (2, True)
    assert tree_hashes(workshop.home / "runs" / "smoke") == before


def test_that_the_same_seed_gives_the_same_weights(workshop: Workshop) -> None:
    done = workshop.train("run.name=again", "run.publish=false")
    assert done.returncode == 0, done.stderr
    weights = [
        (workshop.home / "runs" / name / "model" / "model.safetensors").read_bytes() for name in ("smoke", "again")
    ]
    assert weights[0] == weights[1]


def test_that_a_killed_run_goes_on_where_it_stopped(workshop: Workshop) -> None:
    folder = workshop.home / "runs" / "killed"
    command = [sys.executable, "-m", "train", *SMALL, "optim.epochs=12", "optim.patience=3", "dataset.dir=examples"]
    command += ["run.dir=runs", "run.publish=false", "run.name=killed"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "HF_HUB_OFFLINE": "1"}
    with (workshop.home / "killed.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=workshop.home, env=environment, stdout=log, stderr=log)
        while newest_checkpoint(folder) is None:
            assert process.poll() is None, (workshop.home / "killed.log").read_text(encoding="utf-8")
            time.sleep(0.05)
        process.send_signal(signal.SIGKILL)
        process.wait()
    first = newest_checkpoint(folder)
    assert first
    (folder / "checkpoints" / "checkpoint-999999").mkdir()  # as a kill in the middle of a save leaves it
    assert newest_checkpoint(folder) == first
    done = subprocess.run(command, cwd=workshop.home, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    epochs = [row["epoch"] for row in json.loads((folder / "history.json").read_text()) if "eval_macro_f1" in row]
    assert epochs == [float(n) for n in range(1, len(epochs) + 1)]
    whole = subprocess.run(
        [*command, "run.name=whole"], cwd=workshop.home, env=environment, capture_output=True, check=False
    )
    assert whole.returncode == 0
    weights = [(workshop.home / "runs" / n / "model" / "model.safetensors").read_bytes() for n in ("killed", "whole")]
    assert weights[0] == weights[1]


def test_that_a_local_model_directory_can_be_fine_tuned(workshop: Workshop) -> None:
    done = workshop.train("run.name=local", "run.publish=false", "encoder.path=models/current")
    assert done.returncode == 0, done.stderr
    metrics = json.loads((workshop.home / "runs" / "local" / "metrics.json").read_text(encoding="utf-8"))
    assert "local" in metrics["test"]
    shutil.copytree(workshop.home / "runs" / "local" / "model", workshop.home / "electra")
    config = workshop.home / "electra" / "config.json"
    config.write_text(config.read_text(encoding="utf-8").replace('"bert"', '"electra"'), encoding="utf-8")
    done = workshop.train("encoder.path=electra", "run.name=electra")
    assert (done.returncode, "'electra', expected 'bert'" in done.stderr) == (2, True)
    done = workshop.train("encoder.path=nowhere", "run.name=none")
    assert (done.returncode, "encoder.path=nowhere: expected a local" in done.stderr) == (2, True)


def test_that_an_unreachable_hub_is_one_clear_message(workshop: Workshop) -> None:
    done = workshop.train("encoder=macbert", "run.name=hub")
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    for part in ("hfl/chinese-macbert-base", "encoder=scratch", "encoder.path=DIR"):
        assert part in done.stderr


def test_that_any_single_label_dataset_can_be_learnt(workshop: Workshop) -> None:
    folder = workshop.home / "weather"
    folder.mkdir()
    labels = [{"id": "rain", "name": "雨"}, {"id": "sun", "name": "晴"}, {"id": "wind", "name": "风"}]
    (folder / "labels.yaml").write_text(yaml.safe_dump({"labels": labels}, allow_unicode=True), encoding="utf-8")
    says = {"rain": "下了{}场大雨，路面积水", "sun": "晴了{}天，阳光充足", "wind": "刮了{}级大风，树枝摇晃"}
    for split, numbers in {"train": range(40), "validation": range(40, 50), "test": range(50, 60)}.items():
        rows = [
            {"id": f"{name}{n}", "text": text.format(n), "labels": [name]}
            for n in numbers
            for name, text in says.items()
        ]
        write_jsonl(folder / f"{split}.jsonl", rows)
    done = workshop.train(
        "dataset.dir=weather",
        "task=single_label",
        "run.name=weather",
        "optim.epochs=15",
        "optim.learning_rate=3e-3",
        "run.models_dir=other",
    )
    assert done.returncode == 0, done.stderr
    metrics = json.loads((workshop.home / "runs" / "weather" / "metrics.json").read_text(encoding="utf-8"))
    assert "lexicon" not in metrics["test"]
    assert metrics["test"]["scratch"]["macro_f1"] == 1.0
    predictor = Predictor.load(workshop.home / "other" / "current")
    assert predictor.labels(predictor.scores(["下了一场大雨"])) == [["rain"]]


def test_that_a_bad_dataset_is_named(workshop: Workshop) -> None:
    done = workshop.train("dataset.dir=nowhere")
    assert (done.returncode, "nowhere: expected a dataset directory" in done.stderr) == (2, True)
    done = workshop.train("+foo=1")
    assert (done.returncode, "foo" in done.stderr) == (2, True)
    done = workshop.train("task=single_label")
    assert (done.returncode, "task=single_label needs exactly one label" in done.stderr) == (2, True)
    done = workshop.train("device=cuda", "run.name=gpu")
    assert done.returncode in (0, 2)  # 0 where there is a GPU
    assert done.returncode == 0 or "no GPU" in done.stderr


def test_that_a_sweep_gives_every_run_its_own_folder(workshop: Workshop) -> None:
    done = workshop.train("run.name=", "run.publish=false", "run.dir=sweep", "seed=1,2", "optim.epochs=1", sweep=True)
    assert done.returncode == 0, done.stderr
    found = sorted(path.name.rsplit("-", 1)[0] for path in Path(workshop.home / "sweep").glob("scratch-*"))
    assert found == ["scratch-seed1", "scratch-seed2"]
    for path in (workshop.home / "sweep").glob("scratch-*/metrics.json"):
        metrics = json.loads(path.read_text(encoding="utf-8"))
        assert "validation" in metrics
        assert "test" not in metrics  # a sweep is there to choose
