"""python -m data: documents in, sentences, annotation, dataset out."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Column, Table

from data.build import Sources
from data.build import build as build_dataset
from data.command import run
from data.ingest import Summary
from data.ingest import ingest as ingest_documents
from data.labels import load_labels
from data.read import read_document
from data.records import KINDS, to_json
from data.sentences import segment as segment_document
from data.studio_cli import app as studio_app

MOST_ROWS = 40  # of the table of documents; of more only those with something to say are named
HERE = Path(__file__).parent
SEEDS = HERE.parent / "seeds"
app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)
app.add_typer(studio_app, name="label-studio", help="Annotate in Label Studio: up, setup, push, pull, down.")
err_console = Console(stderr=True, width=None if sys.stderr.isatty() else 160)


@app.command()
def ingest(
    paths: Annotated[list[Path], typer.Argument(help="files and folders: txt, html, pdf, docx")],
    out: Annotated[Path, typer.Option(help="corpus directory to write")] = HERE / "corpus",
    as_json: Annotated[bool, typer.Option("--json", help="print the summary as JSON")] = False,
) -> None:
    """Read documents and split them into sentences; only what changed is read again.

    The corpus holds the documents named in this run, and no others.

    Exit code 1 when a file could not be read: the others are in the corpus, its name and the reason in the summary.
    """
    summary = ingest_documents(paths, out)
    if as_json:
        print(json.dumps(asdict(summary), ensure_ascii=False))
    else:
        _show(summary, out)
    if summary.failed:
        raise typer.Exit(1)


def _show(summary: Summary, out: Path) -> None:
    if len(summary.documents) <= MOST_ROWS:
        err_console.print(_table(summary))
    else:
        for row in summary.documents:
            if row["warnings"]:
                err_console.print(f"{row['source']}: {'; '.join(row['warnings'])}", style="yellow", markup=False)
    sources = {row["id"]: row["source"] for row in summary.documents}
    for pair in summary.near_duplicates:
        part, whole = sources[pair["part"]], sources[pair["whole"]]
        err_console.print(f"near-duplicates: {pair['containment']:.0%} of {part} stands in {whole}", markup=False)
    for path, source in summary.repeated.items():
        err_console.print(f"the same text as {source}, kept once: {path}", markup=False)
    if summary.dropped:
        few = ", ".join(summary.dropped[:5]) + (", …" if len(summary.dropped) > 5 else "")
        message = f"{len(summary.dropped)} documents are no longer in the corpus, which holds what is named: {few}"
        err_console.print(message, style="yellow", markup=False)
    for path, reason in summary.skipped.items():
        err_console.print(f"skipped: {path}: {reason}", style="yellow", markup=False)
    for path, reason in summary.failed.items():
        err_console.print(f"could not be read: {path}: {reason}", style="red", markup=False)
    total = sum(row["sentences"] for row in summary.documents)
    state = "up to date" if summary.reused else f"written, {summary.read} read anew"
    err_console.print(
        f"{len(summary.documents)} documents, {total} sentences, {len(summary.failed)} failed; {state}: {out}",
        markup=False,
    )


def _table(summary: Summary) -> Table:
    """One row a document; columns of kinds that none has are left out."""
    kinds = [kind for kind in KINDS if any(kind in row["kinds"] for row in summary.documents)]
    table = Table("format", "characters", "sentences", *kinds, "warnings")
    table.columns.insert(0, Column("document", overflow="fold", min_width=24))
    for row in summary.documents:
        counts = [row["kinds"].get(kind, 0) for kind in kinds]
        cells = [row["source"], row["format"], row["characters"], row["sentences"], *counts, "; ".join(row["warnings"])]
        table.add_row(*(escape(str(cell)) for cell in cells))
    return table


@app.command()
def segment(file: Annotated[Path, typer.Argument(help="one document")]) -> None:
    """Print the sentences of one document as JSONL."""
    document = read_document(file)
    for warning in document.warnings:
        err_console.print(f"{file}: {warning}", style="yellow", markup=False)
    for sentence in segment_document(document):
        print(to_json(sentence))


@app.command()
def build(
    corpus: Annotated[list[Path], typer.Option(help="corpus directories that hold the texts")] = [HERE / "corpus"],  # noqa: B006
    annotations: Annotated[list[Path] | None, typer.Option(help="annotation JSONL files; later ones win")] = None,
    labels: Annotated[Path, typer.Option(help="label set")] = SEEDS / "labels.yaml",
    out: Annotated[Path, typer.Option(help="dataset directory to write")] = HERE / "examples",
    shares: Annotated[tuple[float, float, float], typer.Option(help="train, validation, test")] = (0.64, 0.18, 0.18),
    seed: int = 13,
    split: Annotated[Path | None, typer.Option(help="documents whose split is on record")] = SEEDS / "split.json",
) -> None:
    """Join labels and texts into a dataset directory, split by document."""
    files = annotations or sorted((SEEDS / "annotations").glob("*.jsonl")) + sorted(
        (HERE / "annotations").glob("*.jsonl")
    )
    facts = build_dataset(Sources(corpus, files, labels, split), out, shares, seed)
    table = Table("split", "documents", "sentences", "none", *load_labels(labels).ids)
    for side, row in facts["splits"].items():  # type: ignore[attr-defined]
        table.add_row(side, *map(str, (row["documents"], row["sentences"], row["none"], *row["labels"].values())))
    err_console.print(table)
    for reason, count in facts["left_out"].items():  # type: ignore[attr-defined]
        err_console.print(f"left out {count} sentences: {reason}", style="yellow")
    for warning in facts["warnings"]:  # type: ignore[attr-defined]
        err_console.print(warning, style="yellow", markup=False)
    err_console.print(f"dataset {'is up to date' if facts.get('reused') else 'written'} in {out}", markup=False)


def main() -> None:
    """Run the command line."""
    run(app)


if __name__ == "__main__":
    main()
