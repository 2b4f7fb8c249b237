"""The ML backend as Label Studio meets it, over a model whose labels can be told by eye."""

from __future__ import annotations

import json
import logging
from typing import Any

import numpy as np
import onnxruntime
import pytest
from fastapi.testclient import TestClient
from hypothesis import example, given
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper
from tokenizers import Regex, Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Split

from configs.schema import Task
from data.labels import Label, LabelSet
from data.studio_page import LABELS, TEXT, label_config
from serve.app import create_app
from serve.model_dir import Head, ServedLabel
from serve.predictor import Predictor
from serve.studio import ACTIONS, CHUNK, MAX_CHARACTERS
from serve.studio_config import USUAL, Control, find_control

SIGNS = {"risk": "险", "boat": "船", "water": "水"}  # a label holds where its character stands
IDS = list(SIGNS)
PAGE = label_config(LabelSet(tuple(Label(x, name, hotkey=str(i)) for i, (x, name) in enumerate(SIGNS.items(), 1))))
TAG = "signs@0123456789ab"
NOTHING: dict[str, Any] = {"result": [], "score": 0.5, "model_version": TAG}
BAD: list[Any] = [
    None,
    3,
    "水",
    [],
    {},
    {"data": None},
    {"data": "水"},
    {"data": {}},
    {"data": {"text": 3}},
    {"data": {"x": "水"}},
]
BAD += [{"data": {"text": "水\ud800"}}, {"data": {"text": "水" * (MAX_CHARACTERS + 1)}}]
BLIND = {"data": {"text": "水", "blind": True}}
SECRET = "要清理岸线垃圾"


def signs() -> Predictor:
    """A predictor whose logit is 8 * (how often a label's character occurs) - 4."""
    ids = numpy_helper.from_array(np.array([[[1, 2, 3]]], np.int64), "ids")
    numbers = (("axis", [1], "i8"), ("last", [2], "i8"), ("8", 8, "f4"), ("4", 4, "f4"))
    constants = [numpy_helper.from_array(np.array(value, kind), name) for name, value, kind in numbers]
    nodes = [
        helper.make_node("Unsqueeze", ["input_ids", "last"], ["wide"]),
        helper.make_node("Equal", ["wide", "ids"], ["same"]),
        helper.make_node("Cast", ["same"], ["ones"], to=TensorProto.FLOAT),
        helper.make_node("ReduceSum", ["ones", "axis"], ["counts"], keepdims=0),
        helper.make_node("Mul", ["counts", "8"], ["high"]),
        helper.make_node("Sub", ["high", "4"], ["logits"]),
    ]
    names = ("input_ids", "attention_mask", "token_type_ids")
    inputs = [helper.make_tensor_value_info(name, TensorProto.INT64, ["texts", "tokens"]) for name in names]
    outputs = [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["texts", 3])]
    graph = helper.make_graph(nodes, "signs", inputs, outputs, [ids, *constants])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    tokenizer = Tokenizer(WordLevel({"?": 0, **{sign: i for i, sign in enumerate(SIGNS.values(), 1)}}, "?"))
    tokenizer.pre_tokenizer = Split(Regex("."), "isolated")
    head = Head(Task.multi_label, 1.0, 128, tuple(ServedLabel(x, x, "#888888", 0.5) for x in IDS))
    return Predictor(head, "signs", "0123456789ab", tokenizer, session)


@pytest.fixture(scope="module")
def client() -> TestClient:
    return TestClient(create_app(signs()), raise_server_exceptions=False)


def task(text: Any, number: int = 7, **data: Any) -> dict[str, Any]:
    """A task with the keys that Label Studio 1.23 sends."""
    place = {"document_title": "河道", "previous": "", "next": "", "ext_id": "a1", "start": 0, "end": 9, "note": ""}
    lists = {"annotations": [], "predictions": [], "comment_authors": [], "meta": {}, "is_labeled": False, "overlap": 1}
    return {"id": number, "project": 3, "inner_id": 1, **lists, "data": {**place, "text": text, **data}}


