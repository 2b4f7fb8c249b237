"""Whatever becomes of the child that reads a document, the parent goes on, and says what happened."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from data import sandbox
from data.read import Limits, Reader
from data.sandbox import ADVICE

ROOT = Path(__file__).parent.parent
PAGE = "<html><body><p>要建平台。</p></body></html>".encode()
linux = pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs /proc")
# what a reader does with the page that it is given
MISBEHAVE = """
import os, signal, socket, subprocess, sys, time
from data.records import Document
def read(raw, source):
    scope = {**globals(), "text": "要建平台。"}
    exec(raw.decode(), scope)
    return Document.of(scope["text"])
"""


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT)}


@pytest.fixture
def misbehaving(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Reader]]:
    """Makes readers whose child runs the code that it is given as a page."""
    (tmp_path / "misbehave.py").write_text(MISBEHAVE, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    trick = "import data.parser; data.parser._READERS['html'] = ('misbehave', 'read'); main()"
    monkeypatch.setattr(sandbox, "_START", sandbox._START.replace("main()", trick))
    readers: list[Reader] = []

    def make(**limits: Any) -> Reader:
        readers.append(Reader(Limits(**limits)))
        return readers[-1]

    yield make
    for reader in readers:
        reader.close()


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("signal.raise_signal(signal.SIGSEGV)", "crashed .SIGSEGV."),
        ("signal.raise_signal(signal.SIGKILL)", "too much memory"),
        ("os._exit(3)", "ended without an answer .exit code 3."),
        ("bytearray(1 << 30)", "takes too much memory"),
        ("time.sleep(60)", "takes more than 1 s"),
        ("while True: pass", "takes more than 1 s"),
        ("def f(): f()\nf()", "RecursionError"),
        ("socket.create_connection(('127.0.0.1', 9))", "not allowed while a document is read: socket"),
        ("subprocess.run(['true'])", "not allowed while a document is read: subprocess"),
        ("os.fork()", "not allowed while a document is read: os.fork"),
        ("open('/tmp/written', 'w')", "not allowed while a document is read: open"),
        ("os.remove('/tmp/written')", "not allowed while a document is read: os.remove"),
        ("import no_such_library", "No module named 'no_such_library'; install the project anew"),
        ("text = '要' * 5_000_001", "expected at most 5000000 characters"),
        ("text = '\\x01' * 4_000_000", "at most 16777216 bytes of text and marks, got 24000"),
    ],
)
def test_that_whatever_becomes_of_the_child_is_said_and_the_next_document_is_read(
    misbehaving: Callable[..., Reader], code: str, reason: str
) -> None:
    reader = misbehaving(seconds=1)
    with pytest.raises(ValueError, match=reason) as error:
        reader.parse(code.encode(), "html", "a.html")
    assert str(error.value).startswith("a.html: ")
    assert reader.parse(b"pass", "html").text == "要建平台。"


@pytest.mark.parametrize(
    "garbage", ["hello", "5\\n[1,2]", "3\\nnul", "9\\n{", "99999999999\\n", "2\\n\\xff\\xfe", "-1\\n"]
)
def test_that_garbage_from_the_child_is_an_error(monkeypatch: pytest.MonkeyPatch, garbage: str) -> None:
    code = f"import sys; sys.stdin.readline(); sys.stdout.buffer.write(b'{garbage}')"
    monkeypatch.setattr(sandbox, "_START", code)
    with Reader() as reader, pytest.raises(ValueError, match=f"ended without an answer.*{ADVICE[:20]}"):
        reader.parse(PAGE, "html", "a.html")


def test_that_the_child_knows_nothing_of_the_environment(
    misbehaving: Callable[..., Reader], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("API_KEY", "secret")
    with pytest.raises(ValueError, match=r"a: \[.*LC_ALL") as error:
        misbehaving().parse(b"raise ValueError(f'a: {sorted(os.environ)}')", "html", "a")
    assert "API_KEY" not in str(error.value)


def test_that_one_child_serves_many_documents_and_is_replaced(misbehaving: Callable[..., Reader]) -> None:
    reader, pid = misbehaving(documents=3), b"text = str(os.getpid())"
    pids = [reader.parse(pid, "html").text for _ in range(7)]
    assert [pids.count(x) for x in dict.fromkeys(pids)] == [3, 3, 1]


def test_that_a_child_that_has_grown_is_replaced(misbehaving: Callable[..., Reader]) -> None:
    reader, pid = misbehaving(memory=256 * 2**20), b"text = str(os.getpid())"
    first = reader.parse(pid, "html").text
    assert reader.parse(b"text = str(os.getpid()); sys.kept = b'a' * (140 << 20)", "html").text == first
    assert reader.parse(pid, "html").text != first


def test_that_a_child_that_died_unasked_is_replaced(misbehaving: Callable[..., Reader]) -> None:
    reader, pid = misbehaving(), b"text = str(os.getpid())"
    os.kill(int(reader.parse(pid, "html").text), signal.SIGKILL)
    time.sleep(0.1)
    assert reader.parse(pid, "html").text


def test_that_threads_may_share_a_reader() -> None:
    with Reader() as reader, ThreadPoolExecutor(4) as pool:
        pages = [f"<html><body><p>第{i}号。</p></body></html>".encode() for i in range(40)]
        found = list(pool.map(lambda page: reader.parse(page, "html").text, pages))
    assert found == [f"第{i}号。" for i in range(40)]


def test_that_a_file_that_becomes_shorter_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.html"
    path.write_bytes(PAGE)
    with Reader() as reader:
        monkeypatch.setattr("data.read._check_size", lambda *_: path.write_bytes(PAGE[:20]))
        with pytest.raises(ValueError, match="became shorter"):
            reader.read(path)
        monkeypatch.undo()
        path.write_bytes(PAGE)
        assert reader.read(path).text == "要建平台。"


def is_running(pid: int) -> bool:
    """Not so of a process that has ended and that nobody asked how."""
    try:
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


@linux
@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
@pytest.mark.parametrize("busy", [False, True])
def test_that_no_child_is_left_behind(tmp_path: Path, end: signal.Signals, busy: bool) -> None:
    code = f"""
