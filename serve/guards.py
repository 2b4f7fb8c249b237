"""What stands before the routes: the size limit, the API key, and the bounded queue before the model."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serve.problems import problem

MAX_BODY = 8 * 1024 * 1024
WAITING = 64
OPEN_PATHS = frozenset(("/", "/health", "/livez", "/readyz"))


class BodyLimit:
    """Refuses a request body over ``limit`` bytes with 413 while it streams in, whatever its headers say."""

    def __init__(self, app: ASGIApp, limit: int = MAX_BODY) -> None:
        self.app, self.limit = app, limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        chunks: list[bytes] = []
        size, more = 0, True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            chunks.append(message.get("body", b""))
            size += len(chunks[-1])
            more = message.get("more_body", False)
            if size > self.limit:
                detail = f"expected at most {self.limit} bytes, got more; send the document in parts"
                await problem(413, detail, {"Connection": "close"})(scope, receive, send)
                return
        await self.app(scope, _replay(b"".join(chunks), receive), send)


def _replay(body: bytes, receive: Receive) -> Receive:
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def again() -> Message:
        return waiting.pop() if waiting else await receive()

    return again


class ApiKey:
    """Asks for ``Authorization: Bearer KEY`` or ``X-API-Key: KEY``; the page and the probes stay open."""

    def __init__(self, app: ASGIApp, key: str) -> None:
        self.app, self.digest = app, hashlib.sha256(key.encode()).digest()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in OPEN_PATHS or self._known(scope):
            await self.app(scope, receive, send)
            return
        detail = "expected an API key: Authorization: Bearer KEY, or X-API-Key: KEY"
        await problem(401, detail, {"WWW-Authenticate": "Bearer"})(scope, receive, send)

    def _known(self, scope: Scope) -> bool:
        headers = dict(scope["headers"])
        given: bytes = headers.get(b"x-api-key") or headers.get(b"authorization", b"").removeprefix(b"Bearer ")
        return hmac.compare_digest(hashlib.sha256(given).digest(), self.digest)


class Gate:
    """One request at the model at a time, a bounded number waiting, 429 beyond."""

    def __init__(self, waiting: int = WAITING) -> None:
        self._running, self._waiting, self.limit = anyio.Semaphore(1), 0, waiting

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        if self._waiting >= self.limit:
            raise HTTPException(429, f"{self.limit} requests are waiting already; try again", {"Retry-After": "1"})
        self._waiting += 1
        try:
            async with self._running:
                yield
        finally:
            self._waiting -= 1
