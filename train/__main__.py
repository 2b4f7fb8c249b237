"""python -m train: fine-tune a Chinese BERT on a dataset directory, measure it, publish it."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import hydra
from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from omegaconf import DictConfig
from rich.console import Console
from rich.table import Table

from configs.schema import TrainConfig, register
from train.command import read_config, run, told_errors

register()


@hydra.main(version_base="1.3", config_path="pkg://configs", config_name="train")
def _hydra_main(raw: DictConfig) -> None:
    for noisy in ("onnxscript", "onnx_ir", "torch.onnx", "httpx", "huggingface_hub"):
        logging.getLogger(noisy).setLevel(logging.ERROR)
    with told_errors():
        config = read_config(raw, TrainConfig)
        if HydraConfig.get().mode is RunMode.MULTIRUN:
            config.run.publish = config.run.test = False
        from train.run import train  # torch and transformers take seconds; a wrong knob is refused before that

        _show(train(config))


def _show(folder: Path) -> None:
    """The table of systems on each split that was scored, and where to read on."""
    metrics = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    console = Console(stderr=True)
    for split in [name for name in metrics if name.startswith("test")] or ["validation"]:
        console.print(_table(split, metrics[split]))
    console.print(f"report: {folder / 'report.html'}", markup=False, soft_wrap=True)


def _table(split: str, systems: dict[str, Any]) -> Table:
    table = Table(f"system ({split})", "macro-F1", "95 % interval", "micro-F1", "exact match")
    for name, row in systems.items():
        low, high = row["macro_f1_interval"]
        cells = (row["macro_f1"], row["micro_f1"], row["exact_match"])
        macro, micro, exact = (f"{value:.3f}" for value in cells)
        table.add_row(name, macro, f"{low:.3f}-{high:.3f}", micro, exact)
    return table


def main() -> None:
    """Run the command line."""
    run(_hydra_main)


if __name__ == "__main__":
    main()
