"""python -m data label-studio: a server, a project, sentences out to people, labels back."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer
from rich.console import Console

from data.corpus import load_corpus
from data.labels import load_labels
from data.lexicon import load_lexicon
from data.records import Document, Sentence, read_jsonl
from data.sources import find_texts
from data.studio_client import KEY_VARIABLE, connected
from data.studio_install import HOME
from data.studio_project import TITLE, find_project
from data.studio_project import setup as setup_project
from data.studio_pull import file_of
from data.studio_pull import pull as pull_annotations
from data.studio_push import chosen, tasks_of
from data.studio_push import push as push_tasks
from data.studio_server import credentials_file, launch, read_credentials, running, serving, stop

if TYPE_CHECKING:
    from label_studio_sdk import LabelStudio

HERE = Path(__file__).parent
SEEDS = HERE.parent / "seeds"
app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)
err_console = Console(stderr=True)

Folder = Annotated[Path, typer.Option(help="data folder of the local server")]
Url = Annotated[str, typer.Option(help=f"a server elsewhere, its key in {KEY_VARIABLE}; without it the local one")]
Project = Annotated[str, typer.Option(help="title of the project")]
Labels = Annotated[Path, typer.Option(help="label set")]


@app.command()
def up(
    folder: Folder = HOME,
    port: Annotated[int, typer.Option(help="port on 127.0.0.1, 0 for a free one")] = 8080,
    email: Annotated[str, typer.Option(help="first account's e-mail, chosen at the first start")] = "",
    detach: Annotated[bool, typer.Option("--detach", help="leave it running; stop it with `down`")] = False,
) -> None:
    """Run a Label Studio server on this machine until Ctrl-C. The first start installs it: about two minutes."""
    now = running(folder)
    if now:
        _announce(now.url, folder)
    elif detach:
        _announce(launch(folder, port, email).url, folder)
    else:
        _run(folder, port, email)


def _run(folder: Path, port: int, email: str) -> None:
    for number in (signal.SIGINT, signal.SIGTERM):  # a program started with & in a script ignores SIGINT otherwise
        signal.signal(number, _interrupt)
    with contextlib.suppress(KeyboardInterrupt), serving(folder, port, email) as server:
        _announce(server.url, folder)
        print("Ctrl-C stops it", flush=True)
        status = server.process.wait()
        if status == -signal.SIGTERM:  # by `down`
            return
        raise ValueError(f"Label Studio ended by itself with status {status}; its log is {folder / 'server.log'}")


def _interrupt(*_: object) -> NoReturn:
    raise KeyboardInterrupt


def _announce(url: str, folder: Path) -> None:
    who = read_credentials(folder)
    print(f"Label Studio  {url}")
    print(f"log in as     {who.email if who else '?'}")
    print(f"password in   {credentials_file(folder)}", flush=True)


@app.command()
def down(folder: Folder = HOME) -> None:
    """Stop the local server. Its data stay."""
    stopped = stop(folder)
    print(f"stopped {stopped.url}" if stopped else f"no server runs on {folder}")


@app.command()
def setup(
    url: Url = "",
    folder: Folder = HOME,
    project: Project = TITLE,
    labels: Labels = SEEDS / "labels.yaml",
    guideline: Annotated[Path, typer.Option(help="instruction for annotators, Markdown")] = SEEDS / "guideline.md",
    annotators: Annotated[int | None, typer.Option(min=1, help="people per sentence (1 for a new project)")] = None,
) -> None:
    """Create the project, or bring its labels and instruction up to date."""
    label_set, text = load_labels(labels), guideline.read_text(encoding="utf-8")
    with _studio(url, folder) as (client, address):
        outcome = setup_project(client, label_set, text, project, annotators)
    print(f"project {project} {outcome.done}: {address}/projects/{outcome.project}/data")


@app.command()
def push(
    corpus: Annotated[Path, typer.Argument(help="corpus directory made by `ingest`")] = HERE / "corpus",
    url: Url = "",
    folder: Folder = HOME,
    project: Project = TITLE,
    prelabel: Annotated[bool, typer.Option("--prelabel", help="tick what the lexicon suggests")] = False,
    lexicon: Annotated[Path, typer.Option(help="cue phrases for --prelabel")] = SEEDS / "lexicon.yaml",
    only: Annotated[
        Path | None, typer.Option(help="JSONL that names the sentences to send, of `draw`, `agreement`, …")
    ] = None,
    sources: Annotated[Path | None, typer.Option(help="folder of published texts that --only names")] = None,
) -> None:
    """Send sentences to be labelled. Run it again at will: what is there is updated, nothing is deleted."""
    tasks = list(tasks_of(*load_corpus(corpus))) if corpus.is_dir() or not sources else []
    if sources:
        tasks += tasks_of(*_published(sources, only))
    if only:
        tasks = chosen(tasks, list(read_jsonl(only)), only)
    labeller = load_lexicon(lexicon).labels if prelabel else None
    with _studio(url, folder) as (client, address):
        number = _project(client, project)
        counts = push_tasks(client, number, tasks, labeller)
    print(f"{counts.created} created, {counts.updated} updated, {counts.unchanged} unchanged", end="")
    print(f", {counts.prelabelled} prelabelled: {address}/projects/{number}/data")


@app.command()
def pull(
    out: Annotated[Path, typer.Option(help="folder to write")] = HERE / "annotations",
    url: Url = "",
    folder: Folder = HOME,
    project: Project = TITLE,
    labels: Labels = SEEDS / "labels.yaml",
) -> None:
    """Fetch what people labelled, as stand-off annotations."""
    label_set = load_labels(labels)
    with _studio(url, folder) as (client, _):
        pulled = pull_annotations(client, _project(client, project), label_set, out, file_of(project))
    for line in pulled.refused:
        err_console.print(f"left out: {line}", style="yellow", markup=False)
    facts = pulled.facts() | {"refused": len(pulled.refused)}
    print(
        f"{out / file_of(project)}: " + ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in facts.items())
    )


def _published(folder: Path, only: Path | None) -> tuple[list[Document], list[Sentence]]:
    """The documents below a folder that the rows of ``only`` name."""
    if only is None:
        raise ValueError("--sources: expected --only too, a file that names the sentences (python -m data draw)")
    texts = find_texts(folder, {str(row.get("doc_id") or row.get("document"))[:16] for row in read_jsonl(only)})
    return [document for document, _ in texts.values()], [s for _, sentences in texts.values() for s in sentences]


def _project(client: LabelStudio, title: str) -> int:
    found = find_project(client, title)
    if found is None:
        raise ValueError(f"no project has the title {title!r}; create it: python -m data label-studio setup")
    return found


@contextlib.contextmanager
def _studio(url: str, folder: Path) -> Iterator[tuple[LabelStudio, str]]:
    """A client and the address it talks to."""
    address, key = (url.rstrip("/"), _key_from_environment()) if url else _local(folder)
    with connected(address, key) as client:
        yield client, address


def _key_from_environment() -> str:
    key = os.environ.get(KEY_VARIABLE, "").strip()
    if not key or not key.isascii():
        got = "characters that no token has" if key else "nothing"
        raise ValueError(f"{KEY_VARIABLE}: expected the access token of your Label Studio account page, got {got}")
    return key


def _local(folder: Path) -> tuple[str, str]:
    record, who = running(folder), read_credentials(folder)
    if record is None or who is None:
        raise ValueError(
            f"no Label Studio server runs on {folder}; start one: python -m data label-studio up --detach, "
            "or name one elsewhere with --url"
        )
    return record.url, who.token
