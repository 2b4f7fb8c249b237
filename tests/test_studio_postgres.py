"""A Label Studio server on PostgreSQL in place of SQLite."""

from __future__ import annotations

from pathlib import Path

import pytest

from data.order import Order
from data.records import read_jsonl
from data.studio_client import connected
from data.studio_existing import Counts
from data.studio_install import DATABASE
from data.studio_project import setup
from data.studio_pull import pull
from data.studio_push import push
from data.studio_queue import Queue
from data.studio_server import launch, serving
from data.studio_tasks import tasks_of
from postgres import ABSENT, available, postgres
from studio import DOCUMENT, SENTENCES, WATER, boats, label, labeller, next_task

TASKS = list(tasks_of([DOCUMENT], SENTENCES))


@pytest.mark.studio
@pytest.mark.skipif(not available(), reason=ABSENT)
def test_that_the_loop_works_on_postgres_too(tmp_path: Path) -> None:
    folder = tmp_path / "server"
    queue = Queue(labeller(boats, sure=lambda text: 1 / len(text)), Order.uncertainty)
    with postgres() as address:
        with serving(folder, 0, "", address) as server, connected(server.url, server.credentials.token) as client:
            project = setup(client, WATER, "# 手册", "另一个数据库").project
            assert push(client, project, TASKS, queue, tmp_path / "s").predictions == 4
            first = next_task(client, project)
            assert first["data"]["text"] == max((task["text"] for task in TASKS), key=len)
            label(client, first["id"], "risk")
            pull(client, project, WATER, tmp_path / "out", store=tmp_path / "s")
        assert not (folder / DATABASE).exists()
        with (
            serving(folder) as server,
            connected(server.url, server.credentials.token) as client,
        ):  # it knows its database
            assert push(client, project, TASKS, queue, tmp_path / "s") == Counts(unchanged=4)
            label(client, next_task(client, project)["id"], "none")
            pulled = pull(client, project, WATER, tmp_path / "out", store=tmp_path / "s")
    assert sorted(row["labels"] for row in read_jsonl(tmp_path / "out" / "label_studio.jsonl")) == [[], ["risk"]]
    assert pulled.doubtful == []
    with pytest.raises(ValueError, match="its data lie in postgresql://postgres@127"):
        launch(folder, 0, "", "postgresql://ls@127.0.0.1/other")


def test_that_a_folder_keeps_the_database_it_began_with(tmp_path: Path) -> None:
    (tmp_path / DATABASE).touch()
    with pytest.raises(ValueError, match="its data lie in SQLite"):
        launch(tmp_path, 0, "", "postgresql://ls@127.0.0.1/other")


@pytest.mark.studio
def test_that_a_mistyped_address_of_a_database_does_not_bind_the_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PGPASSWORD", raising=False)
    with pytest.raises(
        ValueError, match=r"its database is postgresql://ls@127\.0\.0\.1:9/typo, .*PGPASSWORD is not set"
    ):
        launch(tmp_path, 0, "", "postgresql://ls@127.0.0.1:9/typo")
    with serving(tmp_path) as server:
        assert server.url
    assert (tmp_path / DATABASE).exists()
