from __future__ import annotations

from pathlib import Path

import pytest
from hydra import compose, initialize_config_module
from hydra.errors import ConfigCompositionException
from omegaconf import OmegaConf

from configs.schema import TrainConfig, register

CONFIGS = Path(__file__).parent.parent / "configs"


def composed(*overrides: str) -> TrainConfig:
    register()
    with initialize_config_module("configs", version_base="1.3"):
        found = OmegaConf.to_object(compose("train", overrides=list(overrides)))
    assert isinstance(found, TrainConfig)
    return found


def test_that_scratch_is_the_default() -> None:
    config = composed()
    assert (config.encoder.name, config.encoder.hub_id, config.encoder.path) == ("scratch", "", "")


@pytest.mark.parametrize("path", sorted((CONFIGS / "encoder").glob("*.yaml")), ids=lambda p: p.stem)
def test_that_every_encoder_composes(path: Path) -> None:
    config = composed(f"encoder={path.stem}")
    assert config.encoder.name == path.stem
    assert bool(config.encoder.hub_id) == (path.stem != "scratch")


@pytest.mark.parametrize("path", sorted((CONFIGS / "experiment").glob("*.yaml")), ids=lambda p: p.stem)
def test_that_every_experiment_composes(path: Path) -> None:
    assert composed(f"experiment={path.stem}") != composed()


def test_that_a_wrong_key_or_value_is_refused_by_name() -> None:
    with pytest.raises(ConfigCompositionException, match=r"optim\.lr"):
        composed("optim.lr=1")
    with pytest.raises(ConfigCompositionException, match=r"optim\.epochs"):
        composed("optim.epochs=many")
    with pytest.raises(ValueError, match=r"optim\.learning_rate must be positive"):
        composed("optim.learning_rate=-1")
    with pytest.raises(ValueError, match=r"encoder\.heads"):
        composed("encoder.hidden=100", "encoder.heads=3")
    with pytest.raises(ValueError, match=r"run\.name"):
        composed("run.name=../elsewhere")
