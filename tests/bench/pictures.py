"""Take the pictures of the real pages for the README: PYTHONPATH=tests python tests/bench/pictures.py"""

from __future__ import annotations

import tempfile
from io import BytesIO
from pathlib import Path

from PIL import Image

from data.corpus import load_corpus
from data.ingest import ingest
from data.labellers import load_labeller
from data.labels import load_labels
from data.order import Order
from data.studio_client import connected
from data.studio_project import TITLE, setup
from data.studio_push import push
from data.studio_queue import Queue
from data.studio_server import serving
from data.studio_tasks import tasks_of
from desk import Desk, chromium

SEEDS = Path(__file__).parents[2] / "seeds"
PICTURES = SEEDS / "pictures"
GUIDE = "标注手册"


def main() -> None:
    """Write the pictures."""
    labels, guideline = load_labels(SEEDS / "labels.yaml"), (SEEDS / "guideline.md").read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as name, serving(Path(name) / "server") as server, chromium() as browser:
        ingest([SEEDS / "documents"], Path(name) / "corpus")
        tasks = list(tasks_of(*load_corpus(Path(name) / "corpus")))
        with connected(server.url, server.credentials.token) as client:
            project = setup(client, labels, guideline, TITLE).project
            lexicon = load_labeller("lexicon", SEEDS / "lexicon.yaml")
            push(client, project, tasks, Queue(lexicon, Order.diverse), Path(name) / "store")
            third = setup(client, labels, guideline, f"{TITLE}·裁定").project
            both = {"funding", "recommendation"}
            noted = next(task for task in tasks if both <= set(lexicon.say([task["text"]])[0].labels))
            action, money = labels.names["recommendation"], labels.names["funding"]
            push(client, third, [{**noted, "note": f"A：{action}、{money} ｜ B：{money}"}])
        desk = Desk(browser, server.url)
        desk.page.set_viewport_size({"width": 1200, "height": 760})
        desk.log_in(server.credentials.email, server.credentials.password)
        desk.page.goto(f"{server.url}/projects/{project}/data")
        desk.page.wait_for_selector("text=/Label All Tasks/i")
        desk.page.wait_for_timeout(2000)
        take(desk, "table", 400)
        desk.page.click("text=/Label All Tasks/i")
        desk.page.wait_for_selector(f"text={GUIDE}")
        desk.page.wait_for_timeout(1000)
        take(desk, "guideline", 560)
        desk.page.keyboard.press("Escape")
        desk.page.wait_for_selector(f"text={GUIDE}", state="hidden")
        while len(desk.ticked()) < 2:
            desk.page.keyboard.press("0")
            desk.submit()
            desk.page.wait_for_timeout(1500)
        take(desk, "label")
        desk.start(third, GUIDE)
        desk.page.wait_for_timeout(1500)
        take(desk, "decide", 560)


def take(desk: Desk, name: str, height: int = 760) -> None:
    """A picture of the upper part of the page, in few colours, so that it is small."""
    shot = Image.open(BytesIO(desk.page.screenshot(clip={"x": 0, "y": 0, "width": 1200, "height": height})))
    shot.convert("RGB").quantize(96).save(PICTURES / f"{name}.png", optimize=True)


if __name__ == "__main__":
    main()
