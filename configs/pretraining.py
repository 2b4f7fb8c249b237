"""The configuration of ``python -m train.pretrain``. Each knob is declared here once."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from hydra.core.config_store import ConfigStore

from configs.schema import NAME, Device, Resume

LENGTHS = (32, 64, 128, 256, 512)


class Optimizer(Enum):
    """What updates the matrices of the layers; everything else is always updated by AdamW."""

    adamw = "adamw"
    muon = "muon"


@dataclass
class CorpusConfig:
    """Documents to pretrain on: files, and collections (.jsonl, .jsonl.xz; one JSON object with a text a line)."""

    dirs: list[str] = field(default_factory=lambda: ["seeds/documents"])
    weights: dict[str, float] = field(default_factory=dict)  # pattern of a source: how often its documents come
    register: str = "seeds/register.json"  # documents on record for validation or a test are kept out
    held_out: float = 0.02  # share of the documents not on record that measures the loss, beside those for validation
    min_count: int = 1  # a character beyond GB 2312 must occur so often
    pieces: int = 400  # longer pieces of Latin words and figures in the vocabulary
    workers: int = 0  # processes that segment; 0: one a core

    def __post_init__(self) -> None:
        if not self.dirs:
            raise ValueError("corpus.dirs: expected at least one folder of documents")
        if not 0 < self.held_out < 0.5:
            raise ValueError(f"corpus.held_out must be above 0 and below 0.5, got {self.held_out}")
        if light := {pattern: weight for pattern, weight in self.weights.items() if weight < 1}:
            raise ValueError(f"corpus.weights must be 1 or more, got {light}; to leave documents out, move them away")
        if self.min_count < 1 or self.pieces < 0:
            raise ValueError("corpus.min_count must be at least 1 and corpus.pieces at least 0")


@dataclass
class ShapeConfig:
    """The BERT that is trained."""

    layers: int = 4
    hidden: int = 384
    heads: int = 6
    intermediate: int = 1152
    dropout: float = 0.0
    activation: str = "gelu"

    def __post_init__(self) -> None:
        if self.hidden % self.heads:
            raise ValueError(f"shape.hidden must be a multiple of shape.heads, got {self.hidden} and {self.heads}")
        if self.hidden // self.heads % 2:
            raise ValueError(f"shape.hidden / shape.heads must be even, got {self.hidden} / {self.heads}")


@dataclass
class StartConfig:
    """What the weights know before training; with both off they are random."""

    neighbours: bool = True  # embeddings from which tokens stand near each other in the corpus
    beside: int = 2  # layers whose heads begin by looking at the tokens beside them

    def __post_init__(self) -> None:
        if self.beside < 0:
            raise ValueError(f"start.beside must be 0 or more layers, got {self.beside}")


@dataclass
class MaskingConfig:
    """What is to be guessed."""

    rate: float = 0.3  # share of the tokens
    whole_words: bool = True

    def __post_init__(self) -> None:
        if not 0 < self.rate < 1:
            raise ValueError(f"masking.rate must be between 0 and 1, got {self.rate}")


@dataclass
class ScheduleConfig:
    """How much is learnt, in which pieces and how fast. Tokens count [CLS] and [SEP]."""

    tokens: float = 2.5e8
    lengths: list[int] = field(default_factory=lambda: [128, 256])  # tokens of a sequence, in the order of training
    shares: list[float] = field(default_factory=lambda: [0.9, 0.1])  # of the tokens, one for each length
    batch_tokens: int = 8192  # of one update
    device_tokens: int = 2048  # of one pass, which adds to the gradients of an update; on a GPU take all at once
    learning_rate: float = 2e-3
    warmup: float = 0.02  # share of the updates
    decay: float = 0.3  # share of the updates, at the end, over which the rate falls to nothing
    weight_decay: float = 0.1  # of the matrices of the layers
    optimizer: Optimizer = Optimizer.muon

    def __post_init__(self) -> None:
        if unknown := [length for length in self.lengths if length not in LENGTHS]:
            raise ValueError(f"schedule.lengths must be of {', '.join(map(str, LENGTHS))}, got {unknown}")
        if len(self.shares) != len(self.lengths) or abs(sum(self.shares) - 1) > 1e-6:
            raise ValueError(
                "schedule.shares: expected one share for each of schedule.lengths, which add up to 1, "
                f"got {self.shares} for {self.lengths}"
            )
        if self.device_tokens % LENGTHS[-1] or self.batch_tokens % self.device_tokens:
            raise ValueError(
                f"schedule.device_tokens must be a multiple of {LENGTHS[-1]} and divide schedule.batch_tokens, "
                f"got {self.device_tokens} and {self.batch_tokens}"
            )
        if self.tokens < self.batch_tokens:
            raise ValueError(f"schedule.tokens must be at least one batch of {self.batch_tokens}, got {self.tokens:g}")


@dataclass
class WatchConfig:
    """What is written down on the way."""

    log_tokens: float = 1e5
    held_out_tokens: float = 1e7  # the loss on held-out documents and the probe come so often
    held_out_size: float = 2e5  # tokens that the loss is measured on
    save_tokens: float = 1e6
    dataset: str = "data/examples"  # of the probe; none where there is no such folder


@dataclass
class PretrainConfig:
    """One run of ``python -m train.pretrain``."""

    name: str = "encoder"
    dir: str = "train/runs"
    corpus: CorpusConfig = field(default_factory=CorpusConfig)
    shape: ShapeConfig = field(default_factory=ShapeConfig)
    start: StartConfig = field(default_factory=StartConfig)
    masking: MaskingConfig = field(default_factory=MaskingConfig)
    schedule: ScheduleConfig = field(default_factory=ScheduleConfig)
    watch: WatchConfig = field(default_factory=WatchConfig)
    device: Device = Device.auto
    bf16: str = "auto"  # auto | on | off
    resume: Resume = Resume.auto
    seed: int = 13

    def __post_init__(self) -> None:
        if self.bf16 not in ("auto", "on", "off"):
            raise ValueError(f"bf16 must be auto, on or off, got {self.bf16!r}")
        if not NAME.fullmatch(self.name):
            raise ValueError(f"name must be a plain name of ASCII letters, digits, dot, dash, got {self.name!r}")


def register() -> None:
    """Make the schema known to Hydra, so that a wrong key or type is refused by name."""
    ConfigStore.instance().store(name="pretrain_schema", node=PretrainConfig)
