"""What is read of a Word document. The XML is written here as Word writes it; one file is written by python-docx."""

from __future__ import annotations

import re
import zipfile
from io import BytesIO
from pathlib import Path

import docx
import pytest

from data.read import read_document
from data.records import CLASSIFIED_KINDS, Document, Sentence
from data.sentences import join_pieces, segment
from data.word import from_docx
from words import OFFICE, WORD, cell, kinds, packed, paragraph, read, run, style, table

SEEDS = Path(__file__).parent.parent / "seeds" / "documents"


def test_that_a_file_of_python_docx_is_read() -> None:
    made = docx.Document()
    made.sections[0].header.paragraphs[0].text = "某市公报"
    made.add_heading("关于支持中试的若干措施", 0)
    made.add_heading("总体要求", 1)
    made.add_paragraph("各区要建平台。")
    made.add_heading("资金", 2)
    made.add_paragraph("给予补助。", style="List Number")
    made.add_paragraph("给予贴息。", style="List Number")
    grid = made.add_table(2, 2)
    for at, text in enumerate(["项目", "金额", "中试", "30万元"]):
        grid.cell(at // 2, at % 2).text = text
    buffer = BytesIO()
    made.save(buffer)
    document = from_docx(buffer.getvalue(), "a.docx")
    assert document.text.splitlines() == [
        *("关于支持中试的若干措施", "总体要求", "各区要建平台。", "资金", "1. 给予补助。", "2. 给予贴息。"),
        *("项目\t金额", "中试\t30万元", "某市公报"),
    ]
    assert kinds(document) == {
        "关于支持中试的若干措施": ("title", 0),
        "总体要求": ("heading", 1),
        "资金": ("heading", 2),
        "项目\t金额": ("body", 0),
        "中试\t30万元": ("body", 0),
        "某市公报": ("boilerplate", 0),
    }
    assert (document.title, document.format) == ("关于支持中试的若干措施", "docx")


@pytest.mark.parametrize(
    ("name", "kind", "level"),
    [
        ("heading 1", "heading", 1),
        ("标题 3", "heading", 3),
        ("Title", "title", 0),
        ("标题", "title", 0),
        ("Subtitle", "title", 0),
        ("副标题", "title", 0),
        ("caption", "caption", 0),
        ("题注", "caption", 0),
        ("toc 2", "boilerplate", 0),
        ("footnote text", "reference", 0),
        ("落款", "signature", 0),
    ],
)
def test_that_a_style_tells_the_kind(name: str, kind: str, level: int) -> None:
    styles = style(name) + style("我的样式", based="a", key="b")
    assert kinds(read(paragraph("资金支持", style="a"), styles=styles)) == {"资金支持": (kind, level)}
    assert kinds(read(paragraph("资金支持", style="b"), styles=styles)) == {"资金支持": (kind, level)}


@pytest.mark.parametrize("name", ["Normal", "Body Text", "标题党", "List Paragraph"])
def test_that_other_styles_tell_nothing(name: str) -> None:
    assert kinds(read(paragraph("资金支持", style="a"), styles=style(name))) == {}


@pytest.mark.parametrize(("outline", "expected"), [("0", ("heading", 1)), ("3", ("heading", 4)), ("9", None)])
def test_that_the_outline_level_makes_a_heading(outline: str, expected: tuple[str, int] | None) -> None:
    setting = f'<w:outlineLvl w:val="{outline}"/>'
    assert kinds(read(paragraph("资金支持", settings=setting))).get("资金支持") == expected
    assert (
        kinds(read(paragraph("资金支持", style="a"), styles=style("x", settings=setting))).get("资金支持") == expected
    )


def test_that_a_paragraph_of_sentences_is_no_heading_whatever_its_style() -> None:
    body = paragraph("（一）优化布局。围绕三条产业链。", style="a") + paragraph("强化保障。", style="a")
    assert kinds(read(body, styles=style("heading 2"))) == {"强化保障。": ("heading", 2)}


def test_that_styles_may_be_based_on_each_other_in_a_circle() -> None:
    styles = style("x", based="b") + style("y", based="a", key="b")
    assert read(paragraph("资金", style="a"), styles=styles).text == "资金"


def test_that_tracked_changes_are_read_as_accepted() -> None:
    body = f"<w:p>{run('给予')}<w:ins>{run('30万元')}</w:ins><w:del><w:r><w:delText>20万元</w:delText></w:r></w:del>"
    body += f"<w:moveFrom>{run('从前')}</w:moveFrom>{run('补助。')}</w:p>"
    body += "<w:p><w:pPr><w:rPr><w:del/></w:rPr></w:pPr><w:r><w:t>要建</w:t></w:r></w:p>" + paragraph("平台。")
    body += f"<w:tbl><w:tr><w:trPr><w:del/></w:trPr>{cell(paragraph('删'))}{cell(paragraph('去'))}</w:tr></w:tbl>"
    document = read(body)
    assert document.text == "给予30万元补助。\n要建平台。"
    assert document.warnings == ["tracked changes in it were read as if accepted"]


@pytest.mark.parametrize(
    ("inner", "text"),
    [
        (f"<w:hyperlink>{run('平台')}</w:hyperlink>", "平台"),
        (f"<w:smartTag><w:smartTag>{run('平台')}</w:smartTag></w:smartTag>", "平台"),
        (f"<w:sdt><w:sdtPr/><w:sdtContent>{run('平台')}</w:sdtContent></w:sdt>", "平台"),
        (f"<w:sdt><w:sdtPr><w:showingPlcHdr/></w:sdtPr><w:sdtContent>{run('点击')}</w:sdtContent></w:sdt>", ""),
        (f"<w:fldSimple w:instr='REF x'>{run('平台')}</w:fldSimple>", "平台"),
        ("<w:r><w:rPr><w:vanish/></w:rPr><w:t>隐</w:t></w:r>", ""),
        ("<w:r><w:rPr><w:vanish w:val='0'/></w:rPr><w:t>显</w:t></w:r>", "显"),
        ("<w:r><w:t>a</w:t><w:tab/><w:t>b</w:t></w:r>", "a\tb"),
        ("<w:r><w:t>5G</w:t><w:noBreakHyphen/><w:t>A</w:t></w:r>", "5G-A"),
        (
            "<w:r><w:ruby><w:rt><w:r><w:t>zī</w:t></w:r></w:rt><w:rubyBase><w:r><w:t>资</w:t></w:r></w:rubyBase></w:ruby></w:r>",
            "资",
        ),
        ("<w:r><w:t>要\n  建</w:t></w:r>", "要   建"),
    ],
)
def test_what_counts_as_text(inner: str, text: str) -> None:
    assert read(f"<w:p>{run('前')}{inner}{run('后')}</w:p>").text == f"前{text}后"


def test_that_the_result_of_a_field_is_text_but_not_its_code() -> None:
    def sign(kind: str) -> str:
        return f'<w:r><w:fldChar w:fldCharType="{kind}"/></w:r>'

    inner = f"{sign('begin')}{run('里')}{sign('separate')}{run('层')}{sign('end')}"
    code = f"<w:r><w:instrText>IF</w:instrText></w:r>{inner}{run('码')}"
    body = f"<w:p>{run('第')}{sign('begin')}{code}{sign('separate')}{run('三')}{sign('end')}{run('章')}</w:p>"
    assert read(body).text == "第三章"


def test_that_text_in_boxes_is_read_once_after_its_paragraph() -> None:
    box = f"<w:txbxContent>{paragraph('专栏')}</w:txbxContent>"
    both = f"<mc:AlternateContent><mc:Choice>{box}</mc:Choice><mc:Fallback>{box}</mc:Fallback></mc:AlternateContent>"
    body = f"<w:p><w:r>{both}</w:r>{run('要建平台。')}</w:p>{paragraph('要引人才。')}"
    assert read(body).text == "要建平台。\n专栏\n要引人才。"


@pytest.mark.parametrize(
    ("pieces", "lines"),
    [
        (["一、抓项目。", "二、抓服务。"], ["一、抓项目。", "二、抓服务。"]),
        (["各区人民政府：", "现印发给你们。"], ["各区人民政府：", "现印发给你们。"]),
        (["抓好两项", "（一）项目"], ["抓好两项", "（一）项目"]),
        (["引导企业与院校", "共建实验室。"], ["引导企业与院校共建实验室。"]),
        (["Research", "and development"], ["Research and development"]),
        (["要建平台", "", "要引人才"], ["要建平台", "要引人才"]),
    ],
)
def test_where_a_line_break_divides_a_paragraph(pieces: list[str], lines: list[str]) -> None:
    inner = "<w:r><w:br/></w:r>".join(map(run, pieces))
    assert read(f"<w:p>{inner}</w:p>").text.splitlines() == lines


def test_that_a_break_never_divides_a_title_and_always_a_signature_or_page() -> None:
    inner = f"{run('某市：')}<w:r><w:br/></w:r>{run('行动计划')}"
    assert (
        read(f'<w:p><w:pPr><w:pStyle w:val="a"/></w:pPr>{inner}</w:p>', styles=style("Title")).title == "某市：行动计划"
    )
    signed = f"{run('某市科技局')}<w:r><w:br/></w:r>{run('2024年1月8日')}"
    assert read(f'<w:p><w:pPr><w:jc w:val="right"/></w:pPr>{signed}</w:p>').text == "某市科技局\n2024年1月8日"
    assert read(f'<w:p>{run("上页")}<w:r><w:br w:type="page"/></w:r>{run("下页")}</w:p>').text == "上页\n下页"


def test_that_a_row_is_a_line_and_a_merged_cell_is_read_once() -> None:
    down, on = '<w:vMerge w:val="restart"/>', "<w:vMerge/>"
    inner = table(cell(paragraph("内")) + cell(paragraph("嵌")))
    document = read(
        table(
            cell(paragraph("项目"), down) + cell(paragraph("金额") + paragraph("（万元）")) + cell(paragraph("年")),
            cell(paragraph("旧"), on) + cell(paragraph("三十"), '<w:gridSpan w:val="2"/>'),
            cell(paragraph("备注")) + cell(paragraph("见") + inner),
        )
    )
    assert document.text.splitlines() == ["项目\t金额 （万元）\t年", "三十", "备注\t见 内 嵌"]
    assert {kind for kind, _ in kinds(document).values()} == {"body"}


def test_that_a_frame_of_one_cell_is_read_like_text() -> None:
    framed = table(cell(paragraph("资金", style="a") + paragraph("要给补助。")))
    document = read(framed, styles=style("heading 1"))
    assert (document.text, kinds(document)) == ("资金\n要给补助。", {"资金": ("heading", 1)})


def test_that_notes_follow_the_text_in_its_order() -> None:
    def refer(kind: str, key: int) -> str:
        return f'<w:r><w:{kind}Reference w:id="{key}"/></w:r>'

    notes = "".join(f'<w:footnote w:id="{key}">{paragraph(text)}</w:footnote>' for key, text in [(1, "后"), (2, "先")])
    end = f'<w:endnote w:id="1">{paragraph("尾")}</w:endnote>'
    body = f"<w:p>{run('甲')}{refer('footnote', 2)}{run('乙')}{refer('endnote', 1)}{refer('footnote', 1)}</w:p>"
    document = read(body, footnotes=notes, endnotes=end)
    assert document.text.splitlines() == ["甲乙", "[1] 先", "[1] 尾", "[2] 后"]
    assert {kind for kind, _ in kinds(document).values()} == {"reference"}


def test_that_headers_and_footers_come_last_and_once() -> None:
    references = '<w:headerReference r:id="header"/><w:footerReference r:id="footer"/>'
    body = f"<w:p><w:pPr><w:sectPr>{references}</w:sectPr></w:pPr>{run('甲')}</w:p>{paragraph('乙')}"
    body += f"<w:sectPr>{references}</w:sectPr>"
    document = read(body, header=paragraph("某市公报"), footer=paragraph("— 1 —"))
    assert document.text.splitlines() == ["甲", "乙", "某市公报", "— 1 —"]
    assert kinds(document) == {"某市公报": ("boilerplate", 0), "— 1 —": ("boilerplate", 0)}


def test_that_a_table_of_contents_is_boilerplate() -> None:
    part = '<w:docPartObj><w:docPartGallery w:val="Table of Contents"/></w:docPartObj>'
    body = f"<w:sdt><w:sdtPr>{part}</w:sdtPr><w:sdtContent>{paragraph('目录')}</w:sdtContent></w:sdt>{paragraph('甲')}"
    assert kinds(read(body)) == {"目录": ("boilerplate", 0)}


def test_that_an_embedded_document_is_a_warning() -> None:
    assert "embedded" in read(f"{paragraph('甲')}<w:altChunk/>").warnings[0]


def test_that_strict_files_are_read() -> None:
    raw = packed(paragraph("资金", style="a"), styles=style("heading 1"))
    buffer = BytesIO()
    with zipfile.ZipFile(BytesIO(raw)) as old, zipfile.ZipFile(buffer, "w") as new:
        for info in old.infolist():
            content = old.read(info).replace(WORD.encode(), b"http://purl.oclc.org/ooxml/wordprocessingml/main")
            new.writestr(
                info, content.replace(OFFICE.encode(), b"http://purl.oclc.org/ooxml/officeDocument/relationships")
            )
    assert kinds(from_docx(buffer.getvalue(), "")) == {"资金": ("heading", 1)}


def test_that_marks_are_whole_lines() -> None:
    document = read(
        paragraph(" 资金 ", style="a") * 2 + table(cell("") + cell(paragraph("甲"))), styles=style("heading 1")
    )
    lines = [(found.start(), found.end()) for found in re.finditer(".+", document.text)]
    assert [(mark.start, mark.end) for mark in document.marks] == lines


@pytest.mark.parametrize(
    "name",
    [
        "01-plan-changzhou-hydrogen.txt",
        "06-essay-foshan-furniture.txt",
        "11-news-kunshan-talent.html",
        "10-magazine-zhuzhou-railway.txt",
        "14-report-wuhu-science-bureau.txt",
    ],
)
def test_that_a_typed_document_has_the_sentences_of_its_text(name: str) -> None:
    document = read_document(SEEDS / name)
    found = from_docx(typed(document), "a.docx")
    assert classified(found) == classified(document)


def typed(document: Document) -> bytes:
    """The document as people type one: titles and headings in their styles, no page furniture."""
    made = docx.Document()
    paragraphs: dict[int, list[Sentence]] = {}
    for sentence in segment(document):
        paragraphs.setdefault(document.text.count("\n", 0, sentence.start), []).append(sentence)
    for sentences in paragraphs.values():
        text = "".join(join_pieces(document.text[a:b] for a, b in s.pieces) for s in sentences)
        kind = sentences[0].kind if len(sentences) == 1 else "body"
        if kind in ("title", "heading"):
            made.add_heading(text, 0 if kind == "title" else 1)
        elif kind == "caption":
            made.add_paragraph(text, style="Caption")
        elif kind != "boilerplate":
            made.add_paragraph(text)
    buffer = BytesIO()
    made.save(buffer)
    return buffer.getvalue()


def classified(document: Document) -> list[tuple[str, str]]:
    return [(s.kind, s.normalized) for s in segment(document) if s.kind in CLASSIFIED_KINDS]
