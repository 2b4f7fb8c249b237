"""The service as its callers meet it, over a really trained model."""

from __future__ import annotations

import asyncio
import base64
import json
from typing import Any

import pytest
from fastapi.testclient import TestClient
from starlette.exceptions import HTTPException

from data.records import Document
from data.sentences import segment
from serve.app import create_app
from serve.guards import MAX_BODY, Gate
from serve.predictor import Predictor
from trained import Workshop

pytestmark = pytest.mark.training
TEXT = "一、重点任务\n要加大财政投入；企业融资难问题依然存在。𠮷林𝄞项目今年开工。\n责任编辑：某某"


@pytest.fixture(scope="module")
def client(workshop: Workshop) -> TestClient:
    return TestClient(create_app(Predictor.load(workshop.model)), raise_server_exceptions=False)


def problem_of(response: Any) -> dict[str, Any]:
    assert response.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = response.json()
    assert body["status"] == response.status_code
    assert body["title"]
    assert body["detail"]
    return body


def test_that_a_document_comes_back_as_its_sentences(client: TestClient) -> None:
    answer = client.post("/v1/classify", json={"text": TEXT}).json()
    assert set(answer["model"]) == {"name", "version"}
    rows = answer["sentences"]
    assert [(r["start"], r["end"], r["kind"]) for r in rows] == [
        (s.start, s.end, s.kind) for s in segment(Document.of(TEXT))
    ]
    assert all(TEXT[r["start"] : r["end"]] == r["text"] for r in rows)
    assert all(0 <= score <= 1 for r in rows for score in r["scores"].values())
    assert (rows[-1]["kind"], rows[-1]["labels"], rows[-1]["scores"]) == ("boilerplate", [], {})


def test_that_sentences_are_classified_as_given(client: TestClient) -> None:
    sent = ["要建实验室。要引人才。", "", "两句"]
    rows = client.post("/v1/classify", json={"sentences": sent}).json()["sentences"]
    assert [r["text"] for r in rows] == sent
    assert [(r["labels"], r["scores"]) for r in rows if not r["text"]] == [([], {})]
    assert client.post("/v1/classify", json={"sentences": []}).json()["sentences"] == []


def test_that_a_batch_scores_like_single_sentences(client: TestClient) -> None:
    sent = [f"到20{n}年，建成{n}个创新中心" + "，引进高层次人才" * (n % 7) + "。" for n in range(10, 60)]
    together = [r["scores"] for r in client.post("/v1/classify", json={"sentences": sent}).json()["sentences"]]
    for text, scores in zip(sent, together, strict=True):
        alone = client.post("/v1/classify", json={"sentences": [text]}).json()["sentences"][0]["scores"]
        assert alone == pytest.approx(scores, abs=2e-4)


@pytest.mark.parametrize(
    ("body", "status", "detail"),
    [
        (b"{", 400, "not valid JSON"),
        (b"\xff\xfe", 400, "not valid JSON"),
        (b"{}", 422, "both or neither"),
        (b'{"text": "a", "sentences": []}', 422, "both or neither"),
        (b'{"text": 3}', 422, "string"),
        (b'{"texts": "a"}', 422, ""),
        (b'{"text": "\\ud800"}', 422, "surrogate"),
        (b'{"sentences": ["a", "b\\udfff"]}', 422, "/sentences/1"),
        (b"[]", 422, ""),
    ],
)
def test_that_bad_input_is_a_problem_that_says_what_was_expected(
    client: TestClient, body: bytes, status: int, detail: str
) -> None:
    response = client.post("/v1/classify", content=body, headers={"content-type": "application/json"})
    assert response.status_code == status
    assert detail in problem_of(response)["detail"]


def test_that_nothing_of_the_text_comes_back_in_a_problem(client: TestClient) -> None:
    response = client.post("/v1/classify", json={"text": ["机密内容"]})
    assert response.status_code == 422
    assert "机密" not in response.text


def test_other_problems(client: TestClient) -> None:
    assert problem_of(client.get("/nowhere"))["status"] == 404
    assert problem_of(client.get("/v1/classify"))["status"] == 405
    assert (
        problem_of(client.post("/v1/classify", content=b"text", headers={"content-type": "text/plain"}))["status"]
        == 415
    )


@pytest.mark.parametrize("size", [MAX_BODY - 1, MAX_BODY, MAX_BODY + 1])
def test_that_the_size_limit_is_exact_and_needs_no_length_header(client: TestClient, size: int) -> None:
    def chunks() -> Any:
        for start in range(0, size, 1 << 20):
            yield b" " * min(1 << 20, size - start)

    response = client.post("/v1/classify", content=chunks(), headers={"content-type": "application/json"})
    assert problem_of(response)["status"] == (413 if size > MAX_BODY else 400)


