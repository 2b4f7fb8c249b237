"""How fast text is cut into sentences, on one core: python tests/bench/segmentation_speed.py

Over all of ../shared/corpora: characters a second (median of three runs), whether time grows with the length alone,
what a line of a million characters takes, and whether memory stays flat however many documents there are.
"""

from __future__ import annotations

import json
import lzma
import resource
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from data.records import Document
from data.sentences import segment
from gold import SHARED

MEGABYTE = 2**20


def documents() -> Iterator[str]:
    """The texts of the corpora, one at a time."""
    for path in sorted((SHARED / "corpora").glob("*.jsonl.xz")):
        with lzma.open(path, "rt", encoding="utf-8") as lines:
            for line in lines:
                yield json.loads(line)["text"]


def seconds(work: Callable[[], object]) -> float:
    """Processor time that a piece of work takes."""
    start = time.process_time()
    work()
    return time.process_time() - start


def cut(text: str) -> int:
    """How many sentences a text has."""
    return len(segment(Document.of(text)))


def peak() -> float:
    """Peak resident memory of this process so far, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 if sys.platform != "darwin" else MEGABYTE)


def memory() -> None:
    """Peak memory over the same hundred documents, read once and again and again."""
    hundred = list(islice(documents(), 100))
    for number in range(1, 21):
        for text in hundred:
            cut(text)
        if number in (1, 2, 5, 10, 20):
            print(f"  after {number * len(hundred)} documents: peak {peak():.0f} MiB")


def throughput() -> None:
    """Characters a second over everything, three times."""
    runs = []
    for _ in range(3):
        characters = sentences = 0
        spent = 0.0
        for text in documents():
            start = time.process_time()
            sentences += cut(text)
            spent += time.process_time() - start
            characters += len(text)
        runs.append(characters / spent)
        print(
            f"  {characters:,} characters, {sentences:,} sentences, {spent:.1f} s: {runs[-1]:,.0f} characters a second"
        )
    print(f"  median: {statistics.median(runs):,.0f} characters a second")


def growth() -> None:
    """Median of the ratios of time for 2n to time for n, side by side."""
    once = "\n".join(islice(documents(), 100))
    twice = f"{once}\n{once}"
    ratios = [seconds(lambda: cut(twice)) / seconds(lambda: cut(once)) for _ in range(9)]
    print(f"  {len(once):,} -> {len(twice):,} characters: time x {statistics.median(ratios):.2f}")


def long_lines() -> None:
    """One line of 1 MB, of several kinds."""
    kinds = {
        "sentences": "要建平台；要引人才，资金投入增长2.5%。",
        "no end mark": "发展平台人才资金",
        "open brackets": "（发展“资金",
        "question marks": "?业",
        "half-width marks": "发展,平台;",
        "traditional": "著力發展平臺，",
        "spaces": "业 ",
    }
    for name, unit in kinds.items():
        line = unit * (MEGABYTE // len(unit.encode()))
        double = unit * (2 * MEGABYTE // len(unit.encode()))
        one, two = (statistics.median(seconds(lambda t=t: cut(t)) for _ in range(3)) for t in (line, double))  # type: ignore[misc]
        print(f"  {name}: {one:.2f} s for 1 MB, {two:.2f} s for 2 MB (x {two / one:.2f})")


if __name__ == "__main__":
    for part in (memory, throughput, growth, long_lines):
        print(f"{part.__name__.replace('_', ' ')}:", flush=True)
        part()
