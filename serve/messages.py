"""What callers send and get, as the OpenAPI document shows it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

MAX_SENTENCES = 10_000
MAX_TASKS = 10_000


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


ERRORS: dict[int | str, dict[str, Any]] = {
    code: {"model": Problem, "content": {"application/problem+json": {}}} for code in (400, 413, 415, 422, 429)
}


class SetupRequest(BaseModel):
    """Label Studio's question whether this model fits a project. What else it sends, a token too, is not kept."""

    label_config: str | None = Field(None, alias="schema", description="the labelling page as XML")


class SetupResponse(BaseModel):
    """The version that predictions will carry."""

    model_version: str


class PredictRequest(BaseModel):
    """Tasks as Label Studio sends them. A task that is no use gets an empty result; it doesn't fail the others."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"tasks": [{"id": 1, "data": {"text": "要建平台。"}}]}]})
    tasks: Annotated[list[Any], Field(max_length=MAX_TASKS, description='objects with "data"')]
    label_config: str | None = Field(None, description="the labelling page as XML")


class Choices(BaseModel):
    """The ids of the labels that hold."""

    choices: list[str]


class ChoicesResult(BaseModel):
    """The boxes that a prediction ticks, by the names of the labelling page."""

    from_name: str
    to_name: str
    type: Literal["choices"] = "choices"
    value: Choices


class Prediction(BaseModel):
    """A task's labels; ``result`` is empty where none holds, ``score`` 0.5 where the task was not classified.

    ``score`` is confidence in [0, 1]: Label Studio's uncertainty sampling asks people for the lowest first.
    """

    result: list[ChoicesResult]
    score: float
    model_version: str


class PredictResponse(BaseModel):
    """As many results as tasks, in their order."""

    results: list[Prediction]


class Versions(BaseModel):
    """The versions that can answer: one."""

    versions: list[str]


class WebhookEvent(BaseModel):
    """An event of a Label Studio project. Only its action is looked at."""

    action: str | None = None


class WebhookAnswer(BaseModel):
    """Events received since the server started."""

    events: int


class WebhookState(WebhookAnswer):
    """The same, and the last one's action; "other" for one that is not known."""

    last_action: str | None