@pytest.mark.parametrize(
    "text", ["", "\x00", "？" * 5000, "（" * 5000, "a" * 200_000, "\u202e资金\u200b" * 500, "发展" * 100_000]
)
def test_that_odd_text_is_no_trouble(client: TestClient, text: str) -> None:
    assert client.post("/v1/classify", json={"text": text}).status_code == 200
    assert client.post("/v1/classify", json={"sentences": [text]}).status_code == 200


def test_probes_metrics_model_and_openapi(client: TestClient) -> None:
    for path in ("/health", "/livez", "/readyz"):
        assert client.get(path).json()["status"] == "UP"
    client.post("/v1/classify", json={"text": "要建平台。"})
    assert 'policy_requests_total{route="/v1/classify",status="200"}' in client.get("/metrics").text
    assert [x["id"] for x in client.get("/v1/model").json()["labels"]][:2] == ["problem", "recommendation"]
    assert "/v1/classify" in json.dumps(client.get("/openapi.json").json())


def test_that_an_api_key_guards_all_but_the_page_and_the_probes(workshop: Workshop) -> None:
    client = TestClient(create_app(Predictor.load(workshop.model), api_key="钥匙"))
    assert client.get("/health").status_code == client.get("/").status_code == 200
    for headers in ({}, {"X-API-Key": "wrong"}, {"Authorization": "Bearer wrong"}):
        assert problem_of(client.post("/v1/classify", json={"text": "a"}, headers=headers))["status"] == 401
    for sent in ({b"X-API-Key": "钥匙".encode()}, {b"Authorization": "Bearer 钥匙".encode()}):
        assert client.post("/v1/classify", json={"text": "a"}, headers=sent).status_code == 200


@pytest.fixture(scope="module")
def guarded(workshop: Workshop) -> TestClient:
    return TestClient(create_app(Predictor.load(workshop.model), api_key="钥匙:1"), raise_server_exceptions=False)


def basic(pair: str) -> bytes:
    return base64.b64encode(pair.encode())


@pytest.mark.parametrize(
    "sent",
    [
        (b"Authorization", b"Basic " + basic("ls:钥匙:1")),
        (b"Authorization", b"basic  " + basic(":钥匙:1")),
        (b"Authorization", "bearer 钥匙:1".encode()),
        (b"X-API-Key", "钥匙:1".encode()),
    ],
)
def test_that_the_key_may_be_the_password_of_any_user(guarded: TestClient, sent: tuple[bytes, bytes]) -> None:
    assert guarded.get("/versions", headers=[sent]).status_code == 200


@pytest.mark.parametrize(
    "sent",
    [
        *(b"Basic " + basic(pair) for pair in ("ls:wrong", "钥匙:1", "钥匙:1:", "ls:", "ls", "", "ls:钥匙")),
        *(b"Basic", b"Basic \xff\xfe", b"Basic !!!!", b"Basic " + b"A" * 5, "Basic 钥匙:1".encode()),
    ],
)
def test_that_any_other_password_is_refused_with_both_schemes_offered(guarded: TestClient, sent: bytes) -> None:
    answer = guarded.get("/versions", headers=[(b"Authorization", sent)])
    assert problem_of(answer)["status"] == 401
    assert [word in answer.headers["www-authenticate"] for word in ("Bearer", "Basic realm=")] == [True, True]
    assert guarded.get("/health", headers=[(b"Authorization", sent)]).status_code == 200


@pytest.mark.parametrize("sent", [b"", b"Bearer", b"Bearer \xff", "钥匙:1".encode()])
def test_that_a_browser_is_not_made_to_ask_for_a_password(guarded: TestClient, sent: bytes) -> None:
    answer = guarded.get("/versions", headers=[(b"Authorization", sent)])
    assert (problem_of(answer)["status"], answer.headers["www-authenticate"]) == (401, "Bearer")


def test_that_a_full_queue_answers_429() -> None:
    async def fill() -> HTTPException:
        gate = Gate(waiting=1)
        async with gate.turn():
            with pytest.raises(HTTPException, match="waiting already") as caught:
                async with gate.turn():
                    pass
        async with gate.turn():
            return caught.value

    refused = asyncio.run(fill())
    assert (refused.status_code, refused.headers) == (429, {"Retry-After": "1"})


def test_that_work_in_parts_lets_others_in_between_and_holds_one_place() -> None:
    order: list[str] = []

    async def parts(gate: Gate) -> None:
        async with gate.place() as turn:
            for part in "123":
                async with turn:
                    order.append(part)
                    await asyncio.sleep(0.01)

    async def other(gate: Gate) -> None:
        await asyncio.sleep(0.001)
        async with gate.turn():
            order.append("other")

    async def both() -> None:
        gate = Gate(waiting=2)
        await asyncio.gather(parts(gate), other(gate))

    asyncio.run(both())
    assert order == ["1", "other", "2", "3"]
