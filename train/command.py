"""What the Hydra commands share: a checked configuration, and an end that people understand."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

Config = TypeVar("Config")


def read_config(raw: DictConfig, kind: type[Config]) -> Config:
    """The configuration as a dataclass. Merged into its schema again, so that a key added with + is refused too."""
    config = OmegaConf.to_object(OmegaConf.merge(OmegaConf.structured(kind), OmegaConf.to_container(raw)))
    assert isinstance(config, kind)
    return config


@contextmanager
def told_errors() -> Iterator[None]:
    """What people can mend ends the command with one line and status 2."""
    try:
        yield
    except (ValueError, OmegaConfBaseException) as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)


def run(main: Callable[[], None]) -> None:
    """Run a command; Ctrl-C stops it with a word on how to go on."""
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    try:
        main()
    except KeyboardInterrupt:
        print("stopped; the same command goes on from the newest checkpoint", file=sys.stderr)
        sys.exit(130)