import signal
from data import sandbox
from data.read import Reader
signal.signal(signal.SIGINT, signal.default_int_handler)  # which the test may have been started without
if {busy}:
    sandbox._START = "import sys; sys.stdin.buffer.read()"
with Reader() as reader:
    process = reader._child._running()
    print(process.pid, flush=True)
    reader.parse({PAGE!r}, "html") if {busy} else input()
"""
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    with subprocess.Popen([sys.executable, "-c", code], env=environment(), cwd=tmp_path, **pipes) as parent:  # type: ignore[call-overload]
        child = int(parent.stdout.readline())
        parent.send_signal(end)
        parent.wait(10)
    deadline = time.monotonic() + 5
    while is_running(child) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not is_running(child)


@pytest.mark.parametrize("locale", ["C", "C.UTF-8"])
def test_that_a_folder_of_any_name_is_fine_under_any_locale(tmp_path: Path, locale: str) -> None:
    if locale == "C" and not sys.prefix.isascii():
        pytest.skip("in this locale Python itself reads no .pth file that names such a folder")
    folder = tmp_path / "政策 文件"
    folder.mkdir()
    (folder / "页 面.html").write_bytes(PAGE)
    (folder / "data").symlink_to(ROOT / "data")
    code = "import sys, pathlib, data.read as r; print(len(r.read_document(pathlib.Path(sys.argv[1])).text))"
    done = subprocess.run(
        [sys.executable, "-c", code, "页 面.html"],
        env={**os.environ, "PYTHONPATH": str(folder), "LC_ALL": locale},
        cwd=folder,
        capture_output=True,
        check=True,
    )
    assert done.stdout.strip() == b"5"
