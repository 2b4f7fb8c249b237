"""The configuration of the acts that yield comparable numbers. Each knob is declared here once."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any

from hydra.core.config_store import ConfigStore

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


class Task(Enum):
    """What a prediction is: any number of labels, or exactly one."""

    multi_label = "multi_label"
    single_label = "single_label"


class Device(Enum):
    """Where the model is trained; auto takes a GPU when there is one."""

    auto = "auto"
    cpu = "cpu"
    cuda = "cuda"


class Resume(Enum):
    """Whether a run that was interrupted goes on from its newest whole checkpoint."""

    auto = "auto"
    never = "never"


@dataclass
class EncoderConfig:
    """The BERT under the classifier. ``path`` (a local model directory) wins over ``hub_id``; neither: from scratch."""

    name: str = "scratch"
    hub_id: str = ""
    path: str = ""
    max_length: int = 256  # tokens, [CLS] and [SEP] included
    # the rest shapes a model from scratch only
    layers: int = 2
    hidden: int = 192
    heads: int = 4
    intermediate: int = 576
    dropout: float = 0.2
    min_count: int = 2  # characters rarer than this in the training sentences become [UNK]

    def __post_init__(self) -> None:
        if self.hidden % self.heads:
            raise ValueError(f"encoder.hidden must be a multiple of encoder.heads, got {self.hidden} and {self.heads}")
        if not 8 <= self.max_length <= 512:
            raise ValueError(f"encoder.max_length must be 8 to 512, got {self.max_length}")


@dataclass
class DatasetConfig:
    """A dataset directory: labels.yaml, train.jsonl, validation.jsonl, test.jsonl."""

    dir: str = "data/examples"


@dataclass
class OptimConfig:
    """The optimiser and its schedule."""

    learning_rate: float = 0  # 0: what suits the encoder, 5e-4 from scratch, 5e-5 for a pretrained one
    weight_decay: float = 0.01
    warmup_ratio: float = 0.1  # share of all steps
    batch_size: int = 16
    epochs: float = 0  # 0: 40 from scratch, 10 for a pretrained encoder
    patience: int = 0  # epochs without a better validation macro-F1 before stopping; 0: a quarter of the epochs
    bf16: str = "auto"  # auto | on | off

    def __post_init__(self) -> None:
        if self.learning_rate < 0:
            raise ValueError(f"optim.learning_rate must be positive, got {self.learning_rate}")
        if self.batch_size < 1 or self.epochs < 0 or self.patience < 0:
            raise ValueError("optim.batch_size, optim.epochs and optim.patience must be positive")
        if self.bf16 not in ("auto", "on", "off"):
            raise ValueError(f"optim.bf16 must be auto, on or off, got {self.bf16!r}")


@dataclass
class RunConfig:
    """Where a run keeps its files, and whether its model is published for the server."""

    name: str = ""  # empty: made from encoder, seed and a hash of the configuration
    dir: str = "train/runs"
    resume: Resume = Resume.auto
    publish: bool = True  # a sweep publishes nothing
    test: bool = True  # score the test split; a sweep, which is there to choose, does not
    models_dir: str = "serve/models"


@dataclass
class TrainConfig:
    """One run of ``python -m train``."""

    encoder: EncoderConfig = field(default_factory=EncoderConfig)
    dataset: DatasetConfig = field(default_factory=DatasetConfig)
    optim: OptimConfig = field(default_factory=OptimConfig)
    run: RunConfig = field(default_factory=RunConfig)
    task: Task = Task.multi_label
    device: Device = Device.auto
    seed: int = 13
    lexicon: str = "seeds/lexicon.yaml"  # cue phrases of the lexicon baseline; left out where its labels don't fit

    def __post_init__(self) -> None:
        if self.encoder.path and self.encoder.name == "scratch":
            self.encoder.name = "local"
        for knob, name in (("encoder.name", self.encoder.name), ("run.name", self.run.name or "x")):
            if not NAME.fullmatch(name):
                raise ValueError(f"{knob} must be a plain name of ASCII letters, digits, dot, dash, got {name!r}")
        pretrained = bool(self.encoder.path or self.encoder.hub_id)
        self.optim.learning_rate = self.optim.learning_rate or (5e-5 if pretrained else 5e-4)
        self.optim.epochs = self.optim.epochs or (10 if pretrained else 40)
        self.optim.patience = self.optim.patience or max(1, round(self.optim.epochs / 4))


def plain(config: DataclassInstance) -> dict[str, Any]:
    """A configuration as JSON can hold it: enums by their values."""
    return json.loads(json.dumps(asdict(config), default=lambda x: x.value if isinstance(x, Enum) else str(x)))  # type: ignore[no-any-return]


def register() -> None:
    """Make the schema known to Hydra, so that a wrong key or type is refused by name."""
    ConfigStore.instance().store(name="train_schema", node=TrainConfig)
