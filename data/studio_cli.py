"""python -m data label-studio: a server, a project, sentences out to people, labels back."""

from __future__ import annotations

import contextlib
import os
import signal
from pathlib import Path
from typing import Annotated

import typer

from data.labels import load_labels
from data.studio_access import (
    SEEDS,
    Extend,
    Folder,
    Guideline,
    Labels,
    Project,
    Url,
    access,
    end_by_signals,
    project_number,
    studio,
)
from data.studio_backend import KEY_VARIABLE as BACKEND_KEY
from data.studio_backend import connect as connect_backend
from data.studio_client import explained, fetch
from data.studio_database import FORM, PASSWORD
from data.studio_doctor import CURRENT, Patient, examine, examine_order, report
from data.studio_finding import Called
from data.studio_install import HOME
from data.studio_project import TITLE, Settings
from data.studio_project import setup as setup_project
from data.studio_pull import file_of
from data.studio_server import credentials_file, launch, read_credentials, running, serving, stop
from data.studio_store import store_path
from data.studio_work import adjudicate, pull, push, watch

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)


@app.command()
def up(
    folder: Folder = HOME,
    port: Annotated[int, typer.Option(help="port on 127.0.0.1, 0 for a free one")] = 8080,
    email: Annotated[str, typer.Option(help="first account's e-mail, chosen at the first start")] = "",
    detach: Annotated[bool, typer.Option("--detach", help="leave it running; stop it with `down`")] = False,
    postgres: Annotated[
        str, typer.Option(help=f"{FORM} in place of SQLite, chosen at the first start; password in {PASSWORD}")
    ] = "",
) -> None:
    """Run a Label Studio server on this machine until Ctrl-C.

    The first start installs it: about two minutes, longer on a slow network.
    """
    now = running(folder)
    if now:
        _announce(now.url, folder)
    elif detach:
        _announce(launch(folder, port, email, postgres).url, folder)
    else:
        _run(folder, port, email, postgres)


def _run(folder: Path, port: int, email: str, postgres: str) -> None:
    end_by_signals()
    with contextlib.suppress(KeyboardInterrupt), serving(folder, port, email, postgres) as server:
        _announce(server.url, folder)
        print("Ctrl-C stops it", flush=True)
        status = server.process.wait()
        if status == -signal.SIGTERM:  # by `down`
            return
        raise ValueError(f"Label Studio ended by itself with status {status}; its log is {folder / 'server.log'}")


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
    guideline: Guideline = SEEDS / "guideline.md",
    annotators: Annotated[int | None, typer.Option(min=1, help="people per sentence (1 for a new project)")] = None,
    overlap: Annotated[
        int | None, typer.Option(min=0, max=100, help="percent of the sentences that so many label (100 at first)")
    ] = None,
    extend: Extend = False,
) -> None:
    """Create the project, or bring its labels and instruction up to date."""
    label_set, text = load_labels(labels), guideline.read_text(encoding="utf-8")
    with studio(url, folder) as (client, address):
        outcome = setup_project(client, label_set, text, project, Settings(annotators, overlap, extend))
    print(f"project {project} {outcome.done}: {address}/projects/{outcome.project}/data")


@app.command()
def invite(url: Url = "", folder: Folder = HOME) -> None:
    """Print the link with which a colleague makes an account. Whoever has it can; send it to nobody else."""
    with studio(url, folder) as (client, address), explained("no link was made"):
        print(address + str(fetch(client, "api/invite").body["invite_url"]))


@app.command()
def connect(
    backend: Annotated[str, typer.Argument(help="address of `python -m serve`, as Label Studio reaches it")],
    url: Url = "",
    folder: Folder = HOME,
    project: Project = TITLE,
    replace: Annotated[bool, typer.Option("--replace", help="take away what is connected at other addresses")] = False,
) -> None:
    """Let a running model tick labels when a task is opened. Its key, if it has one, stands in POLICY_API_KEY."""
    with studio(url, folder) as (client, _):
        number = project_number(client, project)
        version = connect_backend(client, number, backend, os.environ.get(BACKEND_KEY, ""), replace)
        print(f"{backend} connected: {version}")
        found = examine_order(client, number, Called(url, folder, project), CURRENT)
    if not found.good:
        print(f"{found.what}, until this is done:\n{found.mend}")


@app.command()
def doctor(
    url: Url = "", folder: Folder = HOME, project: Project = TITLE, labels: Labels = SEEDS / "labels.yaml"
) -> None:
    """Look at server, project and backend; say what is wrong and what mends it. Exit code 1 where something is."""
    address, key = access(url, folder)
    store = store_path(folder, file_of(project))
    called, label_set = Called(url, folder, project, labels), load_labels(labels)
    patient = Patient(address, key, project, label_set, store, os.environ.get(BACKEND_KEY, ""), called, CURRENT)
    if not report(examine(patient), print):
        raise typer.Exit(1)


for command in (push, pull, watch, adjudicate):
    app.command()(command)
