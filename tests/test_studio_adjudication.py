"""The project in which a third decides, beside the project whose annotators it hears."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner, Result

from data.labels import load_labels
from data.records import read_jsonl
from data.studio_cli import app
from data.studio_project import adjudication_of, setup
from data.studio_push import push
from data.studio_tasks import DECIDES, tasks_of
from studio import DOCUMENT, ROOT, SENTENCES, label, task_ids

if TYPE_CHECKING:
    from label_studio_sdk import LabelStudio

    from data.studio_server import Server

pytestmark = pytest.mark.studio

LABELS = load_labels(ROOT / "seeds" / "labels.yaml")
TITLE = "分歧很多的项目"
TASKS = list(tasks_of([DOCUMENT], SENTENCES))


def test_that_what_is_wrong_with_the_decisions_keeps_nobody_from_the_answers(
    client: LabelStudio, label_studio: Server, tmp_path: Path
) -> None:
    out = tmp_path / "pulled"

    def pulled() -> tuple[Result, list[list[str]]]:
        arguments = ["pull", f"--folder={label_studio.folder}", f"--project={TITLE}"]
        done = CliRunner().invoke(app, [*arguments, f"--out={out}"], catch_exceptions=False)
        return done, [row["labels"] for row in read_jsonl(out / f"{TITLE}.jsonl")]

    project, third = (setup(client, LABELS, "# 手册", title).project for title in (TITLE, adjudication_of(TITLE)))
    push(client, project, TASKS)
    push(client, third, [{**TASKS[0], DECIDES: True}])
    label(client, task_ids(client, project)[TASKS[0]["text"]], "problem")
    decision = label(client, task_ids(client, third)[TASKS[0]["text"]], "target")
    assert pulled()[1] == [["problem"]]
    client.annotations.delete(decision)
    label(client, task_ids(client, project)[TASKS[1]["text"]], "funding")
    done, answers = pulled()
    assert (done.exit_code, answers) == (0, [["problem"], ["funding"]])
    assert f"{adjudication_of(TITLE)} was not pulled" in " ".join(done.output.split())
    assert [row["labels"] for row in read_jsonl(out / f"{adjudication_of(TITLE)}.jsonl")] == [["target"]]