def predict(client: TestClient, tasks: Any, page: str | None = PAGE) -> Any:
    """POST /predict as Label Studio does."""
    params = {"login": None, "password": None, "context": None}
    body = {"tasks": tasks, "project": "7.1795328050", "label_config": page, "params": params}
    return client.post("/predict", content=json.dumps(body), headers={"content-type": "application/json"})


def expected(text: str) -> list[str]:
    return [label for label, sign in SIGNS.items() if sign in text]


def ticked(prediction: dict[str, Any]) -> list[str]:
    """The labels of a prediction, all of whose other parts are as they must be."""
    assert prediction["model_version"] == TAG
    if not prediction["result"]:
        return []
    (result,) = prediction["result"]
    choices: list[str] = result.pop("value")["choices"]
    assert result == {"from_name": LABELS, "to_name": TEXT, "type": "choices"}
    return choices


def detail(response: Any, status: int = 422) -> str:
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"
    return str(response.json()["detail"])


def test_that_a_project_with_every_label_is_told_the_version(client: TestClient) -> None:
    body = {"project": "7.1795", "schema": PAGE, "hostname": "http://a", "access_token": "t", "extra_params": None}
    assert client.post("/setup", json=body).json() == {"model_version": TAG}
    assert client.post("/setup", json={"project": "7"}).json() == {"model_version": TAG}
    assert client.get("/versions").json() == {"versions": [TAG]}
    assert client.get("/health").json()["model_version"] == TAG


@pytest.mark.parametrize("page", [PAGE, None, ""])
def test_that_predictions_tick_ids_and_no_label_is_no_tick(client: TestClient, page: str | None) -> None:
    texts = ["要清理水面。", "船舶有风险。", "要种树。", "？？"]
    rows = predict(client, [task(text) for text in texts], page).json()["results"]
    assert [ticked(row) for row in rows] == [["water"], ["risk", "boat"], [], []]
    sure = (1 / (1 + np.exp(-4)) - 0.5) / 0.5  # every label is 4 from its threshold; no readable character is certain
    assert [row["score"] for row in rows] == [*[pytest.approx(sure, abs=1e-6)] * 3, 1.0]


def test_that_names_and_field_are_those_of_the_page(client: TestClient) -> None:
    page = PAGE.replace('name="labels"', 'name="l"').replace('name="text"', 'name="t"').replace('"text"', '"t"')
    row = predict(client, [{"data": {"body": "水", "text": "船"}}], page.replace("$text", "$body")).json()["results"][0]
    value = {"choices": ["water"]}
    assert row["result"] == [{"from_name": "l", "to_name": "t", "type": "choices", "value": value}]


good = st.text("险船水树。 ", max_size=12).map(task)


@example([task("水" * (i % 3) + "船" * (i % 2) + "树" * (i % 90)) for i in range(2 * CHUNK + 3)])
@given(st.lists(good | st.sampled_from([*BAD, BLIND]), max_size=20))
def test_that_bad_and_blind_tasks_change_neither_count_nor_order(tasks: list[Any]) -> None:
    rows = predict(SHARED, tasks).json()["results"]
    assert len(rows) == len(tasks)
    for sent, row in zip(tasks, rows, strict=True):
        if sent in BAD or sent == BLIND:
            assert row == NOTHING
        else:
            assert ticked(row) == expected(sent["data"]["text"])


SHARED = TestClient(create_app(signs()), raise_server_exceptions=False)  # hypothesis takes no module's fixture


@pytest.mark.parametrize("tasks", [None, "水", {}, 3])
def test_that_tasks_must_be_a_list(client: TestClient, tasks: Any) -> None:
    assert "list" in detail(predict(client, tasks))
    assert detail(client.post("/predict", json={"label_config": PAGE})) == "Field required"
    assert predict(client, []).json() == {"results": []}


LAUGHS = (
    '<!DOCTYPE a [<!ENTITY a "ha">'
    + "".join(f'<!ENTITY {y} "{f"&{x};" * 10}">' for x, y in zip("abcdefghi", "bcdefghij", strict=True))
    + ']><View a="&j;">&j;</View>'
)
UNFIT = {
    "a label is missing": (PAGE.replace('alias="boat"', 'alias="ship"'), "lacks ['boat'] (it has ['risk', 'ship'"),
    "one answer only": (PAGE.replace('"multiple"', '"single"'), 'choice="multiple"'),
    "no choices": ("<View/>", "found none"),
    "no text": (PAGE.replace('value="$text"', 'value="text"'), '"$text", found none'),
    "no XML": ("<View", "line 1"),
    "not even text": ("<View>\ud800</View>", "surrogate"),
    "too deep": ("<View>" * 100_000, "line 1"),
    "entities": (LAUGHS, "document type"),
    "a file": ('<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>', "document type"),
}


