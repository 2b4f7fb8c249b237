"""What kinds of files are read, and what is said of the others."""

from __future__ import annotations

from pathlib import Path

import pytest

from data.formats import MAX_BYTES
from data.page import from_html
from data.read import Reader, parse, read_document
from data.records import Document
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
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16", "utf-32"])
@pytest.mark.parametrize("name", ["文件 一.txt", "a.text", "a.MD", "a.markdown"])
def test_that_text_is_read_in_its_encoding(tmp_path: Path, name: str, encoding: str) -> None:
    path = tmp_path / name
    path.write_bytes(TEXT.encode(encoding))
    assert read_document(path).text == TEXT


def test_that_a_broken_byte_is_a_warning_not_a_refusal(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes((TEXT * 3).encode()[:-3])
    document = read_document(path)
    assert document.text.startswith(TEXT)
    assert document.warnings == ["1 characters could not be read as utf-8"]


@pytest.mark.parametrize("suffix", ["html", "htm", "xhtml", "shtml"])
def test_that_pages_are_read_in_a_child(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"页 面.{suffix}"
    path.write_text(PAGE, encoding="utf-8")
    document = read_document(path)
    assert (document.source, document.format, document.warnings) == (path.name, "html", [])
    assert document == from_html(PAGE.encode(), path.name)


def test_that_html_keeps_everything_and_knows_the_article() -> None:
    document = from_html(PAGE.encode(), "page.html")
    kinds = {s.text: s.kind for s in segment(document)}
    assert document.title == "让中试线转起来"
    assert kinds["首页要闻"] == kinds["版权所有 某市新闻网"] == "boilerplate"
    assert kinds["让中试线转起来"] == "title"
    assert kinds["缺的是熟手"] == "heading"
    assert kinds["设备管家只有26人，平均每人要照看9台装置，青年工程师往往干满两年就被挖走。"] == "body"
    assert "不要" not in document.text


def test_that_headings_of_a_page_have_levels() -> None:
    document = from_html("<h1>题</h1><h2>一</h2><p>要建平台。</p><h4>甲</h4><p>要引人才。</p>".encode(), "")
    assert {document.text[m.start : m.end]: (m.kind, m.level) for m in document.marks} == {
        "题": ("title", 0),
        "一": ("heading", 1),
        "甲": ("heading", 3),
    }


@pytest.mark.parametrize(
    ("declared", "encoding"),
    [
        ("gb2312", "gb18030"),
        ("GBK", "gb18030"),
        ("gb2312", "utf-8"),  # a page that is wrong about itself
        ("iso-8859-1", "gb18030"),
        ("utf-8", "gb18030"),
        ("utf-8", "utf-16"),
        ("no-such-encoding", "gb18030"),
    ],
)
def test_that_a_page_is_read_whatever_it_says_of_its_encoding(declared: str, encoding: str) -> None:
    page = PAGE.replace('"utf-8"', f'"{declared}"').encode(encoding)
    assert "全市已建成中试线17条" in from_html(page, "").text


def test_that_a_page_in_big5_is_read() -> None:
    page = '<meta charset="big5"><p>① 香港嘅問題</p>'.encode("big5hkscs")
    assert from_html(page, "").text == "① 香港嘅問題"


@pytest.mark.parametrize("tag", ["div", "font"])
def test_that_deeply_nested_html_is_read(tag: str) -> None:
    page = f"<html><body>{f'<{tag}>' * 400}<p>要建平台。</p>{f'</{tag}>' * 400}<p>要引人才。</p></body></html>"
    assert from_html(page.encode(), "").text == "要建平台。\n要引人才。"


def test_that_tags_never_closed_lose_no_text() -> None:
    page = "".join(f"<font><p>第{i}段。</p>" for i in range(3000))
    assert from_html(page.encode(), "").text.splitlines()[-1] == "第2999段。"


def test_that_a_page_without_markup_is_read_as_text() -> None:
    document = from_html("要建平台。\n要引人才。".encode(), "")
    assert (document.text, document.format) == ("要建平台。\n要引人才。", "text")
    assert document.warnings == ["no markup in it; read as plain text"]


@pytest.mark.parametrize("name", ["a.txt", "a.doc", "a.docx", "a.pdf"])
def test_that_a_page_is_known_whatever_its_name(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_text("\n<!-- 政府网 -->\n" + PAGE, encoding="gb18030")
    document = read_document(path)
    assert document.title == "让中试线转起来"
    assert "it is an HTML page and was read as one" in document.warnings[0]


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.txt", b" \n", "no text found in 2 bytes of text"),
        ("a.html", b"", "the file is empty"),
        ("a.docx", b"", "expected a Word document.*got something else"),
        ("a.pdf", TEXT.encode(), "expected a PDF, got something else.*name it .txt"),
        ("a.xyz", TEXT.encode(), r"expected one of .txt.*save it as .docx or PDF"),
        ("a.txt", b"\x89PNG\r\n\x1a\n", "expected plain text, got a PNG image; run text recognition"),
        ("a.txt", b"Rar!\x1a\x07", "got a RAR archive; unpack it"),
        ("a.wps", OLE, "got another old Office file; .*save it as .docx or PDF"),
        ("a.doc", OLE + "WordDocument".encode("utf-16-le"), r"got one of Word 97-2003 or WPS \(.doc, .wps\)"),
        ("a.xls", OLE + "Workbook".encode("utf-16-le"), "got an Excel workbook"),
        ("a.docx", OLE + "EncryptedPackage".encode("utf-16-le"), "locked by a password; .*take the password off"),
        ("a.rtf", rb"{\rtf1\ansi", "got an RTF document; .*save it as .docx or PDF"),
        ("a.doc", b"MIME-Version: 1.0\r\n", r"got a web archive \(MHTML\)"),
        ("a.xml", b'<?xml version="1.0"?><?mso-application progid="Word.Document"?>', "saved as XML"),
        ("a.txt", b"PK\x05\x06" + bytes(18), "got a zip archive; unpack it"),
    ],
)
def test_that_a_bad_file_is_refused_with_the_reason(tmp_path: Path, name: str, content: bytes, reason: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(ValueError, match=reason) as error:
        read_document(path)
    assert name in str(error.value)


def test_that_what_is_not_a_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no such file"):
        read_document(tmp_path / "none.txt")


@pytest.mark.parametrize("form", ["text", "html"])
def test_that_a_file_may_be_as_large_as_the_limit(form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    raw = LINE.encode()
    monkeypatch.setitem(MAX_BYTES, form, len(raw))
    assert parse(raw, form).text == LINE
    with pytest.raises(ValueError, match=f"at most 0 MiB of {form} are read"):
        parse(raw + b".", form)


def test_that_a_form_need_not_be_known() -> None:
    with Reader() as reader:
        assert reader.parse(PAGE.encode(), "").format == "html"
        with pytest.raises(ValueError, match="expected one of"):
            reader.parse(TEXT.encode(), "")


def test_that_what_a_child_says_is_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    replies: list[dict[str, object]] = [{}, {"document": None}, {"document": {"text": "要"}}]
    with Reader() as reader:
        for reply in replies:
            monkeypatch.setattr(reader._child, "ask", lambda *_, reply=reply: reply)
            with pytest.raises(ValueError, match="gave no document"):
                reader.parse(PAGE.encode(), "html")
        fields = {"text": "要", "title": "", "format": "html", "marks": [], "warnings": [], "sha256": "forged"}
        monkeypatch.setattr(reader._child, "ask", lambda *_: {"document": fields})
        assert reader.parse(PAGE.encode(), "html") == Document.of("要", format="html")


def test_that_the_items_of_a_numbered_list_have_their_numbers() -> None:
    items = "<ol start='3'><li>强化领导。</li><li>2. 强化考核。</li><li>强化督查。</li></ol>"
    text = parse(f"<html><body><p>任务如下：</p>{items}</body></html>".encode(), "html").text
    assert text.splitlines() == ["任务如下：", "3. 强化领导。", "2. 强化考核。", "5. 强化督查。"]


def test_that_of_a_short_page_nothing_is_thrown_out() -> None:
    parts = ["<strong>一、起草背景</strong>", "中央重视创新。", "<strong>二、主要内容</strong>", "《方案》共五部分。"]
    body = "".join(f"<p>{part}</p>" for part in parts)
    document = parse(f"<html><body><div>方案政策解读</div><div>{body}</div></body></html>".encode(), "html")
    assert [s.kind for s in segment(document)] == ["title", "heading", "body", "heading", "body"]


def test_that_the_words_of_a_menu_are_no_text_though_the_article_has_them_too() -> None:
    menu = "<table><tr><td><a href='/'>资金</a></td><td><a href='/n'>平台 动态</a></td></tr></table>"
    text = "<p>全市安排资金3000万元，建设平台五个，平台动态每月公布一次，资金去向一并公开。</p>" * 3
    document = parse(f"<html><body>{menu}<h1>让中试线转起来</h1>{text}</body></html>".encode(), "html")
    assert [s.kind for s in segment(document)] == ["boilerplate", "boilerplate", "title", "body", "body", "body"]


def test_that_the_row_of_a_table_is_one_line_and_a_table_for_the_layout_is_not() -> None:
    rows = "<tr><th>年份</th><th>投入（亿元）</th></tr><tr><td>2024</td><td>1.5</td></tr>"
    layout = "<table><tr><td>各区要统筹资金。</td></tr></table>"
    document = parse(f"<html><body><p>投入如下。</p><table>{rows}</table>{layout}</body></html>".encode(), "html")
    assert document.text.splitlines() == ["投入如下。", "年份\t投入（亿元）", "2024\t1.5", "各区要统筹资金。"]
    assert [s.kind for s in segment(document)] == ["body"] * 4
