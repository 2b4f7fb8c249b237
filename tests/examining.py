"""What the tests of the doctor share: sentences of which some are blind, and what the doctor says of a project."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from data.labels import LabelSet, load_labels
from data.records import Document
from data.sentences import segment
from data.studio_doctor import Patient, examine
from data.studio_tasks import tasks_of
from studio import ROOT

if TYPE_CHECKING:
    from data.studio_server import Server

POLICY = load_labels(ROOT / "seeds" / "labels.yaml")
COMMAND = "python -m data label-studio"
BLIND = 0.3  # three of these eight; of a tenth, one
LIST = Document.of(
    "浮标漆色脱落。缆绳磨损严重。船闸夜间停航。泵站电费上涨。水尺读数不清。渔网堵住桥孔。堤坝裂缝渗漏。灯塔无人值守。"
)
LINES = list(tasks_of([LIST], segment(LIST)))


def told(
    server: Server, title: str, store: Path, key: str = "", labels: LabelSet = POLICY, model: Path | None = None
) -> tuple[list[str], list[str]]:
    """What is well, and what isn't, each with what mends it."""
    patient = Patient(server.url, server.credentials.token, title, labels, store, key, model=model)
    found = list(examine(patient))
    assert all(line.startswith(("python -m ", "# ")) for f in found for line in f.mend.splitlines())  # to be pasted
    return [f.what for f in found if f.good], [f"{f.what} -> {f.mend}" for f in found if not f.good]


def wrong(server: Server, title: str, store: Path, key: str = "", model: Path | None = None) -> str:
    """What the doctor finds wrong, each with what mends it, line by line."""
    return "\n".join(told(server, title, store, key, model=model)[1])
