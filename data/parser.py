"""The child's side of ``data.sandbox``: confine the process, then read documents and answer as long as one is asked."""

from __future__ import annotations

import importlib
import json
import math
import os
import resource
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any, BinaryIO

from data.records import Document, to_json
from data.sandbox import ADVICE, MAX_REPLY

# imported when first needed: what is refused by its first bytes is refused at once
_READERS = {"html": ("data.page", "from_html"), "pdf": ("data.pdf", "from_pdf"), "docx": ("data.word", "from_docx")}
MAX_CHARACTERS = 5_000_000  # of the text of a document
MAX_MARKS = 100_000
_OPEN_FILES = 64
_FORBIDDEN = (
    "socket. subprocess. ctypes.dlsym os.exec os.fork os.posix_spawn os.spawn os.system os.kill os.remove os.rename "
    "os.mkdir os.rmdir os.link os.symlink os.truncate os.chmod os.chown os.utime shutil. urllib. ftplib. http.client. "
    "pty. signal.pthread_kill pickle.find_class"
).split()
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


def main() -> None:
    """Serve: arguments are the root of our packages, bytes of memory, seconds and documents, then places of modules."""
    memory, seconds, documents, *paths = sys.argv[2:]
    sys.path += [path for path in paths if path not in sys.path]
    requests, replies = _pipes()
    _confine(int(memory))
    for left in range(int(documents) - 1, -1, -1):
        line = requests.readline()
        if not line:
            return
        request = json.loads(line)
        reply = _answer(requests, request, float(seconds))
        last = bool(reply.pop("last", False)) or not left or _grown(int(memory))
        _write(replies, reply, last, request["source"])
        if last:
            return


def _pipes() -> tuple[BinaryIO, BinaryIO]:
    """The pipes from and to the parent, moved away from where a library might read or print."""
    requests, replies = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nothing, number)
    return requests, replies


def _confine(memory: int) -> None:
    """Limits that the system enforces, where it has them, and a guard inside Python against what it can't limit."""
    limits = {"AS": memory, "FSIZE": 0, "NOFILE": _OPEN_FILES, "NPROC": 0, "CORE": 0}
    for name, value in limits.items():
        _limit(f"RLIMIT_{name}", value, value)
    sys.addaudithook(_guard)


def _limit(name: str, soft: int, hard: int) -> None:
    which = getattr(resource, name, None)
    if which is None:
        return
    try:
        resource.setrlimit(which, (soft, hard))
    except (ValueError, OSError):  # macOS knows the address space limit but won't set it
        return


def _guard(event: str, arguments: tuple[Any, ...]) -> None:
    if event.startswith(tuple(_FORBIDDEN)) or (event == "open" and (arguments[2] or 0) & _WRITING):
        raise PermissionError(f"not allowed while a document is read: {event}")


def _answer(requests: BinaryIO, request: dict[str, Any], seconds: float) -> dict[str, Any]:
    source = request["source"]
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    _limit("RLIMIT_CPU", math.ceil(time.process_time() + seconds), hard)
    try:
        raw = requests.read(request["size"])
        module, function = _READERS[request["form"]]
        document: Document = getattr(importlib.import_module(module), function)(raw, source)
        return _checked(document, source)
    except MemoryError:
        return {"error": f"{source}: could not be read: it takes too much memory; {ADVICE}", "last": True}
    except ModuleNotFoundError as error:
        return {"error": f"{source}: {error}; install the project anew"}
    except Exception as error:  # noqa: BLE001 - whatever a library does with bytes that were made to break it
        if isinstance(error, ValueError) and str(error).startswith(f"{source}: "):  # one of ours
            return {"error": str(error)}
        return {"error": f"{source}: could not be read ({type(error).__name__}: {error}); {ADVICE}", "last": True}


def _checked(document: Document, source: str) -> dict[str, Any]:
    if len(document.text) > MAX_CHARACTERS or len(document.marks) > MAX_MARKS:
        return {
            "error": f"{source}: expected at most {MAX_CHARACTERS} characters and {MAX_MARKS} headings and table rows, "
            f"got {len(document.text)} and {len(document.marks)}; split the document"
        }
    return {"document": asdict(document)}


def _write(replies: BinaryIO, reply: dict[str, Any], last: bool, source: str) -> None:
    body = to_json({**reply, "last": last}).encode()
    if len(body) > MAX_REPLY:
        size = f"at most {MAX_REPLY} bytes of text and marks, got {len(body)}"
        body = to_json({"error": f"{source}: expected {size}; split the document", "last": True}).encode()
    replies.write(b"%d\n" % len(body) + body)
    replies.flush()


def _grown(memory: int) -> bool:
    """Whether the process is so large that it is better replaced than used again."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except OSError:  # there is no /proc; the peak that getrusage tells would be the parent's on Linux, were it larger
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss > memory / 2
    return pages * resource.getpagesize() > memory / 2
