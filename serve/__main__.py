"""python -m serve: labels of policy text over HTTP, or on the command line with `classify` and `score`."""

from __future__ import annotations

import csv
import json
import os
import signal
import socket
import sys
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from enum import StrEnum
from ipaddress import ip_address
from itertools import islice
from pathlib import Path
from typing import Annotated, Any

import typer
import uvicorn
from rich.console import Console
from rich.table import Table

from data.command import run
from data.read import read_document
from serve.app import create_app
from serve.classify import classify_document
from serve.model_dir import LINK
from serve.predictor import Predictor

MODELS = Path(__file__).parent / "models"
KEY = "POLICY_API_KEY"
CHUNK = 256  # texts that are scored together
app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, help=__doc__)
ModelOption = Annotated[Path, typer.Option("--model", help="model directory")]


class Format(StrEnum):
    """How `classify` prints."""

    table = "table"
    jsonl = "jsonl"
    csv = "csv"


@app.callback(invoke_without_command=True)
def serve(
    context: typer.Context,
    model: ModelOption = MODELS / LINK,
    host: Annotated[
        str, typer.Option(help=f"interface; any but the loopback needs {KEY} in the environment")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 for a free one")] = 8000,
) -> None:
    """Open the server and print its address. Ctrl-C stops it."""
    context.obj = model
    if context.invoked_subcommand:
        return
    key = os.environ.get(KEY, "")
    if not key and not _loopback(host):
        raise ValueError(f"--host {host} is open to others: set an API key first, {KEY}=… in the environment")
    predictor = Predictor.load(model)
    listener = _listen(host, port)
    print(f"serving {predictor.name} on http://{host}:{listener.getsockname()[1]}/  (Ctrl-C stops)", flush=True)
    for number in (signal.SIGINT, signal.SIGTERM):  # uvicorn raises them again once it has stopped
        signal.signal(number, lambda *_: sys.exit(0))
    config = uvicorn.Config(create_app(predictor, key), log_level="warning", access_log=False, server_header=False)
    uvicorn.Server(config).run(sockets=[listener])


def _loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def _listen(host: str, port: int) -> socket.socket:
    """A bound socket. Raises ValueError where the port is taken or the interface is not ours."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind, protocol)  # unnamed, asyncio would leave Nagle's 40 ms in each answer
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(2048)
    except OSError as error:
        raise ValueError(
            f"cannot listen on {host}:{port}: {error.strerror or error}; choose another: --port N"
        ) from error
    return listener


@app.command()
def classify(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="a document: text, HTML, PDF, Word")],
    model: Annotated[Path | None, typer.Option("--model", help="model directory")] = None,
    format: Annotated[Format, typer.Option(help="how to print")] = Format.table,
) -> None:
    """Print the sentences of a document with their labels."""
    rows = classify_document(Predictor.load(model or context.obj), read_document(file))
    {Format.table: _print_table, Format.jsonl: _print_jsonl, Format.csv: _print_csv}[format](rows)


@app.command()
def score(
    context: typer.Context,
    model: Annotated[Path | None, typer.Option("--model", help="model directory")] = None,
) -> None:
    """For other programs: texts on standard input, each a JSON string on a line; labels, scores, confidence out.

    The first line out says which model answers; then comes one line per text, in their order.
    """
    predictor = Predictor.load(model or context.obj)
    head = predictor.head
    _print_jsonl([{"model_version": predictor.tag, "labels": head.ids, "task": head.task.value}])
    texts = _texts(sys.stdin.buffer)
    while chunk := list(islice(texts, CHUNK)):
        _print_jsonl([asdict(verdict) for verdict in predictor.verdicts(chunk)])


def _texts(lines: Iterable[bytes]) -> Iterator[str]:
    """The text of each line. Raises ValueError that names the line which is no JSON string in UTF-8."""
    for number, line in enumerate(lines, 1):
        try:
            if not line.lstrip().startswith(b'"'):  # before parsing: brackets without end exhaust the parser's stack
                raise ValueError(line)
            text = str(json.loads(line.decode()))
            text.encode()
        except ValueError:
            got = line.decode(errors="replace").strip()[:60]
            raise ValueError(
                f'line {number} of the input: expected a JSON string in UTF-8 such as "要建平台。", got {got!r}; '
                "write each text with json.dumps on a line of its own"
            ) from None
        yield text


def _print_table(rows: list[dict[str, Any]]) -> None:
    table = Table("start", "end", "kind", "labels", "sentence")
    for row in rows:
        table.add_row(
            str(row["start"]), str(row["end"]), row["kind"], " ".join(row["labels"]), " ".join(row["text"].split())
        )
    Console().print(table)


def _print_jsonl(rows: list[dict[str, Any]]) -> None:
    for row in rows:
        print(json.dumps(row, ensure_ascii=False))
    sys.stdout.flush()


def _print_csv(rows: list[dict[str, Any]]) -> None:
    writer = csv.writer(sys.stdout)
    writer.writerow(["start", "end", "kind", "labels", "text"])
    for row in rows:
        text = " ".join(row["text"].split())
        safe = "'" + text if text[:1] in ("=", "+", "-", "@") else text  # a spreadsheet must not take it as a formula
        writer.writerow([row["start"], row["end"], row["kind"], " ".join(row["labels"]), safe])


def main() -> None:
    """Run the command line."""
    run(app)


if __name__ == "__main__":
    main()
