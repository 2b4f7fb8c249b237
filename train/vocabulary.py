"""The vocabulary of an encoder: Chinese characters one by one, pieces of Latin words and figures, punctuation."""

from __future__ import annotations

import string
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers
from transformers import BertTokenizer

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
GB2312_ROWS = (1, 2, 3, *range(16, 88))  # punctuation, numbers, full-width ASCII; 6,763 characters of both levels


def make_tokenizer(words: Iterable[str]) -> Any:
    """A BERT tokenizer of these words, in order after the special ones; each once, lower-cased."""
    vocabulary = list(dict.fromkeys([*SPECIAL, *words]))
    tokenizer = BertTokenizer(vocab={word: i for i, word in enumerate(vocabulary)}, do_lower_case=True)
    assert len(tokenizer) == len(vocabulary), f"the tokenizer has {len(tokenizer)} words, expected {len(vocabulary)}"
    return tokenizer


def latin_letters() -> list[str]:
    """Digits and Latin letters, at the beginning of a word and inside it (##a)."""
    letters = string.digits + string.ascii_lowercase
    return [*letters, *(f"##{char}" for char in letters)]


def vocabulary(texts: Iterable[str], *, min_count: int, pieces: int) -> list[str]:
    """Words for ``make_tokenizer``: what any Chinese text needs, what these texts have, pieces of their Latin words.

    Always in: GB 2312 (its characters, punctuation and numbers), ASCII. A character beyond these must occur
    ``min_count`` times. At most ``pieces`` longer pieces of Latin words and figures (2025, ##tion) are learnt.
    """
    chars: Counter[str] = Counter()
    runs: Counter[str] = Counter()
    for text in texts:
        chars.update(text)
        runs.update(run for run in _ascii_runs(text) if len(run) > 1)
    seen = (char for char in sorted(chars) if chars[char] >= min_count)
    plain = (char for word in [*string.punctuation, *gb2312(), *seen] for char in _as_bert(word))
    return [*latin_letters(), *(char for char in plain if not char.isspace()), *_pieces(runs, pieces)]


def gb2312() -> list[str]:
    """The characters of the national standard GB 2312-1980 in the rows that Chinese text uses.

    Decoded as GBK, its successor, which gives · and — the code points that texts have.
    """
    cells = (bytes([0xA0 + row, 0xA0 + cell]) for row in GB2312_ROWS for cell in range(1, 95))
    return [char for cell in cells if (char := cell.decode("gbk", errors="ignore"))]


def _as_bert(char: str) -> str:
    """What BERT's normaliser makes of a character: lower case, without accents; nothing of controls."""
    parts = unicodedata.normalize("NFD", char.lower())
    return "".join(part for part in parts if unicodedata.category(part) not in ("Mn", "Cc", "Cf", "Cs", "Co", "Cn"))


def _ascii_runs(text: str) -> Iterator[str]:
    run = ""
    for char in text.lower():
        if char.isascii() and char.isalnum():
            run += char
        elif run:
            yield run
            run = ""
    if run:
        yield run


def _pieces(runs: Counter[str], count: int) -> list[str]:
    """WordPiece over the runs of Latin letters and digits; of equally good ones the trainer takes any."""
    learner = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    learner.normalizer = normalizers.Lowercase()
    learner.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    alphabet = latin_letters()
    trainer = trainers.WordPieceTrainer(
        vocab_size=len(alphabet) + count, min_frequency=20, special_tokens=[], show_progress=False
    )
    learner.train_from_iterator((" ".join([run] * n) for run, n in sorted(runs.items())), trainer)
    return sorted(set(learner.get_vocab()) - set(alphabet))
