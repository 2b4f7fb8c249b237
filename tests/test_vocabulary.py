"""What an encoder's tokenizer knows, and how texts come apart in it."""

from __future__ import annotations

from pathlib import Path

from transformers import AutoTokenizer

from train.vocabulary import gb2312, make_tokenizer, vocabulary

TEXTS = ["到2025年，建成3个AI平台。", "2025年和2025年。", "AI与5G。", "㐂"]


def test_that_gb2312_has_its_6763_characters_and_the_punctuation_of_both_widths() -> None:
    found = gb2312()
    assert sum("\u4e00" <= char <= "\u9fff" for char in found) == 6763
    assert set("，。、；：？！“”‘’（）《》—…·％①") <= set(found)


def test_that_every_text_comes_apart_without_an_unknown_character(tmp_path: Path) -> None:
    tokenizer = make_tokenizer(vocabulary(TEXTS, min_count=1, pieces=20))
    for text in [*TEXTS, "鳜鱼 @#$%^&*()_+ ~`|\\ Zürich É x2y"]:
        assert "[UNK]" not in tokenizer.tokenize(text), text
    tokenizer.save_pretrained(tmp_path)
    again = AutoTokenizer.from_pretrained(tmp_path)
    assert [again.tokenize(text) for text in TEXTS] == [tokenizer.tokenize(text) for text in TEXTS]


def test_that_frequent_figures_and_words_are_one_piece_and_others_come_apart() -> None:
    tokenizer = make_tokenizer(vocabulary(["2025年用AI"] * 20, min_count=1, pieces=20))
    assert tokenizer.tokenize("2025年AI 2031") == ["2025", "年", "ai", "20", "##3", "##1"]


def test_that_a_rare_character_beyond_gb2312_is_left_out() -> None:
    assert "㐂" in vocabulary(TEXTS, min_count=1, pieces=0)
    assert "㐂" not in vocabulary(TEXTS, min_count=2, pieces=0)