@pytest.mark.parametrize(("page", "why"), UNFIT.values(), ids=UNFIT)
def test_that_a_page_that_does_not_fit_is_refused_with_advice(client: TestClient, page: str, why: str) -> None:
    body = json.dumps({"schema": page})
    answers = (
        client.post("/setup", content=body, headers={"content-type": "application/json"}),
        predict(client, [], page),
    )
    for answer in answers:
        assert why in detail(answer)
        assert "python -m data label-studio setup" in detail(answer)
        assert len(detail(answer)) < 600


def test_that_the_control_is_the_one_that_holds_the_labels() -> None:
    first = '<Choices name="mood" toName="text"><Choice value="risk"/></Choices>'
    assert find_control(PAGE.replace("<Style>", first + "<Style>", 1), IDS, Task.multi_label) == USUAL
    values = "".join(f'<Choice value="{x}"/>' for x in IDS)
    plain = f'<View><!-- c --><HyperText name="t" value="$html"/><Choices name="c" toName="t">{values}</Choices></View>'
    assert find_control(plain, IDS, Task.single_label) == Control("c", "t", "html")
    assert find_control(" \n", IDS, Task.single_label) == USUAL


def test_that_events_are_counted_under_known_names_only() -> None:
    client = TestClient(create_app(signs()))
    assert client.get("/webhook").json() == {"events": 0, "last_action": None}
    payload = {"annotation": {"result": []}, "task": task("水"), "project": {"token": "t"}}
    for number, action in enumerate([*sorted(ACTIONS), "水", None, "x" * 9999], 1):
        assert client.post("/webhook", json={"action": action, **payload}).json() == {"events": number}
    assert client.get("/webhook").json() == {"events": len(ACTIONS) + 3, "last_action": "other"}
    lines = [x for x in client.get("/metrics").text.splitlines() if x.startswith("policy_webhook_events_total")]
    assert len(lines) == len(ACTIONS) + 1
    assert 'policy_webhook_events_total{action="other"} 3.0' in lines


@pytest.mark.parametrize(
    ("body", "status"), [(b"{", 400), (b"\xff", 400), (b"[" * 200_000, 400), (b"9" * 6000, 400), (b"[]", 422)]
)
@pytest.mark.parametrize("path", ["/webhook", "/setup", "/predict"])
def test_that_junk_is_a_problem_and_no_event(client: TestClient, path: str, body: bytes, status: int) -> None:
    detail(client.post(path, content=body, headers={"content-type": "application/json"}), status)
    assert client.get("/webhook").json()["events"] == 0


def test_that_neither_text_nor_token_is_logged_or_repeated(
    client: TestClient, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    answers = [
        client.post("/setup", json={"schema": 3, "access_token": SECRET}),
        client.post("/setup", json={"schema": "<View/>", "access_token": SECRET}),
        predict(client, [task(SECRET)]),
        predict(client, SECRET),
        client.post("/webhook", json={"action": SECRET, "task": task(SECRET)}),
        client.post("/webhook", json={"action": [SECRET]}),
        client.get("/webhook"),
        client.get("/metrics"),
    ]
    printed = capfd.readouterr()
    assert "POST /setup refused: label_config: expected a <Choices>" in caplog.text  # where Label Studio says to look
    assert not any(SECRET in text for text in (caplog.text, printed.out, printed.err, *(x.text for x in answers)))


def test_that_the_schema_names_what_is_sent_and_got(client: TestClient) -> None:
    schema = client.get("/openapi.json").json()
    sent = schema["paths"]["/predict"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert sent == {"$ref": "#/components/schemas/PredictRequest"}
    assert set(schema["components"]["schemas"]["Prediction"]["properties"]) == {"result", "score", "model_version"}
