"""The label-studio commands of the loop: push, pull, watch, adjudicate."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from data.corpus import load_corpus
from data.labellers import load_labeller
from data.labels import LabelSet, load_labels
from data.order import Order
from data.records import Document, Sentence, read_jsonl
from data.sources import find_texts
from data.studio_access import (
    HERE,
    SEEDS,
    Extend,
    Folder,
    Guideline,
    Labels,
    Project,
    Url,
    end_by_signals,
    project_number,
    studio,
    warn,
)
from data.studio_answers import Pulled
from data.studio_backend import webhook_events
from data.studio_client import fetch
from data.studio_existing import Counts
from data.studio_install import HOME
from data.studio_project import TITLE, Settings, adjudication_of, find_project, labels_of, setup
from data.studio_pull import file_of
from data.studio_pull import pull as pull_annotations
from data.studio_push import push as push_tasks
from data.studio_queue import Queue, check_labels
from data.studio_store import store_path
from data.studio_tasks import DECIDES, Task, chosen, tasks_of
from data.studio_watch import Commands, Teller, lines_for
from data.studio_watch import watch as watch_project

if TYPE_CHECKING:
    from label_studio_sdk import LabelStudio

BLIND = 0.1
Corpus = Annotated[Path, typer.Argument(help="corpus directory made by `ingest`")]
Only = Annotated[Path | None, typer.Option(help="JSONL that names the sentences to send, of `draw`, `agreement`, …")]
Published = Annotated[Path | None, typer.Option(help="folder of published texts, for sentences that the corpus lacks")]
Out = Annotated[Path, typer.Option(help="folder to write")]


def push(
    corpus: Corpus = HERE / "corpus",
    url: Url = "",
    folder: Folder = HOME,
    project: Project = TITLE,
    prelabel: Annotated[str, typer.Option(help="who ticks labels beforehand: `lexicon`, or a model directory")] = "",
    order: Annotated[
        Order | None, typer.Option(help="what people see first; without it, sentences in the order of the texts")
    ] = None,
    blind: Annotated[
        float | None,
        typer.Option(help=f"share of the sentences, always the same, that nobody ticks (default: {BLIND})"),
    ] = None,
    seed: Annotated[int, typer.Option(help="of the blind share and of what chance decides")] = 13,
    lexicon: Annotated[Path, typer.Option(help="cue phrases for --prelabel lexicon")] = SEEDS / "lexicon.yaml",
    only: Only = None,
    sources: Published = None,
) -> None:
    """Send sentences to be labelled. Run it again at will: what is there is updated, nothing labelled is deleted."""
    labeller = load_labeller(prelabel, lexicon) if prelabel else None
    if blind is not None and not labeller:
        warn("--blind without --prelabel marks new sentences only: those that are there keep the mark they have")
    queue = Queue(labeller, order, BLIND if blind is None else blind, seed)
    tasks = _tasks(corpus, only, sources)
    with studio(url, folder) as (client, address):
        number = project_number(client, project)
        if labeller:
            check_labels(labeller, labels_of(fetch(client, f"api/projects/{number}").body["label_config"]))
        counts = push_tasks(client, number, tasks, queue, store_path(folder, file_of(project)))
    _show_counts(counts, f"{address}/projects/{number}/data")


def adjudicate(
    queue: Annotated[Path, typer.Argument(help="queue.jsonl that `python -m data agreement` wrote")] = HERE
    / "agreement"
    / "queue.jsonl",
    corpus: Annotated[Path, typer.Option(help="corpus directory made by `ingest`")] = HERE / "corpus",
    url: Url = "",
    folder: Folder = HOME,
    project: Project = TITLE,
    labels: Labels = SEEDS / "labels.yaml",
    guideline: Guideline = SEEDS / "guideline.md",
    sources: Published = None,
    extend: Extend = False,
) -> None:
    """Send what annotators see differently into a project of its own, for a third who decides; `pull` fetches both."""
    if not queue.is_file():
        raise ValueError(f"{queue}: expected the queue of what differs; write it: python -m data agreement")
    tasks = [{**task, DECIDES: True} for task in _tasks(corpus, queue, sources)]
    if not tasks:
        print("nothing to decide: nobody differs, or all that differ is decided (what was pulled last counts)")
        return
    title = adjudication_of(project)
    with studio(url, folder) as (client, address):
        text = guideline.read_text(encoding="utf-8")
        outcome = setup(client, load_labels(labels), text, title, Settings(extend=extend))
        counts = push_tasks(client, outcome.project, tasks, store=store_path(folder, file_of(title)))
    print(f"project {title} {outcome.done}; ", end="")
    _show_counts(counts, f"{address}/projects/{outcome.project}/data")


def pull(
    out: Out = HERE / "annotations",
    url: Url = "",
    folder: Folder = HOME,
    project: Project = TITLE,
    labels: Labels = SEEDS / "labels.yaml",
    full: Annotated[bool, typer.Option("--full", help="read everything again, not only what changed")] = False,
) -> None:
    """Fetch what people labelled, and what a third decided of it, as stand-off annotations."""
    with studio(url, folder) as (client, _):
        pulled = _pull_both(client, project, load_labels(labels), out, folder, full)
    for line in _complaints(pulled):
        warn(line)
    for path, one in pulled:
        facts = one.facts() | {"refused": len(one.refused)}
        print(f"{path}: " + ", ".join(f"{count} {fact.replace('_', ' ')}" for fact, count in facts.items()))


def watch(
    out: Out = HERE / "annotations",
    url: Url = "",
    folder: Folder = HOME,
    project: Project = TITLE,
    labels: Labels = SEEDS / "labels.yaml",
    every: Annotated[float, typer.Option(min=1, help="seconds between two pulls")] = 30,
    backend: Annotated[
        str, typer.Option(help="address of a connected `python -m serve`, whose webhook tells of changes")
    ] = "",
    train_every: Annotated[int, typer.Option(min=0, help="new annotations after which --run starts; 0: never")] = 0,
    run: Annotated[list[str] | None, typer.Option(help="a command; several run one after the other")] = None,
) -> None:
    """Keep pulling until Ctrl-C; with --train-every N also build and train each time N more annotations have come."""
    lines = lines_for(run, train_every, out / file_of(project), labels)
    commands = Commands(lines, train_every, store_path(folder, file_of(project)))
    label_set = load_labels(labels)
    with studio(url, folder) as (client, address):
        project_number(client, project)
        print(f"watching {project} on {address}: a pull every {every:g} s; Ctrl-C stops", flush=True)

        warnings = Teller(warn)

        def once() -> Pulled:
            pulled = _pull_both(client, project, label_set, out, folder, full=False)
            warnings.tell_new(_complaints(pulled))
            return pulled[0][1]

        end_by_signals()
        with contextlib.suppress(KeyboardInterrupt), commands:
            for _ in watch_project(once, every, _hint(backend), commands, lambda line: print(line, flush=True)):
                pass


def _hint(backend: str) -> Callable[[], int | None]:
    return (lambda: webhook_events(backend)) if backend else (lambda: None)


def _pull_both(
    client: LabelStudio, title: str, labels: LabelSet, out: Path, folder: Path, full: bool
) -> list[tuple[Path, Pulled]]:
    """Pull the project, and the one of its adjudications where there is one; the former first.

    What is wrong with the latter is told, and keeps nobody from the former.
    """

    def one(name: str, number: int) -> tuple[Path, Pulled]:
        file = file_of(name)
        store = store_path(folder, file)
        return out / file, pull_annotations(client, number, labels, out, file, store=store, full=full)

    found = [one(title, project_number(client, title))]
    third = adjudication_of(title)
    try:
        if (number := find_project(client, third)) is not None:
            found.append(one(third, number))
    except ValueError as error:
        found[0][1].doubtful.append(f"{third} was not pulled: {error}")
    return found


def _complaints(pulled: list[tuple[Path, Pulled]]) -> list[str]:
    """What was left out, and what somebody should look at."""
    return [line for _, one in pulled for line in [*(f"left out: {x}" for x in one.refused), *one.doubtful]]


def _show_counts(counts: Counts, address: str) -> None:
    twins = f", {counts.twins} untouched twins removed" if counts.twins else ""
    blind = f", {counts.blind} blind sentences wait" if counts.blind else ""
    print(f"{counts.created} created, {counts.updated} updated, {counts.unchanged} unchanged", end="")
    print(f", {counts.predictions} predictions{blind}{twins}: {address}")
    for line in counts.doubtful:
        warn(line)
    if counts.hint:
        print(counts.hint)


def _tasks(corpus: Path, only: Path | None, sources: Path | None) -> list[Task]:
    """The tasks of a corpus, of published texts, or of both; those that a file names where it is given."""
    tasks = list(tasks_of(*load_corpus(corpus))) if corpus.is_dir() or not sources else []
    if sources:
        tasks += tasks_of(*_published(sources, only))
    return chosen(tasks, list(read_jsonl(only)), only) if only else tasks


def _published(folder: Path, only: Path | None) -> tuple[list[Document], list[Sentence]]:
    """The documents below a folder that the rows of ``only`` name."""
    if only is None:
        raise ValueError("--sources: expected --only too, a file that names the sentences (python -m data draw)")
    texts = find_texts(folder, {str(row.get("doc_id") or row.get("document"))[:16] for row in read_jsonl(only)})
    return [document for document, _ in texts.values()], [s for _, sentences in texts.values() for s in sentences]
