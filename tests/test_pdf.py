"""PDF files: fonts, broken and locked ones, and documents printed by a browser."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from pypdf import PdfReader, PdfWriter

import data.pdf
from browser import ABSENT, CHROMIUM
from data.pdf import from_pdf
from data.pdf_fonts import gb1, ordinary
from data.read import read_document
from pdfs import (
    FONTS,
    MAGAZINE,
    OFFICIAL,
    SONG,
    WEB,
    Sheet,
    as_html,
    browser_page,
    classified,
    lines,
    page_number,
    printed,
    wrapped,
    written,
)

if TYPE_CHECKING:
    from playwright.sync_api import Page

SEEDS = Path(__file__).parent.parent / "seeds" / "documents"
ONE = "各区县要统筹资金，引导企业与院校共建实验室，对新建中试线给予补助，三年内建成二十条。"
TWO = "市科技局会同市财政局，每年公布一次名单，并把人才公寓优先安排给青年工程师，不另收费。"


def test_that_forms_are_read_where_they_are_drawn_and_only_so_deep() -> None:
    form = f"<</Type/XObject/Subtype/Form/BBox[0 0 9 9]/Matrix[1 0 0 1 0 -100]/Resources<</Font<</song {SONG}>>/XObject"
    body = f"BT /song 10 Tf 80 700 Td <{TWO.encode('utf-16-be').hex()}> Tj ET /X3 Do"
    drawn = f"{form}<</X3 3 0 R>>>>/Length {len(body)}>>stream\n{body}\nendstream"
    found = from_pdf(written(Sheet().draw("/X3 Do").text(80, 650, ONE), drawn=drawn), "a.pdf").text.split("\n")
    assert found[:2] == [ONE, TWO]
    assert set(found[2:]) == {TWO}
    assert len(found) < 12


NATIONAL = SONG.replace("UniGB-UCS2-H", "GBK-EUC-H").replace("[1 95 500]", "[814 907 500]")
SMALL_MAP = "/CIDInit/ProcSet findresource begin begincmap 2 beginbfchar <0001><2F45><0002><6848> endbfchar endcmap end"


@pytest.mark.parametrize(
    ("font", "codes"),
    [
        (SONG, "R&D方案".encode("utf-16-be")),
        (SONG.replace("UCS2", "UTF16"), "R&D方案𠮷".encode("utf-16-be")),
        (NATIONAL, "R&D方案".encode("gbk")),
        (SONG.replace("UniGB-UCS2-H", "GBK2K-H"), "R&D方案".encode("gb18030")),
        (SONG.replace("UniGB-UCS2-H", "Identity-H"), bytes([0, 51, 0, 7, 0, 37, 6, 90, 3, 195])),
    ],
)
def test_that_fonts_of_chinese_pdfs_are_read(font: str, codes: bytes) -> None:
    raw = written(Sheet().draw(f"BT /f 10 Tf 80 700 Td <{codes.hex()}> Tj ET"), fonts={"f": font})
    assert from_pdf(raw, "a.pdf").text.removesuffix("𠮷") == "R&D方案"


def test_that_a_map_of_the_font_is_used_and_radicals_become_characters() -> None:
    font = SONG.replace("UniGB-UCS2-H", "Identity-H/ToUnicode 3 0 R")
    drawn = f"<</Length {len(SMALL_MAP)}>>stream\n{SMALL_MAP}\nendstream"
    raw = written(Sheet().draw("BT /f 10 Tf 80 700 Td <00010002> Tj ET"), fonts={"f": font}, drawn=drawn)
    assert from_pdf(raw, "a.pdf").text == "方案"
    assert ordinary("⻓⻋⼈⾦車〇，①") == "长车人金車〇，①"
    assert [gb1(cid) for cid in (1, 34, 98, 940, 4559, 4695, 7702, 9999)] == list(" A。啊中亍齄\ufffd")


def test_that_fonts_without_text_are_refused_or_warned_of() -> None:
    mute = SONG.replace("UniGB-UCS2-H", "Identity-H").replace("GB1", "Identity")
    page = Sheet().draw("BT /f 10 Tf 80 700 Td <" + "1234" * 40 + "> Tj ET")
    with pytest.raises(ValueError, match="the fonts carry no text; run OCR"):
        from_pdf(written(page, fonts={"f": mute}), "a.pdf")
    page = Sheet().draw("BT /f 10 Tf 80 700 Td <" + "1234" * 9 + "> Tj ET").lines(wrapped(ONE, 20), top=650)
    assert from_pdf(written(page, fonts={"f": mute, **FONTS}), "a.pdf").warnings == [
        "9 characters could not be read: their fonts don't say what they are"
    ]


def test_that_text_in_no_font_is_a_warning() -> None:
    page = Sheet().lines(wrapped(ONE, 20)).draw("BT /missing 10 Tf 80 500 Td <41424344> Tj ET")
    assert from_pdf(written(page), "a.pdf").warnings == ["4 bytes of text are left out, for they are shown in no font"]


def encrypted(password: str) -> bytes:
    writer = PdfWriter(clone_from=io.BytesIO(written(Sheet().lines(wrapped(ONE, 20)))))
    writer.encrypt(password, "owner", algorithm="AES-256")
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


PICTURE = """<</Type/XObject/Subtype/Image/Width 1/Height 1/ColorSpace/DeviceGray/BitsPerComponent 8/Length 1>>stream
0
endstream"""


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"", "expected a PDF, got a file that can't be read"),
        (b"%PDF-1.7 and nothing more", "expected a PDF, got a file that can't be read"),
        (written(Sheet())[:200], "expected a PDF, got a file that can't be read"),
        (written(), "expected 1 to 3 pages, got 0"),
        (written(*[Sheet()] * 4), "expected 1 to 3 pages, got 4; split the file"),
        (written(Sheet()), "expected text, got a PDF without any"),
        (
            written(Sheet().draw("500 0 0 800 0 0 cm /X3 Do"), drawn=PICTURE),
            "got a scan .* run OCR first, e.g. ocrmypdf",
        ),
        (encrypted("geheim"), "expected a PDF without a password"),
    ],
)
def test_that_a_pdf_that_cannot_be_read_is_refused_with_the_reason(
    raw: bytes, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(data.pdf, "MAX_PAGES", 3)
    with pytest.raises(ValueError, match=reason):
        from_pdf(raw, "a.pdf")


def test_that_an_empty_password_opens_silently() -> None:
    assert from_pdf(encrypted(""), "a.pdf").text == ONE


def test_that_a_broken_page_is_a_warning_and_nothing_is_logged(
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    raw = written(Sheet().draw("BROKEN"), Sheet().lines(wrapped(ONE, 20)))
    raw = raw.replace(b"<</Length 6>>stream\nBROKEN", b"<</Length 6/Filter/Unknown>>stream\nBROKEN")
    document = from_pdf(raw, "a.pdf")
    assert document.text == ONE
    assert document.warnings == ["page 1 could not be read and is left out"]
    assert (caplog.records, capfd.readouterr()) == ([], ("", ""))
    assert logging.getLogger("pypdf").level == logging.NOTSET


PRINTS = {
    "plan": ("01-plan-changzhou-hydrogen.txt", OFFICIAL, "某市人民政府公报", page_number("— {0} —")),
    "essay": ("06-essay-foshan-furniture.txt", WEB, "", ""),
    "news": ("11-news-kunshan-talent.html", MAGAZINE, "某市新闻", page_number("{0}")),
    "magazine": ("10-magazine-zhuzhou-railway.txt", MAGAZINE, "决策参考 第4期", page_number("{0}/{1}")),
    "report": ("14-report-wuhu-science-bureau.txt", OFFICIAL, "", page_number("第{0}页 共{1}页")),
}


@pytest.fixture(scope="module")
def browser() -> Iterator[Page]:
    if CHROMIUM is None:
        pytest.skip(ABSENT)
    with browser_page() as page:
        yield page


@pytest.mark.browser
@pytest.mark.parametrize("genre", PRINTS)
def test_that_a_printed_document_has_the_sentences_of_its_text(genre: str, browser: Page) -> None:
    name, css, head, foot = PRINTS[genre]
    document = read_document(SEEDS / name)
    raw = printed(browser, as_html(document), css, head, foot)
    found = from_pdf(raw, "a.pdf")
    assert found.warnings == []
    assert classified(found) == classified(document)
    pages = len(PdfReader(io.BytesIO(raw)).pages)
    furniture = [text for text, kind in lines(found) if kind == "boilerplate"]
    assert len(furniture) == pages * (bool(head) + bool(foot))
