"""What is learnt from, what is kept out, and where words begin in the stream of tokens."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from data.records import Document
from data.register import Entry
from train.corpus import Tokens, divide, sentences_of, tokenize, weight_of
from train.vocabulary import make_tokenizer, vocabulary

CITY = "本市建设三个人才平台，服务中小企业。各区安排专项资金支持创新活动，完善金融服务体系。"


def document(text: str, source: str = "") -> Document:
    return Document.of(text, source=source)


def varied(number: int) -> str:
    """A text of its own: no eight letters in a row are those of another."""
    return "".join(chr(0x4E00 + int(i)) for i in np.random.default_rng(number).integers(0, 5000, 400))


def test_that_what_is_on_record_for_validation_or_a_test_is_kept_out_with_its_copies() -> None:
    texts = [varied(i) for i in range(40)]
    documents = [document(text) for text in texts]
    copy = document(texts[1] + varied(99)[:50])
    ids = [d.id for d in documents]
    register = {ids[0]: Entry("train"), ids[1]: Entry("test_published"), ids[2]: Entry("validation"), ids[3]: Entry("")}
    parts = divide([*documents, copy], register, 0.3)
    assert {d.id for d in parts.kept_out} == {ids[1], copy.id}
    assert ids[2] in {d.id for d in parts.held_out}
    assert {ids[0], ids[3]} <= {d.id for d in parts.train}
    assert len(parts.train) + len(parts.held_out) == 39
    assert parts.counts["held out: drawn"] > 3
    assert parts.counts["kept out: shares much text with validation or test"] == 1


def test_that_a_document_keeps_its_part_when_others_come() -> None:
    documents = [document(varied(i)) for i in range(40)]
    few = {d.id for d in divide(documents[:20], {}, 0.3).held_out}
    many = {d.id for d in divide(documents, {}, 0.3).held_out}
    assert few == many & {d.id for d in documents[:20]}


def test_that_the_stream_holds_every_sentence_and_the_words_of_the_segmenter(tmp_path: Path) -> None:
    documents = [document(CITY), document("推进5G应用。")]
    sentences = sentences_of(documents, 1)
    assert sentences == sentences_of(documents, 2)
    tokenizer = make_tokenizer(vocabulary([CITY, "推进5G应用。"], min_count=1, pieces=0))
    tokens = tokenize(sentences, [1.0, 2.5], tokenizer)
    assert tokenizer.decode(tokens.ids[: tokens.bounds[1]]).replace(" ", "") == CITY.replace("。", "。[SEP]")
    assert np.diff(tokens.bounds).tolist() == [len(CITY) + 2, len("推进5G应用。") + 1]
    second = tokens.begins[tokens.bounds[1] :]
    pieces = tokenizer.convert_ids_to_tokens(tokens.ids[tokens.bounds[1] :].tolist())
    assert pieces == ["推", "进", "5", "##g", "应", "用", "。", "[SEP]"]
    assert second.tolist() == [True, False, True, False, True, False, True, True]
    tokens.save(tmp_path / "tokens.npz")
    loaded = Tokens.load(tmp_path / "tokens.npz")
    assert np.array_equal(loaded.ids, tokens.ids)
    assert loaded.weights.tolist() == [1.0, 2.5]


def test_that_the_first_pattern_that_fits_gives_the_weight() -> None:
    weights = {"central*": 4.0, "*": 2.0}
    assert [weight_of(document("x", source), weights) for source in ("central.jsonl#1", "laws.jsonl#1")] == [4, 2]
    assert weight_of(document("x", "laws.jsonl#1"), {}) == 1
