"""What a caller is told whose body cannot be read."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient

from serve.app import create_app
from serve.problems import BODIES
from test_serve_studio import PAGE, signs

JSON = "application/json"


@pytest.fixture(scope="module")
def client() -> TestClient:
    return TestClient(create_app(signs()), raise_server_exceptions=False)


@pytest.mark.parametrize(
    ("kind", "body", "status", "why"),
    [
        (JSON, b"{", 400, "; the body is not valid JSON in UTF-8"),
        (JSON, b"\xff", 400, "; the body is not valid JSON in UTF-8"),
        ("text/plain", b"{}", 415, " with Content-Type: application/json"),
    ],
)
def test_that_every_route_tells_what_it_takes_itself(
    client: TestClient, kind: str, body: bytes, status: int, why: str
) -> None:
    paths = client.get("/openapi.json").json()["paths"]
    assert {path for path, methods in paths.items() if "post" in methods} == set(BODIES)
    for path, shown in BODIES.items():
        answer = client.post(path, content=body, headers={"content-type": kind})
        assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
        assert answer.json()["detail"] == f"expected a JSON object such as {shown}{why}"


@pytest.mark.parametrize("path", BODIES)
def test_that_what_an_error_shows_is_taken(client: TestClient, path: str) -> None:
    page = PAGE.replace('"', "'").replace("\n", " ")
    body = BODIES[path].replace("<View>…</View>", page)
    assert client.post(path, content=body.encode(), headers={"content-type": JSON}).status_code == 200
