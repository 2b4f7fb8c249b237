"""Pretraining as an ML engineer runs it: the command, a run that is killed and goes on, the encoder that comes out."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import time
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from transformers import AutoModelForMaskedLM, AutoTokenizer

from configs.pretraining import CorpusConfig, MaskingConfig, PretrainConfig, ScheduleConfig, ShapeConfig
from configs.schema import EncoderConfig, Task
from data.labels import load_labels
from train.encoder import load_encoder
from train.optimizer import MuonAdamW
from train.pretraining import forget_after, phases, rate_of
from trained import ROOT

SMALL = [
    "shape={layers: 2, hidden: 64, heads: 2, intermediate: 64, dropout: 0.1}",
    "schedule={tokens: 16384, batch_tokens: 1024, device_tokens: 512, lengths: [64, 128], shares: [0.75, 0.25]}",
    "watch={log_tokens: 1024, held_out_tokens: 8192, held_out_size: 4096, save_tokens: 2048, dataset: none}",
    "corpus.pieces=50",
]


def command(home: Path, name: str, *more: str) -> list[str]:
    return [sys.executable, "-m", "train.pretrain", f"dir={home}", f"name={name}", *SMALL, *more]


def pretrain(home: Path, name: str, *more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command(home, name, *more), cwd=ROOT, capture_output=True, text=True, timeout=300)


def history(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "history.jsonl").read_text(encoding="utf-8").splitlines()]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("pretraining")


@pytest.fixture(scope="module")
def straight(home: Path) -> Path:
    """A run from beginning to end."""
    done = pretrain(home, "straight")
    assert done.returncode == 0, done.stderr
    return home / "straight"


@pytest.mark.training
def test_that_a_run_notes_its_curves_and_leaves_an_encoder(straight: Path) -> None:
    noted = history(straight)
    assert [row["tokens"] for row in noted if "held_out_loss" in row] == [8192, 16384]
    losses = [row["loss"] for row in noted if "loss" in row]
    assert len(losses) == 16
    assert losses[-1] < losses[0] < 9
    assert all(row["tokens_per_second"] > 0 for row in noted if "loss" in row and row["step"] > 1)
    model = AutoModelForMaskedLM.from_pretrained(straight / "model")
    tokenizer = AutoTokenizer.from_pretrained(straight / "model")
    assert model.config.architectures == ["BertForMaskedLM"]
    assert model.dtype == torch.float16
    assert model.config.vocab_size == len(tokenizer) > 6763
    assert tokenizer.model_max_length == 512
    card = (straight / "model" / "README.md").read_text(encoding="utf-8")
    assert "16 updates of 1,024 tokens" in card
    assert "kept out: test: 13" in card
    rows = json.loads((straight / "corpus" / "not_learnt.json").read_text(encoding="utf-8"))
    assert {row["part"] for row in rows} == {"kept out", "held out"}


@pytest.mark.training
def test_that_a_killed_run_goes_on_to_the_very_same_weights(home: Path, straight: Path) -> None:
    folder = home / "killed"
    shutil.copytree(straight / "corpus", folder / "corpus")
    with subprocess.Popen(command(home, "killed"), cwd=ROOT, stderr=subprocess.DEVNULL) as running:
        deadline = time.monotonic() + 120
        while not (folder / "checkpoints" / "checkpoint-6" / "trainer_state.json").is_file():
            assert time.monotonic() < deadline
            assert running.poll() is None
            time.sleep(0.01)
        running.kill()
    assert not (folder / "model").exists()
    assert pretrain(home, "killed").returncode == 0
    one, other = (load_file(path / "model" / "model.safetensors") for path in (straight, folder))
    assert all(torch.equal(one[name], other[name]) for name in one)
    steps = [row["step"] for row in history(folder) if "loss" in row]
    assert steps == list(range(1, 17))


@pytest.mark.training
def test_that_a_run_told_to_stop_says_how_to_go_on(home: Path) -> None:
    long = ("schedule.tokens=2048000", "watch.save_tokens=1e6")
    with subprocess.Popen(command(home, "stopped", *long), cwd=ROOT, stderr=subprocess.PIPE, text=True) as running:
        deadline = time.monotonic() + 120
        while not (home / "stopped" / "history.jsonl").is_file():
            assert time.monotonic() < deadline
            assert running.poll() is None
            time.sleep(0.01)
        running.send_signal(signal.SIGTERM)
        _, said = running.communicate(timeout=120)
    assert running.returncode == 130
    assert "the same command goes on from the newest checkpoint" in said
    assert list((home / "stopped" / "checkpoints").glob("checkpoint-*"))
    fewer = pretrain(home, "stopped", "schedule.tokens=1024")
    assert fewer.returncode == 2
    assert "has seen" in fewer.stderr


@pytest.mark.training
def test_that_a_run_that_ended_takes_more_tokens(home: Path, straight: Path) -> None:
    done = pretrain(home, "straight", "schedule.tokens=20480")
    assert done.returncode == 0, done.stderr
    assert history(straight)[-1]["tokens"] == 20480
    assert "20 updates" in (straight / "model" / "README.md").read_text(encoding="utf-8")


@pytest.mark.training
def test_that_what_came_out_in_half_precision_is_fine_tuned_in_full(straight: Path) -> None:
    labels = load_labels(ROOT / "seeds" / "labels.yaml")
    config = EncoderConfig(name="small", path=str(straight / "model"))
    _, model = load_encoder(config, labels, Task.multi_label, [])
    saved = load_file(straight / "model" / "model.safetensors")["bert.embeddings.word_embeddings.weight"]
    assert {weight.dtype for weight in model.parameters()} == {torch.float32}
    assert torch.equal(dict(model.named_parameters())["bert.embeddings.word_embeddings.weight"], saved.float())


def test_that_an_unfinished_last_line_and_what_came_after_the_checkpoint_are_left_out(tmp_path: Path) -> None:
    noted = tmp_path / "history.jsonl"
    noted.write_text('{"step": 1}\n{"step": 2}\n{"step": 3}\n{"st', encoding="utf-8")
    forget_after(noted, 2)
    assert noted.read_text(encoding="utf-8") == '{"step": 1}\n{"step": 2}\n'


@pytest.mark.training
def test_that_another_shape_or_corpus_is_refused_under_the_same_name(home: Path, straight: Path) -> None:
    for more, what in (("shape.hidden=32", "another shape"), ("corpus.pieces=60", "another corpus")):
        done = pretrain(home, "straight", more)
        assert done.returncode == 2
        assert what in done.stderr
        assert "take another name=" in done.stderr
    (home / "mine").mkdir()
    (home / "mine" / "letter.txt").write_text("x", encoding="utf-8")
    assert "no run to go on with" in pretrain(home, "mine").stderr


def test_that_wrong_knobs_are_refused_with_what_was_expected() -> None:
    for make, words in (
        (lambda: CorpusConfig(dirs=[]), "at least one folder"),
        (lambda: CorpusConfig(weights={"*": 0.5}), "must be 1 or more"),
        (lambda: ShapeConfig(hidden=100, heads=3), "multiple of shape.heads"),
        (lambda: ShapeConfig(hidden=6, heads=2), "must be even"),
        (lambda: PretrainConfig(bf16="maybe"), "auto, on or off"),
        (lambda: MaskingConfig(rate=1.5), "between 0 and 1"),
        (lambda: ScheduleConfig(lengths=[100], shares=[1.0]), "must be of 32"),
        (lambda: ScheduleConfig(lengths=[64], shares=[0.5]), "add up to 1"),
        (lambda: ScheduleConfig(device_tokens=1000), "multiple of 512"),
        (lambda: ScheduleConfig(tokens=10), "at least one batch"),
        (lambda: PretrainConfig(name="编码器"), "plain name"),
    ):
        with pytest.raises(ValueError, match=words):
            make()


def test_that_lengths_change_between_updates_and_the_rate_rises_stays_and_falls() -> None:
    schedule = ScheduleConfig(
        tokens=102_400,
        batch_tokens=1024,
        device_tokens=512,
        lengths=[128, 256],
        shares=[0.9, 0.1],
        warmup=0.1,
        decay=0.2,
    )
    assert [(phase.length, phase.blocks) for phase in phases(schedule)] == [(128, 180), (256, 20)]
    rate = rate_of(schedule, 100)
    assert [round(rate(step), 3) for step in (0, 4, 9, 50, 80, 90, 100)] == [0.1, 0.5, 1, 1, 1, 0.5, 0]


def test_that_both_optimisers_follow_one_schedule_and_come_back_from_their_state() -> None:
    def made() -> tuple[torch.nn.Module, MuonAdamW]:
        torch.manual_seed(0)
        model = torch.nn.Module()
        model.layer = torch.nn.ModuleList([torch.nn.Linear(4, 4)])
        model.rest = torch.nn.Linear(4, 4)
        holder = torch.nn.Module()
        holder.encoder = model
        return holder, MuonAdamW(holder, ScheduleConfig())

    def step(model: Any, optimizer: MuonAdamW) -> None:
        optimizer.zero_grad()
        encoder = model.encoder
        encoder.rest(encoder.layer[0](torch.arange(4.0))).square().sum().backward()
        optimizer.step()

    model, optimizer = made()
    for group in optimizer.param_groups:
        group["lr"] = 0.01
    before = {name: weight.detach().clone() for name, weight in model.named_parameters()}
    step(model, optimizer)
    moved = {name: float((weight.detach() - before[name]).abs().max()) for name, weight in model.named_parameters()}
    assert all(0.001 < change < 0.02 for change in moved.values()), moved
    again, other = made()
    again.load_state_dict(model.state_dict())
    other.load_state_dict(deepcopy(optimizer.state_dict()))
    step(model, optimizer)
    step(again, other)
    assert all(torch.equal(a, b) for a, b in zip(model.parameters(), again.parameters(), strict=True))
