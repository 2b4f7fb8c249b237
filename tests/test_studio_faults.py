"""Pulls through a network that fails, by processes that are killed, against a real Label Studio server."""

from __future__ import annotations

import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from crowd import EVENTS, PEOPLE, TASKS, WORKERS, add, all_tasks, hands, kept, keys, truth
from data.studio_client import connected
from data.studio_project import setup
from data.studio_pull import pull
from data.studio_store import opened
from faults import FORK, Bad, Proxy, chance, once, proxy_to, pulling
from studio import WATER, label, person

if TYPE_CHECKING:
    from label_studio_sdk import LabelStudio

    from data.studio_server import Server

pytestmark = pytest.mark.studio

KILLS = 20


@pytest.fixture
def proxy(label_studio: Server) -> Iterator[Proxy]:
    with proxy_to(label_studio.url) as between:
        yield between


@pytest.fixture
def project(client: LabelStudio, request: pytest.FixtureRequest) -> int:
    return setup(client, WATER, "# 手册", request.node.name[:50]).project


def fact(folder: Path, name: str) -> str:
    with opened(folder / "kept.sqlite") as store:
        return store.fact(name)


@dataclass
class Killer:
    """Kills pulls: up to 0.3 s after one ``begins`` or is ``done``, or about when it ``writes``."""

    proxy: Proxy
    token: str
    project: int
    folder: Path
    rng: random.Random
    told: Counter[str] = field(default_factory=Counter)

    def kill(self, moment: str) -> None:
        ear, mouth = FORK.Pipe(duplex=False)
        place = (self.proxy.url, self.token, self.project, self.folder, mouth)
        process = FORK.Process(target=pulling, args=place, daemon=True)
        read = threading.Event()
        self.proxy.answered = lambda path: read.set() if path == "/api/users/" else None
        process.start()
        mouth.close()
        if moment == "writes":
            assert read.wait(120)
        else:
            self.hear(ear, moment)
        time.sleep(self.rng.uniform(0, 0.03 if moment == "writes" else 0.3))
        process.kill()
        process.join()
        assert process.exitcode == -signal.SIGKILL
        self.hear_rest(ear)

    def hear(self, ear: Any, moment: str) -> None:
        for _ in range(100):
            assert ear.poll(120)
            self.told[told := ear.recv()] += 1
            if told == moment:
                return

    def hear_rest(self, ear: Any) -> None:
        while ear.poll():
            try:
                self.told[ear.recv()] += 1
            except EOFError:
                return


def test_that_nothing_is_lost_or_doubled_by_faults_and_kills(
    client: LabelStudio, label_studio: Server, proxy: Proxy, project: int, tmp_path: Path
) -> None:
    players = hands(client, project)
    killer = Killer(proxy, label_studio.credentials.token, project, tmp_path, random.Random(13))
    proxy.plan = chance(13, 0.3)
    with ThreadPoolExecutor(WORKERS) as pool:
        work = [pool.submit(player.work) for player in players]
        for n in range(KILLS):
            killer.kill(("begins", "writes", "begins", "writes", "done")[n % 5])
        for done in work:
            done.result()
    assert sum(player.events for player in players) >= EVENTS >= 1000
    assert all(proxy.got.values())

    proxy.plan, expected = lambda path: None, truth(client, project)
    assert len(expected) > 300
    with connected(proxy.url, label_studio.credentials.token) as through:
        pull(through, project, WATER, tmp_path, store=tmp_path / "kept.sqlite")
        assert kept(tmp_path) == expected
        whole = fact(tmp_path, "whole")
        for _ in range(10):
            players[0].touch()
        pull(through, project, WATER, tmp_path, store=tmp_path / "kept.sqlite")
        assert kept(tmp_path) == truth(client, project) != expected
        assert fact(tmp_path, "whole") == whole
    pull(client, project, WATER, tmp_path / "anew", store=tmp_path / "anew.sqlite", full=True)
    assert kept(tmp_path / "anew") == kept(tmp_path)
    assert set(expected) - set(kept(tmp_path)) <= set(keys(tmp_path / "label_studio.gone"))


@pytest.mark.parametrize("way", [way for way in Bad if way is not Bad.silence])
def test_that_a_pull_reads_all_although_the_first_answers_are_bad(
    client: LabelStudio, label_studio: Server, proxy: Proxy, tmp_path: Path, way: Bad
) -> None:
    project = setup(client, WATER, "# 手册", f"读取：{way}").project
    add(client, project, TASKS[:6], [person(client, name) for name in PEOPLE], random.Random(1))
    with connected(proxy.url, label_studio.credentials.token) as through:
        for full in (True, False):
            proxy.plan = once(way)
            pull(through, project, WATER, tmp_path, store=tmp_path / "kept.sqlite", full=full)
            assert kept(tmp_path) == truth(client, project)
            label(client, all_tasks(client, project)[0]["id"], "boat")
    assert proxy.got[way] > 0


def one_each(client: LabelStudio, project: int, folder: Path, count: int) -> list[int]:
    """Tasks with an answer of one person each, pulled; returns the tasks' numbers."""
    made = add(client, project, TASKS[:count], [person(client, "jia")], random.Random(2))
    pull(client, project, WATER, folder, store=folder / "kept.sqlite")
    return list(made.task_ids)


def test_that_answers_of_tasks_deleted_on_the_server_leave_the_file_and_stay_beside_it(
    client: LabelStudio, project: int, tmp_path: Path
) -> None:
    numbers = one_each(client, project, tmp_path, 8)
    before = kept(tmp_path)
    for number in numbers[2:5]:
        client.tasks.delete(str(number))
    pulled = pull(client, project, WATER, tmp_path, store=tmp_path / "kept.sqlite")
    assert kept(tmp_path) == truth(client, project)
    assert set(keys(tmp_path / "label_studio.gone")) == set(before) - set(kept(tmp_path))
    assert len(kept(tmp_path)) == 5
    assert "3 answers of the last pull are gone" in "".join(pulled.doubtful)


def test_that_a_pull_killed_before_it_replaced_the_file_keeps_what_vanished_once(
    client: LabelStudio, project: int, tmp_path: Path
) -> None:
    numbers = one_each(client, project, tmp_path, 3)
    before = (tmp_path / "label_studio.jsonl").read_bytes()
    client.tasks.delete(str(numbers[0]))
    for _ in range(2):
        pull(client, project, WATER, tmp_path, store=tmp_path / "kept.sqlite")
        assert len(keys(tmp_path / "label_studio.gone")) == 1
        (tmp_path / "label_studio.jsonl").write_bytes(before)  # as it stands where the kill came after the other file


def test_that_a_person_has_one_answer_for_a_sentence_that_has_two_tasks(
    client: LabelStudio, project: int, tmp_path: Path
) -> None:
    older, newer = (add(client, project, TASKS[:1], [], random.Random(0)).task_ids[0] for _ in range(2))
    label(client, newer, "boat")
    label(client, older, "risk")
    pull(client, project, WATER, tmp_path, store=tmp_path / "kept.sqlite")
    assert list(kept(tmp_path).values()) == [["risk"]]
