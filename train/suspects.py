"""python -m train.suspects: labels worth a second look, by what models say that never saw the sentence's document.

Confident learning, label by label (C. Northcutt, L. Jiang, I. Chuang, Confident Learning, JAIR 2021, section 3.1): an
answer, yes or no, is confident where its out-of-fold probability reaches its mean among the sentences that have it. A
label is suspicious where the other answer is confident, and its own is not or is the less likely of the two. The
least likely come first. Folds are of whole documents.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt
import typer
from sklearn.model_selection import GroupKFold

from configs.schema import Task
from data.command import run
from data.records import Example, write_jsonl
from train.baselines import fit_tfidf, tfidf_scores
from train.examples import Examples, Gold, load_examples

FOLDS = 10
PENALTY = 10.0  # of the logistic regression; between those that validation chose for the baselines
Floats = npt.NDArray[np.float64]
app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@dataclass(frozen=True, slots=True)
class Suspect:
    """One answer of one sentence: ``given`` is whether it has the label, ``probability`` that it should be as given."""

    example: Example
    label: str
    given: bool
    probability: float


def out_of_fold(examples: Examples, rows: list[Example], seed: int) -> Floats:
    """Probability of each label for each row from character TF-IDF fitted on other documents; shape (rows, labels)."""
    gold, texts = examples.gold(rows), [row.text for row in rows]
    scores = np.zeros(gold.shape)
    documents = [row.doc_id for row in rows]
    if len(set(documents)) < 2:
        raise ValueError("expected sentences of at least two documents (doc_id), to hold some of them out; got one")
    if not ((gold.min(0) == 0) & (gold.max(0) == 1)).any():
        raise ValueError("expected a label that some sentences have and some lack, found none")
    folds = GroupKFold(min(FOLDS, len(set(documents))), shuffle=True, random_state=seed)
    for train, held_out in folds.split(texts, groups=documents):
        model = fit_tfidf([texts[i] for i in train], gold[train], PENALTY)
        scores[held_out] = tfidf_scores(model, [texts[i] for i in held_out], gold[train])
    return scores


def suspicious(gold: Gold, scores: Floats) -> list[tuple[int, int]]:
    """Rows and columns of the answers that confident learning doubts, the least likely first."""
    yes, no = (
        np.array([_mean(gold[:, k] == x, np.abs(1 - x - scores[:, k])) for k in range(gold.shape[1])]) for x in (1, 0)
    )
    given, other = np.where(gold == 1, [scores, 1 - scores], [1 - scores, scores])
    own_mean, other_mean = np.where(gold == 1, [[yes], [no]], [[no], [yes]])
    doubted = (other >= other_mean) & ((given < own_mean) | (other > given))
    places = np.argwhere(doubted)
    order = np.argsort(given[doubted], kind="stable")
    return [(int(i), int(k)) for i, k in places[order]]


def _mean(chosen: npt.NDArray[np.bool_], scores: Floats) -> float:
    """Of an answer's probability among the sentences that have it; 1 where none has."""
    return float(scores[chosen].mean()) if chosen.any() else 1.0


def find_suspects(examples: Examples, most: int, seed: int = 13) -> list[Suspect]:
    """The ``most`` suspicious answers of all splits together, the least likely first."""
    rows = [*examples.train, *examples.validation, *(row for found in examples.test_sets.values() for row in found)]
    gold, scores = examples.gold(rows), out_of_fold(examples, rows, seed)
    return [
        Suspect(
            rows[i],
            examples.labels.ids[k],
            bool(gold[i, k]),
            float(np.where(gold[i, k], scores[i, k], 1 - scores[i, k])),
        )
        for i, k in suspicious(gold, scores)[:most]
    ]


@app.command()
def suspects(
    dataset: Annotated[Path, typer.Argument(help="dataset directory")] = Path("data/examples"),
    out: Annotated[Path, typer.Option(help="JSONL to write, for `label-studio push --only`")] = Path(
        "data/suspects.jsonl"
    ),
    most: Annotated[int, typer.Option(min=1, help="suspicious answers at most")] = 400,
    seed: int = 13,
) -> None:
    """List the labels that models doubt, so that people read these sentences again; they see no label and no doubt."""
    found = find_suspects(load_examples(dataset, Task.multi_label), most, seed)
    write_jsonl(out, _rows(found))
    counts = Counter((s.label, "given" if s.given else "not given") for s in found)
    for (label, given), count in sorted(counts.items()):
        print(f"{label} {given}: {count}")
    print(f"{out}: {len({s.example.id for s in found})} sentences with {len(found)} suspicious answers")


def _rows(found: list[Suspect]) -> list[dict[str, Any]]:
    """One row a sentence: its id, its document's, and what is doubted."""
    rows: dict[str, dict[str, Any]] = {}
    for suspect in found:
        row = rows.setdefault(
            suspect.example.id, {"id": suspect.example.id, "doc_id": suspect.example.doc_id, "doubted": {}}
        )
        row["doubted"][suspect.label] = round(suspect.probability, 4)
    return list(rows.values())


if __name__ == "__main__":
    run(app)
