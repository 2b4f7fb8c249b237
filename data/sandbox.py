"""A child process that parses what came from elsewhere: little memory, little time, no network, nothing written.

The parent sends the bytes of a document over a pipe and gets JSON back; it neither unpacks nor parses anything. The
child serves many documents, since starting it takes longer than most of them, and is replaced after some hundred, or
when it died, ran out of memory or took too long.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

MAX_REPLY = 16 * 2**20  # bytes of JSON
ADVICE = "open it in the program that wrote it and save it anew as .docx or PDF, in parts if it is very long"
_ROOT = Path(__file__).resolve().parent.parent
# `data` must be ours whatever else is installed; all other modules come from where they always come from
_START = """import sys
sys.path.insert(0, sys.argv[1])
import data
sys.path.append(sys.path.pop(0))
from data.parser import main
main()"""
# nothing of the environment but what Python may need to start: it holds secrets
_ENVIRONMENT = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "DYLD_FRAMEWORK_PATH", "SYSTEMROOT")


@dataclass(frozen=True, slots=True)
class Limits:
    """What a document may cost, and after how many documents the child is replaced."""

    memory: int = 512 * 2**20  # bytes of address space
    seconds: float = 20.0  # a document: of processor time, and of time
    documents: int = 200


class Child:
    """The process, started when it is first asked. Threads may share it: they are served one after the other."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None

    def ask(self, request: dict[str, Any], size: int, chunks: Iterable[bytes]) -> dict[str, Any]:
        """Send a request and ``size`` bytes, return the answer. Raises ValueError, saying why, where none comes."""
        with self._lock:
            process = self._running()
            late = threading.Event()
            timer = threading.Timer(self._limits.seconds, _kill_late, (process, late))
            timer.daemon = True
            timer.start()
            again = False
            try:
                _send(process, {**request, "size": size}, chunks)
                reply = _receive(process)
                again = not reply.get("last")
                return reply
            except (BrokenPipeError, EOFError) as error:
                why = _why(process, late, self._limits)
                raise ValueError(f"{request['source']}: could not be read: {why}; {ADVICE}") from error
            finally:
                timer.cancel()
                timer.join()
                if not again or late.is_set():
                    self._end()

    def close(self) -> None:
        """End the process, once it is done with the document that another thread may have given it."""
        with self._lock:
            self._end()

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process and self._process.poll() is not None:  # died while nobody asked
            self._end()
        self._process = self._process or self._started()
        return self._process

    def _started(self) -> subprocess.Popen[bytes]:
        limits = self._limits
        paths = [path for path in sys.path if Path(path).is_absolute()]
        figures = [str(limits.memory), str(limits.seconds), str(limits.documents)]
        return subprocess.Popen(
            [sys.executable, "-I", "-B", "-X", "utf8", "-c", _START, str(_ROOT), *figures, *paths],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd="/",
            env={"LC_ALL": "C.UTF-8"} | {key: os.environ[key] for key in _ENVIRONMENT if key in os.environ},
            start_new_session=True,  # Ctrl-C is for the parent, which then ends the child
        )

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            with suppress(OSError):  # what it did not want to read any more
                pipe.close()  # type: ignore[union-attr]


def _kill_late(process: subprocess.Popen[bytes], late: threading.Event) -> None:
    late.set()
    process.kill()


def _send(process: subprocess.Popen[bytes], request: dict[str, Any], chunks: Iterable[bytes]) -> None:
    assert process.stdin
    process.stdin.write(json.dumps(request).encode("ascii") + b"\n")
    for chunk in chunks:
        process.stdin.write(chunk)
    process.stdin.flush()


def _receive(process: subprocess.Popen[bytes]) -> dict[str, Any]:
    """The answer: a line with its length, then JSON. Raises EOFError where it is none."""
    assert process.stdout
    head = process.stdout.readline(20).strip()
    length = int(head) if head.isdigit() else 0
    body = process.stdout.read(length) if length <= MAX_REPLY else b""
    try:
        reply = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise EOFError("no answer") from error
    if not isinstance(reply, dict):
        raise EOFError("no answer")
    return reply


def _why(process: subprocess.Popen[bytes], late: threading.Event, limits: Limits) -> str:
    """What became of the process that did not answer."""
    try:
        code = process.wait(timeout=1)
    except subprocess.TimeoutExpired:
        return "the process that reads it gave an answer that makes no sense"
    if late.is_set() or code == -signal.SIGXCPU:
        return f"it takes more than {limits.seconds:g} s"
    if code == -signal.SIGKILL:
        return f"it takes too much memory (more than {limits.memory // 2**20} MiB, or all there is)"
    if code < 0:
        return f"the process that reads it crashed ({signal.Signals(-code).name})"
    return f"the process that reads it ended without an answer (exit code {code})"
