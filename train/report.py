"""report.html of a run: read from its files, so that any run can be reported again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader

from data.files import write_atomic
from data.records import read_jsonl
from train.examples import Examples

ERRORS_SHOWN = 60


def write_report(folder: Path, examples: Examples) -> Path:
    """Render metrics.json, history.json and predictions.jsonl of a run folder."""
    metrics = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    history = json.loads((folder / "history.json").read_text(encoding="utf-8"))
    wrong = [row for row in read_jsonl(folder / "predictions.jsonl") if set(row["gold"]) != set(row["labels"])]
    splits = {"train": examples.train, "validation": examples.validation, **examples.test_sets}
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["named"] = lambda ids: "、".join(examples.labels.names[i] for i in ids)
    html = environment.get_template("report.html.j2").render(
        run=folder.name,
        metrics=metrics,
        split="test" if "test" in metrics else "validation",
        scored=[name for name in metrics if name.startswith("test")] or ["validation"],
        documents={name: len({e.doc_id for e in rows}) for name, rows in splits.items()},
        labels=examples.labels.labels,
        counts={name: len(rows) for name, rows in splits.items()},
        curve=_curve(history),
        wrong=wrong[:ERRORS_SHOWN],
        wrong_total=len(wrong),
        config=(folder / "config.yaml").read_text(encoding="utf-8"),
    )
    path = folder / "report.html"
    write_atomic(path, html)
    return path


def _curve(history: list[dict[str, Any]]) -> list[dict[str, float]]:
    """One point per epoch: training loss, validation loss, validation macro-F1."""
    losses = {row["epoch"]: row["loss"] for row in history if "loss" in row}
    return [
        {
            "epoch": row["epoch"],
            "loss": losses.get(row["epoch"], float("nan")),
            "eval_loss": row["eval_loss"],
            "macro_f1": row["eval_macro_f1"],
        }
        for row in history
        if "eval_macro_f1" in row
    ]
