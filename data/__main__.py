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

from data.agreement_page import Compared, compare_files, shipped_last, write_agreement
from data.agreement_time import over_time
from data.anchoring import anchoring
from data.annotation_files import annotation_files, shipped_annotations
from data.build import Sources, read_texts
from data.build import build as build_dataset
from data.card import PUBLISHED, left_out_line
from data.command import run
from data.decisions import Votes, independent, read_votes
from data.draw import draw as draw_sentences
from data.draw import load_plan
from data.ingest import Summary
from data.ingest import ingest as ingest_documents
from data.labels import load_labels
from data.lexicon import load_lexicon
from data.read import read_document
from data.records import KINDS, to_json, write_jsonl
from data.register import read_register
from data.sentences import segment as segment_document
from data.share import share as share_annotations
from data.studio_cli import app as studio_app

MOST_ROWS = 40  # of the table of documents; of more only those with something to say are named
HERE = Path(__file__).parent
SEEDS = HERE.parent / "seeds"
app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)
app.add_typer(studio_app, name="label-studio", help="Annotate in Label Studio: sentences out to people, labels back.")
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
def draw(
    sources: Annotated[Path, typer.Argument(help="folder of published texts: documents, and .jsonl(.xz) collections")],
    plan: Annotated[Path, typer.Option(help="how many documents and sentences of which kind")] = SEEDS / "drawing.yaml",
    lexicon: Annotated[Path, typer.Option(help="cue phrases that find rare labels")] = SEEDS / "lexicon.yaml",
    out: Annotated[Path, typer.Option(help="JSONL to write: where each sentence stands, no text")] = HERE
    / "drawing.jsonl",
) -> None:
    """Draw sentences of published documents to be labelled; send them with `label-studio push --only`."""
    drawn = draw_sentences(sources, load_plan(plan), load_lexicon(lexicon))
    write_jsonl(out, drawn)
    print(f"{out}: {len(drawn)} sentences of {len({row.document for row in drawn})} documents")


@app.command()
def build(
    corpus: Annotated[list[Path], typer.Option(help="corpus directories that hold the texts")] = [HERE / "corpus"],  # noqa: B006
    annotations: Annotated[
        list[Path] | None, typer.Option(help="annotation JSONL files, or folders of them; later ones win")
    ] = None,
    labels: Annotated[Path, typer.Option(help="label set")] = SEEDS / "labels.yaml",
    out: Annotated[Path, typer.Option(help="dataset directory to write")] = HERE / "examples",
    shares: Annotated[tuple[float, float, float], typer.Option(help="train, validation, test")] = (0.64, 0.18, 0.18),
    seed: int = 13,
    register: Annotated[Path | None, typer.Option(help="documents on record: split, origin, genre")] = SEEDS
    / "register.json",
    sources: Annotated[Path | None, typer.Option(help="folder of published texts that labels stand on")] = None,
    record: Annotated[bool, typer.Option("--record", help="place new documents in balance, into the register")] = False,
) -> None:
    """Join labels and texts into a dataset directory, split by document."""
    files = annotation_files(annotations)
    about = SEEDS / "dataset.md" if set(files) == set(shipped_annotations()) else None
    facts = build_dataset(Sources(corpus, files, labels, register, sources, about), out, shares, seed, record)
    table = Table("split", "documents", "sentences", "none", *load_labels(labels).ids)
    for side, row in facts["splits"].items():
        table.add_row(side, *map(str, (row["documents"], row["sentences"], row["none"], *row["labels"].values())))
    err_console.print(table)
    for reason, count in facts["left_out"].items():
        style = None if reason == PUBLISHED else "yellow"
        err_console.print(left_out_line(reason, count), style=style, highlight=False, soft_wrap=True)
    for label in load_labels(labels).ids:
        if not any(row["labels"][label] for row in facts["splits"].values()):
            why = "were people asked for it? where not, every sentence counts as one that does not have it"
            _say(f"no sentence has the label {label}: {why}", style="yellow")
    err_console.print(f"dataset {'is up to date' if facts.get('reused') else 'written'} in {out}", markup=False)


@app.command()
def agreement(
    annotations: Annotated[
        list[Path] | None,
        typer.Argument(help="annotation files, or folders of them; without: all that build reads"),
    ] = None,
    corpus: Annotated[list[Path] | None, typer.Option(help="corpora, so that the page shows texts")] = None,
    sources: Annotated[Path | None, typer.Option(help="folder of published texts that labels stand on")] = None,
    labels: Annotated[Path, typer.Option(help="label set")] = SEEDS / "labels.yaml",
    register: Annotated[Path, typer.Option(help="documents on record: split, origin, genre")] = SEEDS / "register.json",
    out: Annotated[Path, typer.Option(help="folder to write: page, numbers, queue")] = HERE / "agreement",
) -> None:
    """Compare annotators: alpha and kappa per label, by document and over time, and the queue for a third to decide.

    Where labels were suggested, also: whether people lean on them (decisions with the suggestion against without).
    """
    files, label_set = annotation_files(annotations), load_labels(labels)
    texts = read_texts(corpus or _default_corpus(), files, sources)
    found = compare_files(files, label_set, read_register(register), texts, shipped_annotations())
    votes = {path: read_votes(path) for path in files}
    time, blind = over_time([*votes.values()], label_set.ids), anchoring([*votes.values()], label_set.ids)
    write_agreement(found, label_set, files, out, time, blind)
    for one in shipped_last(found):
        _show_agreement(one)
    _name_the_rest(votes, found)
    for told in filter(None, map(str, (time, blind))):
        _say(told)
    _say(f"page: {out / 'agreement.html'}; queue: {out / 'queue.jsonl'}")


def _show_agreement(one: Compared) -> None:
    counts = f"{one.sentences} sentences, {len(one.differing)} differing, {len(one.queue)} to be decided"
    _say(f"{one.name}{' (ships with the repository)' if one.shipped else ''}: {counts}")
    table = Table("label", "chosen", "all the same", "alpha", *(f"kappa {a}, {b}" for a, b in one.labels[0].kappas))
    for row in one.labels:
        cells = (f"{row.share:.1%}", f"{row.same:.1%}", row.alpha, *row.kappas.values())
        table.add_row(row.label, *map(str, cells))
    err_console.print(table)


def _name_the_rest(votes: dict[Path, Votes], found: list[Compared]) -> None:
    """The files of people in which there was nothing to compare; those of adjudicators never have it."""
    theirs = [path for path in votes if path.resolve() not in shipped_annotations()]
    compared = {one.name for one in found}
    for path in theirs:
        if path.name not in compared and any(map(independent, votes[path].values())):
            _say(f"{path.name}: no sentence has labels of several people yet (each file is compared by itself)")
    if not theirs:
        _say("these are the labels that ship with the repository; `label-studio pull` fetches yours")


def _say(line: str, style: str | None = None) -> None:
    err_console.print(line, style=style, markup=False, highlight=False, soft_wrap=True)


@app.command()
def share(
    annotations: Annotated[list[Path], typer.Argument(help="files that `label-studio pull` wrote")],
    out: Annotated[Path, typer.Option(help="JSONL to write")],
) -> None:
    """Write pulled annotations as others may have them: without comments, times and mail addresses."""
    print(f"{out}: {share_annotations(annotations, out)} annotations")


def _default_corpus() -> list[Path]:
    return [folder for folder in (HERE / "corpus",) if folder.is_dir()]


def main() -> None:
    """Run the command line."""
    run(app)


if __name__ == "__main__":
    main()
