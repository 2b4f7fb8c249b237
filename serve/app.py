"""The HTTP service over one predictor."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.responses import HTMLResponse
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest
from starlette.concurrency import run_in_threadpool
from starlette.middleware.base import RequestResponseEndpoint
from starlette.types import ASGIApp

from data.records import Document
from serve.classify import classify_document, classify_sentences
from serve.guards import ApiKey, BodyLimit, Gate
from serve.messages import ERRORS, ClassifyRequest, ClassifyResponse, ModelInfo
from serve.predictor import Predictor
from serve.problems import install_problems
from serve.studio import add_studio_routes

PAGE = Path(__file__).with_name("page.html")
POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; img-src data:"


def create_app(predictor: Predictor, api_key: str = "") -> ASGIApp:
    """The service; with an API key, everything but the page and the probes asks for it."""
    app = FastAPI(title="政策句子分类 Policy sentences", version="1", docs_url=None, redoc_url=None)
    install_problems(app)
    gate, registry = Gate(), CollectorRegistry()
    _add_model_routes(app, predictor, gate)
    add_studio_routes(app, predictor, gate, registry)
    _add_probes(app, predictor)
    _add_metrics(app, registry)

    @app.get("/", include_in_schema=False)
    def page() -> HTMLResponse:
        return HTMLResponse(PAGE.read_text(encoding="utf-8"), headers={"Content-Security-Policy": POLICY})

    limited = BodyLimit(app)
    return ApiKey(limited, api_key) if api_key else limited


def _add_model_routes(app: FastAPI, predictor: Predictor, gate: Gate) -> None:
    name = {"name": predictor.name, "version": predictor.version}

    @app.post("/v1/classify", response_model=ClassifyResponse, responses=ERRORS)
    async def classify(request: ClassifyRequest) -> dict[str, Any]:
        """Labels of a document's sentences, or of sentences as given."""
        async with gate.turn():
            if request.text is not None:
                rows = await run_in_threadpool(classify_document, predictor, Document.of(request.text))
            else:
                rows = await run_in_threadpool(classify_sentences, predictor, request.sentences or [])
        return {"model": name, "sentences": rows}

    @app.get("/v1/model", response_model=ModelInfo)
    async def model() -> dict[str, Any]:
        """The model that answers, with its labels and thresholds."""
        head = predictor.head.to_json()
        return {"model": name, "task": head["task"], "labels": head["labels"]}


def _add_probes(app: FastAPI, predictor: Predictor) -> None:
    answer = {"status": "UP", "model": predictor.name, "version": predictor.version, "model_version": predictor.tag}
    for path in ("/health", "/livez", "/readyz"):
        app.add_api_route(path, lambda: answer, methods=["GET"], response_model=dict[str, str], name=path[1:])


def _add_metrics(app: FastAPI, registry: CollectorRegistry) -> None:
    requests = Counter("policy_requests", "Requests by route and status", ["route", "status"], registry=registry)
    seconds = Histogram("policy_request_seconds", "Seconds to answer, by route", ["route"], registry=registry)

    @app.middleware("http")
    async def count(request: Request, call_next: RequestResponseEndpoint) -> Response:
        start, status = time.perf_counter(), 500
        try:
            response = await call_next(request)
            status = response.status_code
            return response
        finally:
            route = getattr(request.scope.get("route"), "path", "other")
            requests.labels(route, status).inc()
            seconds.labels(route).observe(time.perf_counter() - start)

    @app.get("/metrics", include_in_schema=False)
    def metrics() -> Response:
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)
