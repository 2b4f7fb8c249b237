"""What Label Studio 1.23 does with the server of a model that it is connected to, and how ours is kept from harm."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from data.labellers import load_labeller
from data.order import Order
from data.studio_backend import backends_of, connect
from data.studio_client import connected, fetch
from data.studio_project import setup
from data.studio_push import push
from data.studio_queue import Queue
from examining import BLIND, LINES, POLICY, wrong
from studio import BLOCKS, ROOT, label, next_task, planned, raw, serve, started

if TYPE_CHECKING:
    from label_studio_sdk import LabelStudio

    from data.studio_server import Server
    from trained import Workshop

pytestmark = [pytest.mark.studio, pytest.mark.training]


def test_that_the_queue_that_falls_back_to_chance_is_told_and_mended(
    client: LabelStudio, label_studio: Server, workshop: Workshop, tmp_path: Path
) -> None:
    number = setup(client, POLICY, "", "排序不靠运气").project
    queue = Queue(load_labeller(str(workshop.model), ROOT), Order.uncertainty, blind=BLIND)
    push(client, number, LINES, queue, tmp_path / "s")
    with serve(workshop.model) as url:
        assert connect(client, number, url, "") == queue.version
        [title] = [backend["title"] for backend in backends_of(client, number)]
        assert title == fetch(client, f"api/projects/{number}").body["model_version"] == queue.version
        assert wrong(label_studio, "排序不靠运气", tmp_path / "s") == ""
        suggest(client, number, "other@1")
        for version in ("", "other@1"):
            client.projects.update(number, model_version=version)
            found = wrong(label_studio, "排序不靠运气", tmp_path / "s")
            assert ("the queue is in random order" in found) == (version == "")
            assert f"and the project goes by {version or 'no version: the order is random'}" in found
            assert f"label-studio connect {url}" in found
            connect(client, number, url, "")
            assert wrong(label_studio, "排序不靠运气", tmp_path / "s") == ""
        for expected in planned(queue, LINES):
            task = next_task(client, number)
            assert task["data"]["text"] == expected
            label(client, task["id"], "none")


def suggest(client: LabelStudio, project: int, version: str) -> None:
    """A prediction of another version, of one task only."""
    row = {"task": next_task(client, project)["id"], "model_version": version, "result": []}
    assert raw(client, "POST", f"api/projects/{project}/import/predictions", [row]).json() == {"created": 1}


def test_that_the_doctor_notices_a_version_that_only_few_tasks_have(
    client: LabelStudio, label_studio: Server, workshop: Workshop, tmp_path: Path
) -> None:
    number = setup(client, POLICY, "", "只有一条预测").project
    queue = Queue(load_labeller(str(workshop.model), ROOT), Order.uncertainty, blind=BLIND)
    push(client, number, LINES, queue, tmp_path / "s")
    assert wrong(label_studio, "只有一条预测", tmp_path / "s") == ""
    suggest(client, number, "other@1")
    client.projects.update(number, model_version="other@1")
    assert "label-studio push --order uncertainty" in wrong(label_studio, "只有一条预测", tmp_path / "s")


def test_that_ours_asks_this_machine_alone_and_leaves_nothing_half_made(
    client: LabelStudio, workshop: Workshop
) -> None:
    number = setup(client, POLICY, "", "只问这台机器").project
    for address in ("http://10.0.0.1", "http://93.184.216.34"):
        hook = {"project": number, "url": address, "send_payload": False}
        for path, body in (("api/ml", {"project": number, "url": address, "title": "m"}), ("api/webhooks/", hook)):
            refused = raw(client, "POST", path, body)
            assert (refused.status_code, "reserved network address" in refused.text) == (403, True)
    with serve(workshop.model, "a-key") as url, serve(workshop.model, "a-key", "127.0.0.2") as next_door:
        connect(client, number, url, "a-key")
        with pytest.raises(ValueError, match=r"answered 403: .*reserved.* asks this machine alone \(127\.0\.0\.1\)"):
            connect(client, number, next_door, "a-key", replace=True)
        assert [(b["url"], b["state"]) for b in backends_of(client, number)] == [(url, "CO")]
        hooks = fetch(client, "api/webhooks/", project=number).body
        assert [hook["url"] for hook in hooks] == [f"{url}/webhook"]


def test_that_a_server_that_blocks_loopback_keeps_what_was_connected_and_nothing_half_made(
    workshop: Workshop, tmp_path: Path
) -> None:
    half = dict.fromkeys(BLOCKS) | {"ML_BLOCK_LOCAL_IP": "false"}  # what one lifts first, and it isn't enough
    refusal = r"answered 403: .*127\.0\.0\.0/8.*USE_DEFAULT_BANNED_SUBNETS=false"
    version = load_labeller(str(workshop.model), ROOT).version
    with serve(workshop.model) as url:
        for settings in ({}, half, dict.fromkeys(BLOCKS)):  # connected by `up`, then Label Studio is started otherwise
            with (
                started(tmp_path / "数据", settings) as server,
                connected(server.url, server.credentials.token) as client,
            ):
                number = setup(client, POLICY, "", "挡住本机").project
                if not settings:
                    connect(client, number, url, "")
                    continue
                other = setup(client, POLICY, "", f"没有接过 {settings is half}").project
                assert raw(client, "POST", "api/ml", {"project": other, "url": url, "title": "m"}).status_code == 403
                assert bool(backends_of(client, other)) == (settings is half)
                for project in (number, other):
                    before = connection(client, project)
                    with pytest.raises(ValueError, match=refusal):
                        connect(client, project, url, "")
                    assert connection(client, project) == before
                assert connection(client, number) == ([1], [1], version)


def connection(client: LabelStudio, project: int) -> tuple[list[int], list[int], str]:
    """The numbers of a project's backends and webhooks, and the version that it goes by."""
    hooks = fetch(client, "api/webhooks/", project=project).body
    version = str(fetch(client, f"api/projects/{project}").body["model_version"])
    return [b["id"] for b in backends_of(client, project)], [hook["id"] for hook in hooks], version


def test_that_the_doctor_names_the_block_that_keeps_a_backend_away(workshop: Workshop, tmp_path: Path) -> None:
    with serve(workshop.model) as url:
        for settings in ({}, dict.fromkeys(BLOCKS)):  # once by `up`, then as Label Studio is started without it
            with (
                started(tmp_path / "数据", settings) as server,
                connected(server.url, server.credentials.token) as client,
            ):
                number = setup(client, POLICY, "", "挡住本机").project
                if not settings:
                    connect(client, number, url, "")
                found = wrong(server, "挡住本机", tmp_path / "s")
    assert f"Label Studio does not reach {url}" in found
    assert "USE_DEFAULT_BANNED_SUBNETS=false" in found
