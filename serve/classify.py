"""A document or a list of sentences, classified."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from data.records import CLASSIFIED_KINDS, Document, Span
from data.sentences import segment
from serve.predictor import Predictor

Row = dict[str, Any]
NOTHING: Row = {"labels": [], "scores": {}}


def classify_document(predictor: Predictor, document: Document) -> list[Row]:
    """One row per sentence of the document; furniture, captions, references and signatures get no labels."""
    sentences = segment(document)
    asked = [s for s in sentences if s.kind in CLASSIFIED_KINDS]
    found = dict(zip((s.index for s in asked), _labelled(predictor, [s.normalized for s in asked]), strict=True))
    return [_row(s.start, s.end, s.text, s.kind, s.pieces, found.get(s.index)) for s in sentences]


def classify_sentences(predictor: Predictor, texts: Sequence[str]) -> list[Row]:
    """One row per text, as given."""
    found = _labelled(predictor, texts)
    return [_row(0, len(x), x, "body", [Span(0, len(x))], row) for x, row in zip(texts, found, strict=True)]


def _row(start: int, end: int, text: str, kind: str, pieces: list[Span], found: Row | None) -> Row:
    place = {"start": start, "end": end, "text": text, "kind": kind, "pieces": pieces}
    return {**place, **(found or NOTHING)}


def _labelled(predictor: Predictor, texts: Sequence[str]) -> list[Row]:
    """Labels and scores per text; a text without a single letter or digit has neither."""
    return [{"labels": said.labels, "scores": _rounded(said.scores)} for said in predictor.verdicts(texts)]


def _rounded(scores: dict[str, float]) -> dict[str, float]:
    return {label: round(score, 4) for label, score in scores.items()}
