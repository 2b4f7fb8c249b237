"""python -m train.pretrain: a small BERT from raw documents by masked-language modelling."""

from __future__ import annotations

import sys

import hydra
from omegaconf import DictConfig

from configs.pretraining import PretrainConfig, register
from train.command import read_config, run, told_errors

register()


@hydra.main(version_base="1.3", config_path="pkg://configs", config_name="pretrain")
def _hydra_main(raw: DictConfig) -> None:
    with told_errors():
        config = read_config(raw, PretrainConfig)
        from train.pretraining import pretrain  # torch takes seconds; a wrong knob is refused before that

        print(f"encoder: {pretrain(config)}", file=sys.stderr)


if __name__ == "__main__":
    run(_hydra_main)
