"""Pushes whose process is killed while it sends, against a real Label Studio server."""

from __future__ import annotations

import signal
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from crowd import TASKS, all_tasks
from data.studio_project import setup
from faults import FORK, Proxy, proxy_to, pushing
from studio import WATER

if TYPE_CHECKING:
    from label_studio_sdk import LabelStudio

    from data.studio_server import Server

pytestmark = pytest.mark.studio

SENT = TASKS[:270]
EACH_ONCE = Counter((task["ext_id"], 1) for task in SENT)


@pytest.fixture
def proxy(label_studio: Server) -> Iterator[Proxy]:
    with proxy_to(label_studio.url) as between:
        yield between


@pytest.fixture
def project(client: LabelStudio, request: pytest.FixtureRequest) -> int:
    return setup(client, WATER, "# 手册", request.node.name[:50]).project


def sentences(client: LabelStudio, project: int) -> Counter[tuple[str, int]]:
    """How many tasks each sentence has, each with how many predictions of the version."""
    return Counter(
        (task["data"]["ext_id"], sum(p["model_version"] == "m@1" for p in task["predictions"]))
        for task in all_tasks(client, project)
    )


@dataclass
class Sending:
    """A push that is killed at a moment of its n-th request with tasks; ``held`` until told, that one arrives late."""

    moment: str
    nth: int
    process: BaseProcess
    held: threading.Event | None = None
    arrived: threading.Event = field(default_factory=threading.Event)
    seen: int = 0

    def watch(self, path: str, moment: str) -> bool:
        if self.held and self.held.is_set() and moment == "made":
            self.arrived.set()
        if not path.endswith("/import") or moment != self.moment:
            return False
        self.seen += 1
        if self.seen == self.nth:
            self.process.kill()
            if self.held:
                assert self.held.wait(60)
        return self.seen == self.nth


@dataclass
class Pusher:
    """Pushes through a proxy in processes of its own."""

    proxy: Proxy
    arguments: tuple[Any, ...]

    def push(self) -> None:
        process = self._process()
        process.start()
        process.join()
        assert process.exitcode == 0

    def kill(self, moment: str, nth: int, held: threading.Event | None = None) -> Sending:
        sending = Sending(moment, nth, self._process(), held)
        self.proxy.watch = sending.watch
        sending.process.start()
        sending.process.join()
        assert sending.process.exitcode == -signal.SIGKILL
        self.proxy.watch = lambda path, moment: None
        return sending

    def make_twins(self) -> None:
        """A push is killed and run again at once; what the first one sent arrives when the second has looked."""
        first = self.kill("whole", 2, held=threading.Event())

        def watch(path: str, moment: str) -> None:
            if moment == "half" and first.held:
                first.held.set()
                assert first.arrived.wait(60)

        self.proxy.watch = watch
        self.push()

    def _process(self) -> BaseProcess:
        return FORK.Process(target=pushing, args=(self.proxy.url, *self.arguments), daemon=True)


@pytest.fixture
def pusher(label_studio: Server, proxy: Proxy, project: int, tmp_path: Path) -> Pusher:
    return Pusher(proxy, (label_studio.credentials.token, project, tmp_path, SENT))


def test_that_a_push_killed_while_it_sends_and_run_again_makes_every_sentence_once(
    client: LabelStudio, pusher: Pusher, project: int
) -> None:
    for moment, nth in (("half", 1), ("whole", 1), ("made", 2), ("half", 2), ("whole", 1)):
        pusher.kill(moment, nth)
        pusher.proxy.settle()
    assert 0 < len(all_tasks(client, project)) < len(SENT)
    pusher.push()
    assert sentences(client, project) == EACH_ONCE


def test_that_sentences_of_a_killed_push_that_arrive_late_are_there_once_after_the_next(
    client: LabelStudio, pusher: Pusher, project: int
) -> None:
    pusher.make_twins()
    pusher.push()
    assert sentences(client, project) == EACH_ONCE


def test_that_a_push_leaves_no_twins_where_sentences_of_a_killed_one_arrive_late(
    client: LabelStudio, pusher: Pusher, project: int
) -> None:
    pusher.make_twins()
    assert sentences(client, project) == EACH_ONCE
