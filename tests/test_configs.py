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
    for name in ("..", "../elsewhere", "a/b", "-x"):
        with pytest.raises(ValueError, match=r"run\.name"):
            composed(f"run.name={name}")
        with pytest.raises(ValueError, match=r"encoder\.name"):
            composed(f"encoder.name={name}")


def test_that_the_schedule_suits_the_encoder_unless_it_is_given() -> None:
    scratch, pretrained = composed(), composed("encoder.path=models/mine")
    assert (scratch.optim.learning_rate, scratch.optim.epochs, scratch.optim.patience) == (5e-4, 40, 10)
    assert (pretrained.optim.learning_rate, pretrained.optim.epochs, pretrained.optim.patience) == (5e-5, 10, 2)
    assert (pretrained.encoder.name, composed("optim.epochs=7").optim.epochs) == ("local", 7)
