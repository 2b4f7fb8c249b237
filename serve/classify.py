"""A document or a list of sentences, classified."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from data.records import CLASSIFIED_KINDS, Document
from data.sentences import segment
from serve.predictor import Predictor


def classify_document(predictor: Predictor, document: Document) -> list[dict[str, Any]]:
    """One row per sentence of the document; furniture, captions, references and signatures get no labels."""
    sentences = segment(document)
    asked = [s for s in sentences if s.kind in CLASSIFIED_KINDS]
    found = dict(zip((s.index for s in asked), _labelled(predictor, [s.normalized for s in asked]), strict=True))
    nothing: dict[str, Any] = {"labels": [], "scores": {}}
    return [
        {"start": s.start, "end": s.end, "text": s.text, "kind": s.kind, **found.get(s.index, nothing)}
        for s in sentences
    ]


def classify_sentences(predictor: Predictor, texts: Sequence[str]) -> list[dict[str, Any]]:
    """One row per text, as given."""
    rows = zip(texts, _labelled(predictor, texts), strict=True)
    return [{"start": 0, "end": len(text), "text": text, "kind": "body", **row} for text, row in rows]


def _labelled(predictor: Predictor, texts: Sequence[str]) -> list[dict[str, Any]]:
    scores = predictor.scores(texts)
    return [
        {
            "labels": labels,
            "scores": {label: round(float(x), 4) for label, x in zip(predictor.head.ids, row, strict=True)},
        }
        for labels, row in zip(predictor.labels(scores), scores, strict=True)
    ]
