"""Label Studio's ML backend protocol: does the model fit a project, labels for its tasks, word of its events."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI
from prometheus_client import CollectorRegistry, Counter
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from serve.guards import Gate
from serve.messages import (
    ERRORS,
    PredictRequest,
    PredictResponse,
    SetupRequest,
    SetupResponse,
    Versions,
    WebhookAnswer,
    WebhookEvent,
    WebhookState,
)
from serve.predictor import Predictor, Verdict
from serve.studio_config import Control, find_control

log = logging.getLogger(__name__)
CHUNK = 64  # texts between which other requests get their turn at the model
MAX_CHARACTERS = 100_000  # of a text; the model reads far fewer
NOT_ASKED = 0.5  # the score of a task the model was not asked of; none would be first on SQLite, last on PostgreSQL
OTHER = "other"
ACTIONS = frozenset(
    (
        "ANNOTATION_CREATED",
        "ANNOTATION_UPDATED",
        "ANNOTATIONS_DELETED",
        "TASKS_CREATED",
        "TASKS_DELETED",
        "PROJECT_UPDATED",
        "START_TRAINING",
    )
)


@dataclass(slots=True)
class Events:
    """What came to the webhook since the server started. Hints only: Label Studio does not repeat a lost one."""

    counter: Counter
    count: int = 0
    last_action: str | None = None

    def note(self, action: str | None) -> None:
        """Count it. Only known actions are told apart, as anyone could send any number of others."""
        self.last_action = action if action in ACTIONS else OTHER
        self.count += 1
        self.counter.labels(self.last_action).inc()


def add_studio_routes(app: FastAPI, predictor: Predictor, gate: Gate, registry: CollectorRegistry) -> None:
    """Add /setup, /predict, /versions and /webhook; their model calls go through the gate."""
    _add_predictions(app, predictor, gate)
    _add_webhook(app, registry)


def _add_predictions(app: FastAPI, predictor: Predictor, gate: Gate) -> None:
    @app.post("/setup", response_model=SetupResponse, responses=ERRORS)
    async def setup(request: SetupRequest) -> dict[str, str]:
        """Whether the labelling page has every label of the model; without a page, only the version."""
        try:
            await run_in_threadpool(_control, request.label_config, predictor)
        except HTTPException as refusal:  # Label Studio shows no reason, it points people to this console
            log.warning("POST /setup refused: %s", refusal.detail)
            raise
        return {"model_version": predictor.tag}

    @app.post("/predict", response_model=PredictResponse, responses=ERRORS)
    async def predict(request: PredictRequest) -> dict[str, Any]:
        """A prediction per task, in their order."""
        control = await run_in_threadpool(_control, request.label_config, predictor)
        verdicts = await _verdicts(predictor, gate, [_text(task, control.field) for task in request.tasks])
        return {"results": [_prediction(verdict, control, predictor.tag) for verdict in verdicts]}

    @app.get("/versions", response_model=Versions)
    async def versions() -> dict[str, list[str]]:
        """The version that answers."""
        return {"versions": [predictor.tag]}


def _add_webhook(app: FastAPI, registry: CollectorRegistry) -> None:
    events = Events(Counter("policy_webhook_events", "Label Studio's events by action", ["action"], registry=registry))

    @app.post("/webhook", response_model=WebhookAnswer, responses=ERRORS)
    async def webhook(event: WebhookEvent) -> dict[str, int]:
        """Count an event; nothing is started, nothing of it is kept."""
        events.note(event.action)
        return {"events": events.count}

    @app.get("/webhook", response_model=WebhookState)
    async def webhook_state() -> dict[str, Any]:
        """What came so far, for a program that asks whether to pull."""
        return {"events": events.count, "last_action": events.last_action}


def _control(label_config: str | None, predictor: Predictor) -> Control:
    try:
        return find_control(label_config, predictor.head.ids, predictor.head.task)
    except ValueError as error:
        raise HTTPException(422, str(error)) from None


def _text(task: Any, field: str) -> str | None:
    """A task's text; None where it has none of use, or must be labelled without help (``blind``)."""
    data = task.get("data") if isinstance(task, dict) else None
    text = data.get(field) if isinstance(data, dict) and not data.get("blind") else None
    if not isinstance(text, str) or len(text) > MAX_CHARACTERS:
        return None
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:  # half of a surrogate pair
        return None
    return text


async def _verdicts(predictor: Predictor, gate: Gate, texts: Sequence[str | None]) -> list[Verdict | None]:
    """One per text, None for None; others get their turn at the model between chunks."""
    found: list[Verdict | None] = [None] * len(texts)
    asked = [(place, text) for place, text in enumerate(texts) if text is not None]
    async with gate.place() as turn:
        for at in range(0, len(asked), CHUNK):
            places, chunk = zip(*asked[at : at + CHUNK], strict=True)
            async with turn:
                verdicts = await run_in_threadpool(predictor.verdicts, chunk)
            for place, verdict in zip(places, verdicts, strict=True):
                found[place] = verdict
    return found


def _prediction(verdict: Verdict | None, control: Control, tag: str) -> dict[str, Any]:
    """No label is no tick: a ticked 无 would have to be unticked before every other label."""
    labels = verdict.labels if verdict else []
    result = {"from_name": control.from_name, "to_name": control.to_name, "value": {"choices": labels}}
    score = verdict.confidence if verdict else NOT_ASKED
    return {"result": [result] if labels else [], "score": score, "model_version": tag}
