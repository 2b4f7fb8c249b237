"""What the label-studio commands have in common: their options, and the way to the server."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer
from rich.console import Console

from data.studio_client import KEY_VARIABLE, connected
from data.studio_project import find_project
from data.studio_server import read_credentials, running

if TYPE_CHECKING:
    from label_studio_sdk import LabelStudio

HERE = Path(__file__).parent
SEEDS = HERE.parent / "seeds"
err_console = Console(stderr=True)

Folder = Annotated[Path, typer.Option(help="data folder of the local server")]
Url = Annotated[str, typer.Option(help=f"a server elsewhere, its key in {KEY_VARIABLE}; without it the local one")]
Project = Annotated[str, typer.Option(help="title of the project")]
Labels = Annotated[Path, typer.Option(help="label set")]
Guideline = Annotated[Path, typer.Option(help="instruction for annotators, Markdown")]
Extend = Annotated[bool, typer.Option("--extend", help="change the label set although people have labelled already")]


@contextlib.contextmanager
def studio(url: str, folder: Path) -> Iterator[tuple[LabelStudio, str]]:
    """A client and the address it talks to."""
    address, key = access(url, folder)
    with connected(address, key) as client:
        yield client, address


def access(url: str, folder: Path) -> tuple[str, str]:
    """Address and API key. Raises ValueError where no server runs on the folder, or no key is set."""
    return (url.rstrip("/"), _key_from_environment()) if url else _local(folder)


def project_number(client: LabelStudio, title: str) -> int:
    """The project of a title. Raises ValueError where there is none."""
    found = find_project(client, title)
    if found is None:
        raise ValueError(f"no project has the title {title!r}; create it: python -m data label-studio setup")
    return found


def end_by_signals() -> None:
    """Let SIGINT, SIGTERM and a closed terminal raise KeyboardInterrupt.

    A program that a script starts with & ignores SIGINT, which is undone here; under nohup a closed terminal is no
    end, which stays so.
    """
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if number != signal.SIGHUP or signal.getsignal(number) == signal.SIG_DFL:
            signal.signal(number, _interrupt)


def _interrupt(*_: object) -> NoReturn:
    raise KeyboardInterrupt


def warn(line: str) -> None:
    """Tell the person at the terminal what needs a look."""
    err_console.print(line, style="yellow", markup=False, highlight=False, soft_wrap=True)


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
