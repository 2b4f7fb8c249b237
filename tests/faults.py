"""A network that fails by a plan, and processes that pull and push through it until they are killed."""

from __future__ import annotations

import contextlib
import json
import multiprocessing
import random
import threading
import time
from collections.abc import Callable, Iterator
from enum import StrEnum
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx

from data import studio_push
from data.studio_pull import pull
from data.studio_push import push
from data.studio_queue import Queue
from data.studio_tasks import Task
from studio import WATER, boats, labeller

if TYPE_CHECKING:
    from label_studio_sdk import LabelStudio

FORK = multiprocessing.get_context("forkserver")  # what is forked has imported everything
FORK.set_forkserver_preload(["data.studio_pull", "data.studio_push", "label_studio_sdk.client", "tenacity"])
PATIENCE_S = 2.0  # how long the processes wait for an answer
HOP = {"host", "connection", "accept-encoding", "content-length", "transfer-encoding", "keep-alive"}


class Bad(StrEnum):
    """What may become of the answer to a GET."""

    error = "500"
    gateway = "502"
    many = "429"
    hang_up = "no answer, the connection ends"
    silence = "no answer within the client's patience"
    half_body = "half of the bytes that the header tells of"
    half_page = "half of the tasks, in JSON that is whole"
    html = "a page of HTML with 200"


Plan = Callable[[str], Bad | None]  # by the path of a GET
Watch = Callable[[str, str], object]  # path and moment of other requests: half (if true, no more comes), whole, made


def chance(seed: int, share: float) -> Plan:
    """Spoil a share of the answers, drawn by chance; each way as often, but for silence, which takes long."""
    rng, one, deck = random.Random(seed), threading.Lock(), list[Bad]()
    loud = [way for way in Bad if way is not Bad.silence]

    def plan(path: str) -> Bad | None:
        with one:
            if rng.random() >= share:
                return None
            if not deck:
                deck.extend(rng.sample([*Bad, *loud], 2 * len(Bad) - 1))
            return deck.pop()

    return plan


def once(way: Bad) -> Plan:
    """Spoil the first answer of every path."""
    seen: set[str] = set()

    def plan(path: str) -> Bad | None:
        first = path not in seen
        seen.add(path)
        return way if first else None

    return plan


class Proxy(ThreadingHTTPServer):
    """Passes requests on to a server. ``got`` counts the spoiled answers, ``watch`` sees what changes something."""

    daemon_threads = True

    def __init__(self, upstream: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.upstream = str(urlsplit(upstream).netloc)
        self.plan: Plan = lambda path: None
        self.watch: Watch = lambda path, moment: None
        self.answered: Callable[[str], None] = lambda path: None
        self.got: dict[Bad, int] = dict.fromkeys(Bad, 0)
        self.under_way: set[int] = set()  # threads that pass on what changes something

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def settle(self) -> None:
        """Wait until the server has answered whatever was to change it, though its client may be dead."""
        while self.under_way:
            time.sleep(0.02)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that were killed are no news."""


@contextlib.contextmanager
def proxy_to(upstream: str) -> Iterator[Proxy]:
    """A proxy for as long as the block runs; it does no harm until it gets a plan."""
    with Proxy(upstream) as proxy:
        thread = threading.Thread(target=proxy.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield proxy
        finally:
            proxy.shutdown()
            thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Proxy

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing."""

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        way = self.server.plan(path)
        if way:
            self.server.got[way] += 1
        if way in (Bad.hang_up, Bad.silence):
            time.sleep(PATIENCE_S + 0.3 if way is Bad.silence else 0)
            self.close_connection = True
        elif way in (Bad.error, Bad.gateway, Bad.many):
            self._answer(int(way), {"Content-Type": "text/plain"}, b"spoiled")
        elif way is Bad.html:
            self._answer(200, {"Content-Type": "text/html"}, "<html><h1>请先登录</h1></html>".encode())
        else:
            self._answer(*self._forward(b""), half=way)
            self.server.answered(path)

    def _change(self) -> None:
        self.server.under_way.add(threading.get_ident())
        try:
            self._pass_on(urlsplit(self.path).path, self.server.watch)
        finally:
            self.server.under_way.discard(threading.get_ident())

    def _pass_on(self, path: str, watch: Watch) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if watch(path, "half"):
            self._cut(body)
            return
        watch(path, "whole")
        answer = self._forward(body)
        watch(path, "made")
        self._answer(*answer)

    def _cut(self, body: bytes) -> None:
        """Half of the request arrives: what a client does that dies while it sends."""
        with contextlib.closing(HTTPConnection(self.server.upstream)) as connection:
            connection.putrequest(self.command, self.path)
            for name, value in self.headers.items():
                if name.lower() not in HOP - {"content-length"}:
                    connection.putheader(name, value)
            connection.endheaders(body[: len(body) // 2])
        self.close_connection = True

    do_POST = do_PATCH = do_DELETE = _change

    def _forward(self, body: bytes) -> tuple[int, dict[str, str], bytes]:
        connection = HTTPConnection(self.server.upstream, timeout=120)
        headers = {name: value for name, value in self.headers.items() if name.lower() not in HOP}
        connection.request(self.command, self.path, body or None, headers)
        with contextlib.closing(connection), connection.getresponse() as answer:
            kept = {name: value for name, value in answer.getheaders() if name.lower() not in HOP}
            return answer.status, kept, answer.read()

    def _answer(self, status: int, headers: dict[str, str], body: bytes, half: Bad | None = None) -> None:
        if half is Bad.half_page:
            body = halved(body)
        self.send_response_only(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body[: len(body) // 2] if half is Bad.half_body else body)
        self.close_connection = half is Bad.half_body


def halved(body: bytes) -> bytes:
    """A listing with the first half of its rows, everything else as it was."""
    whole: Any = json.loads(body)
    if isinstance(whole, dict) and isinstance(whole.get("tasks"), list):
        whole["tasks"] = whole["tasks"][: len(whole["tasks"]) // 2]
    return json.dumps(whole).encode()


@contextlib.contextmanager
def impatient(url: str, key: str, patience_s: float = PATIENCE_S) -> Iterator[LabelStudio]:
    """A client as ``connected`` makes it, which waits no longer than told and did not ask who it is."""
    from label_studio_sdk import LabelStudio

    with httpx.Client(trust_env=False, timeout=patience_s) as http:
        yield LabelStudio(base_url=url, api_key=key, httpx_client=http, max_retries=0)  # type: ignore[no-untyped-call]


def pulling(url: str, key: str, project: int, folder: Path, tell: Connection) -> None:
    """Pull again and again; tells of every pull that it begins and how it ended."""
    with impatient(url, key) as client:
        while True:
            tell.send("begins")
            try:
                pull(client, project, WATER, folder, store=folder / "kept.sqlite")
            except ValueError as error:
                tell.send(str(error))
            else:
                tell.send("done")


def pushing(url: str, key: str, project: int, folder: Path, tasks: list[Task]) -> None:
    """Push once, in small chunks."""
    studio_push.CHUNK = 50
    with impatient(url, key, 60) as client:
        push(client, project, tasks, Queue(labeller(boats)), folder / "kept.sqlite")
