"""A model really trained, in a folder whose name has spaces and Chinese characters."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from data.build import Sources, build
from data.ingest import ingest

ROOT = Path(__file__).parent.parent
SMALL = ("experiment=smoke", "run.name=smoke", "run.publish=true", "optim.epochs=2", "optim.learning_rate=1e-3")


@dataclass(frozen=True, slots=True)
class Workshop:
    """A folder with a corpus, a dataset and what training made of it."""

    home: Path

    @property
    def examples(self) -> Path:
        return self.home / "examples"

    @property
    def model(self) -> Path:
        return self.home / "models" / "current"

    def train(self, *overrides: str, sweep: bool = False) -> subprocess.CompletedProcess[str]:
        """`python -m train` in this folder, with a tiny model unless the overrides say otherwise."""
        places = ("dataset.dir=examples", "run.dir=runs", "run.models_dir=models")
        return run_train(
            self.home, *(["-m"] if sweep else []), *SMALL, *places, f'lexicon="{ROOT}/seeds/lexicon.yaml"', *overrides
        )


def run_train(home: Path, *overrides: str) -> subprocess.CompletedProcess[str]:
    """Run the command; the caller looks at its exit code and output."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "HF_HUB_OFFLINE": "1", "PYTHONUTF8": "1"}
    command = [sys.executable, "-m", "train", *overrides]
    return subprocess.run(
        command, cwd=home, env=environment, capture_output=True, text=True, encoding="utf-8", check=False
    )


def make_workshop(home: Path) -> Workshop:
    """Ingest and build the starter corpus, then train."""
    ingest([ROOT / "seeds" / "documents"], home / "corpus")
    seeds = ROOT / "seeds"
    annotations = sorted((seeds / "annotations").glob("*.jsonl"))
    sources = Sources([home / "corpus"], annotations, seeds / "labels.yaml", seeds / "register.json")
    build(sources, home / "examples", (0.64, 0.18, 0.18), 13)
    workshop = Workshop(home)
    done = workshop.train()
    assert done.returncode == 0, done.stderr
    return workshop
