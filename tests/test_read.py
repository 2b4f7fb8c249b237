from __future__ import annotations

from pathlib import Path

import pytest

from data.read import decode, parse, read_document
from data.sentences import segment

LINE = "各区县要统筹资金，引导企业与院校共建实验室，对新建中试线给予补助。"
TEXT = f"关于支持中试基地建设的若干措施\n{LINE}\n" * 3
PAGE = """<!doctype html><html><head><meta charset="utf-8"><title>某市新闻网</title>
<script>var a = "不要";</script></head>
<body><nav><a href="/">首页</a><a href="/n">要闻</a></nav><h1>让中试线转起来</h1>
<article><p>全市已建成<b>中试线</b>17条，服务企业<br>三百余家，但夜间开机率不到四成，不少样品仍要送到外省验证。</p>
<h2>缺的是熟手</h2><p>设备管家只有26人，平均每人要照看9台装置，青年工程师往往干满两年就被挖走。</p>
<p>下一步，市里将安排专项资金3000万元，用于购买公共中试服务，并面向职业院校定向培养操作工。</p></article>
<footer>版权所有 某市新闻网</footer></body></html>"""


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_that_text_is_read_in_its_encoding(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "文件 一.txt"
    path.write_bytes(TEXT.encode(encoding))
    assert read_document(path).text == TEXT


@pytest.mark.parametrize("text", ["要建平台。", "发展氢能", "资金", "R&D投入占比2.5%", "到2025年，建成5个中心"])
def test_that_short_texts_are_read_in_gb18030(text: str) -> None:
    assert decode(text.encode("gb18030")) == (text, "gb18030")


def test_that_a_broken_byte_is_a_warning_not_a_refusal(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes((TEXT * 3).encode()[:-3])
    document = read_document(path)
    assert document.text.startswith(TEXT)
    assert document.warnings == ["1 bytes could not be read as utf-8"]


def test_that_deeply_nested_html_is_read() -> None:
    page = "<html><body>" + "<div>" * 400 + "<p>要建平台。</p>" + "</div>" * 400 + "<p>要引人才。</p></body></html>"
    assert parse(page.encode(), "html").text == "要建平台。\n要引人才。"


def test_that_big5_is_told_from_gb18030() -> None:
    text = "各區縣要統籌資金,引導企業與院校共建實驗室,對新建中試線給予補助。" * 5
    assert decode(text.encode("big5"))[0] == text


def test_that_html_keeps_everything_and_knows_the_article() -> None:
    document = parse(PAGE.encode(), "html", "page.html")
    kinds = {s.text: s.kind for s in segment(document)}
    assert document.title == "让中试线转起来"
    assert kinds["首页要闻"] == kinds["版权所有 某市新闻网"] == "boilerplate"
    assert kinds["让中试线转起来"] == "title"
    assert kinds["缺的是熟手"] == "heading"
    assert kinds["设备管家只有26人，平均每人要照看9台装置，青年工程师往往干满两年就被挖走。"] == "body"
    assert "不要" not in document.text


def test_that_html_says_its_encoding() -> None:
    page = PAGE.replace('"utf-8"', '"gb2312"').encode("gb18030")
    assert "全市已建成中试线17条" in parse(page, "html").text


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.pdf", b"%PDF", "expected one of"),
        ("a.txt", b" \n", "no text found"),
        ("a.html", b"", "expected an HTML page"),
    ],
)
def test_that_a_bad_file_is_refused_with_the_reason(tmp_path: Path, name: str, content: bytes, reason: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(ValueError, match=reason):
        read_document(path)
