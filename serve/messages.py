"""What callers send and get, as the OpenAPI document shows it."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, model_validator

MAX_SENTENCES = 10_000


class ClassifyRequest(BaseModel):
    """Either a document, whose sentences are found, or sentences, classified as given."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"text": "要加大财政投入。企业融资难问题依然存在。"},
                {"sentences": ["到2027年，建成5个创新中心。"]},
            ]
        },
    )
    text: str | None = None
    sentences: Annotated[list[str], Field(max_length=MAX_SENTENCES)] | None = None

    @model_validator(mode="after")
    def _exactly_one(self) -> ClassifyRequest:
        if (self.text is None) == (self.sentences is None):
            raise ValueError('expected either "text" (a document) or "sentences" (a list), got both or neither')
        for place, text in enumerate([self.text] if self.text is not None else self.sentences or []):
            _check_unicode(text or "", "/text" if self.text is not None else f"/sentences/{place}")
        return self


def _check_unicode(text: str, pointer: str) -> None:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        detail = f"{pointer}: half of a surrogate pair at character {error.start}; send whole characters"
        raise ValueError(detail) from None


class ModelName(BaseModel):
    """Which model answered."""

    name: str
    version: str


class ClassifiedSentence(BaseModel):
    """A sentence and its labels; ``start`` and ``end`` are code points into the text that was sent.

    ``pieces`` has several spans where a page, a column or a caption broke the sentence.
    """

    start: int
    end: int
    text: str
    kind: str
    pieces: list[tuple[int, int]]
    labels: list[str]
    scores: dict[str, float]


class ClassifyResponse(BaseModel):
    """Sentences in the order of the text."""

    model: ModelName
    sentences: list[ClassifiedSentence]


class LabelInfo(BaseModel):
    """A label, its Chinese name and the score from which on it is given."""

    id: str
    name: str
    definition: str
    color: str
    threshold: float


class ModelInfo(BaseModel):
    """The model and its labels."""

    model: ModelName
    task: str
    labels: list[LabelInfo]


class Problem(BaseModel):
    """An error, as RFC 9457 problem details."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
