"""What a model has to beat: the commonest answer, cue phrases, character TF-IDF with logistic regression."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import Pipeline, make_pipeline

from configs.schema import Task
from data.lexicon import Lexicon, load_lexicon
from serve.predictor import Scores, decide
from train.examples import Examples, Gold
from train.metrics import best_thresholds, counts, f1_of

PENALTIES = (0.3, 1.0, 3.0, 10.0, 30.0)


@dataclass(frozen=True, slots=True)
class Majority:
    """Always the label set that is commonest in training."""

    row: tuple[int, ...]

    def scores(self, texts: Sequence[str]) -> Scores:
        return np.tile(np.array(self.row, np.float32), (len(texts), 1))


@dataclass(frozen=True, slots=True)
class CuePhrases:
    """The lexicon of the seeds."""

    lexicon: Lexicon
    ids: tuple[str, ...]

    def scores(self, texts: Sequence[str]) -> Scores:
        rows = [[float(label in fired) for label in self.ids] for fired in map(self.lexicon.labels, texts)]
        return np.array(rows, np.float32).reshape(len(texts), len(self.ids))


def majority(examples: Examples) -> Majority:
    """Fit on the training split."""
    common = Counter(tuple(map(int, row)) for row in examples.gold(examples.train)).most_common(1)
    return Majority(common[0][0])


def cue_phrases(examples: Examples, path: Path) -> CuePhrases | None:
    """The lexicon baseline, or None where there is no lexicon for this label set."""
    if not path.is_file():
        return None
    lexicon = load_lexicon(path)
    fits = {cue.label for cue in lexicon.cues} <= set(examples.labels.ids)
    return CuePhrases(lexicon, tuple(examples.labels.ids)) if fits else None


class TfIdf:
    """Character 1- to 4-grams with one logistic regression per label; its penalty is chosen on validation."""

    def __init__(self, examples: Examples) -> None:
        gold, held_out = examples.gold(examples.train), examples.gold(examples.validation)
        texts, held_out_texts = [e.text for e in examples.train], [e.text for e in examples.validation]
        fitted = {penalty: fit_tfidf(texts, gold, penalty) for penalty in PENALTIES}
        scored = {penalty: tfidf_scores(model, held_out_texts, gold) for penalty, model in fitted.items()}
        self.penalty = max(PENALTIES, key=lambda c: _macro_f1(held_out, scored[c]))
        self._model, self._gold = fitted[self.penalty], gold

    def scores(self, texts: Sequence[str]) -> Scores:
        return tfidf_scores(self._model, texts, self._gold)


def fit_tfidf(texts: list[str], gold: Gold, penalty: float) -> Pipeline:
    """Character TF-IDF and one logistic regression for every label that some texts have and some lack."""
    features = TfidfVectorizer(analyzer="char", ngram_range=(1, 4), min_df=2, sublinear_tf=True)
    model = OneVsRestClassifier(LogisticRegression(C=penalty, max_iter=2000, class_weight="balanced"))
    return make_pipeline(features, model).fit(texts, gold[:, _varied(gold)])


def tfidf_scores(model: Pipeline, texts: Sequence[str], gold: Gold) -> Scores:
    """Probabilities of shape (texts, labels); of a label that did not vary in ``gold``, its only value."""
    scores = np.tile(gold.mean(0).round().astype(np.float32), (len(texts), 1))
    scores[:, _varied(gold)] = model.predict_proba(list(texts)).reshape(len(texts), -1)
    return scores


def _varied(gold: Gold) -> npt.NDArray[np.bool_]:
    """Labels that some training examples have and some lack; the others can't be learnt."""
    return np.asarray((gold.min(0) == 0) & (gold.max(0) == 1))


def _macro_f1(gold: Gold, scores: Scores) -> float:
    guess = decide(scores, Task.multi_label, best_thresholds(gold, scores))
    return float(f1_of(counts(gold, guess)).mean())
