"""What stands before the routes: the size limit, the API key, and the bounded queue before the model."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import anyio
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from data.studio_backend import webhook_key
from serve.problems import problem

MAX_BODY = 8 * 1024 * 1024
WAITING = 64
BASIC = 'Basic realm="policy sentences", charset="UTF-8"'
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
                detail = (
                    f"expected at most {self.limit} bytes, got more; send a document in parts, fewer tasks at a time"
                )
                await problem(413, detail, {"Connection": "close"})(scope, receive, send)
                return
        await self.app(scope, _replay(b"".join(chunks), receive), send)


def _replay(body: bytes, receive: Receive) -> Receive:
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def again() -> Message:
        return waiting.pop() if waiting else await receive()

    return again


class ApiKey:
    """Asks for the key; the page and the probes stay open.

    It may stand in ``Authorization: Bearer KEY``, in ``X-API-Key: KEY``, or in HTTP Basic as the password of any user.
    ``POST /webhook`` takes the webhook's key too, which Label Studio shows to all of its members.
    """

    def __init__(self, app: ASGIApp, key: str) -> None:
        self.app, self.digest = app, _digest(key.encode())
        self.hint_digest = _digest(webhook_key(key).encode())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in OPEN_PATHS or self._known(scope):
            await self.app(scope, receive, send)
            return
        detail = (
            "expected an API key: Authorization: Bearer KEY, X-API-Key: KEY, or HTTP Basic with KEY as the password"
        )
        await problem(401, detail, {"WWW-Authenticate": _challenge(scope)})(scope, receive, send)

    def _known(self, scope: Scope) -> bool:
        hint = (scope["method"], scope["path"]) == ("POST", "/webhook")
        right = [self.digest, self.hint_digest] if hint else [self.digest]
        given = [_digest(key) for key in _given_keys(scope)]
        return any(hmac.compare_digest(one, other) for one in given for other in right)


def _digest(key: bytes) -> bytes:
    return hashlib.sha256(key).digest()


def _challenge(scope: Scope) -> str:
    """Basic is offered to those who tried it alone: a browser would open a window over the page for it."""
    tried = any(_scheme(value) == b"basic" for name, value in scope["headers"] if name == b"authorization")
    return f"Bearer, {BASIC}" if tried else "Bearer"


def _given_keys(scope: Scope) -> Iterator[bytes]:
    for name, value in scope["headers"]:
        if name == b"x-api-key":
            yield value
        elif name == b"authorization" and _scheme(value) == b"bearer":
            yield _credentials(value)
        elif name == b"authorization" and _scheme(value) == b"basic":
            yield _password(_credentials(value))


def _scheme(authorization: bytes) -> bytes:
    return authorization.partition(b" ")[0].lower()


def _credentials(authorization: bytes) -> bytes:
    return authorization.partition(b" ")[2].strip()


def _password(pair: bytes) -> bytes:
    """The password of a Base64 ``user:password``; empty, which no key is, where it is damaged."""
    try:
        return base64.b64decode(pair, validate=True).partition(b":")[2]
    except binascii.Error:
        return b""


class Gate:
    """One request at the model at a time, a bounded number waiting, 429 beyond."""

    def __init__(self, waiting: int = WAITING) -> None:
        self._running, self._waiting, self.limit = anyio.Semaphore(1), 0, waiting

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """The model, for as long as the block runs."""
        async with self.place() as running, running:
            yield

    @asynccontextmanager
    async def place(self) -> AsyncIterator[anyio.Semaphore]:
        """A place in the queue, for work in parts: ``async with`` what it yields is one turn, others go in between."""
        if self._waiting >= self.limit:
            raise HTTPException(429, f"{self.limit} requests are waiting already; try again", {"Retry-After": "1"})
        self._waiting += 1
        try:
            yield self._running
        finally:
            self._waiting -= 1
