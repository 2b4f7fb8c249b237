"""From places on a page to paragraphs in reading order."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.pdf import from_pdf
from pdfs import LEFT, SONG, Sheet, classified, lines, wrapped, written

ONE = "各区县要统筹资金，引导企业与院校共建实验室，对新建中试线给予补助，三年内建成二十条。"  # 42 characters
TWO = "市科技局会同市财政局，每年公布一次名单，并把人才公寓优先安排给青年工程师，不另收费。"
HALF = "对首次入选的企业一次性奖励五十万元，所需资金由市财政与区财政"  # with its indent two lines of 16
REST = "按一比一分担，当年兑现到户。"


def read(*sheets: Sheet) -> list[tuple[str, str]]:
    return lines(from_pdf(written(*sheets), "a.pdf"))


def texts(*sheets: Sheet) -> list[str]:
    return [text for text, _ in read(*sheets)]


def test_that_lines_become_paragraphs_by_their_indent() -> None:
    full = ONE[:37] + "。"  # fills its last line
    page = Sheet().lines(wrapped(full, 20) + "\n" + wrapped(TWO, 20))
    assert texts(page) == [full, TWO]


def test_that_lines_become_paragraphs_by_their_length_where_nothing_is_indented() -> None:
    first = "\n".join(ONE[i : i + 20] for i in range(0, 40, 20)) + "\n" + ONE[40:]
    second = "\n".join(TWO[i : i + 20] for i in range(0, 60, 20))
    assert texts(Sheet().lines(first + "\n" + second)) == [ONE, TWO]
    comma = ONE.rindex("，") + 1
    broken = f"{ONE[:20]}\n{ONE[20:comma]}\n{ONE[comma:]}"
    assert texts(Sheet().lines(broken + "\n" + second)) == [ONE, TWO]


def test_that_latin_words_broken_by_a_line_keep_a_space() -> None:
    page = Sheet().lines(wrapped(ONE, 20) + "\n\u3000\u3000实施产学研合作和概念验证proof of\nconcept计划。")
    assert texts(page) == [ONE, "实施产学研合作和概念验证proof of concept计划。"]


def test_that_columns_are_read_one_after_the_other_below_the_title() -> None:
    left, right = wrapped(ONE + TWO, 18), wrapped(TWO + ONE, 18)
    page = Sheet().text(230, 800, "让中试线转起来", 20).lines(left).lines(right, x=LEFT + 200)
    assert read(page) == [("让中试线转起来", "title"), (ONE + TWO, ""), (TWO + ONE, "")]


def test_that_a_short_title_stands_over_three_columns_and_a_rule_parts_two_articles() -> None:
    page = Sheet().text(250, 800, "港口装上大脑", 16)
    for i, text in enumerate((ONE + TWO, TWO + ONE, ONE + ONE)):
        page.lines(wrapped(text, 14), x=60 + 170 * i)
    assert texts(page) == ["港口装上大脑", ONE + TWO, TWO + ONE, ONE + ONE]
    page = Sheet().lines(wrapped(ONE, 18)).lines(wrapped(TWO, 18), x=LEFT + 200).rule(80, 700, 460, 700)
    page.lines(wrapped(TWO + TWO, 18), top=680).lines(wrapped(ONE + ONE, 18), x=LEFT + 200, top=680)
    assert texts(page) == [ONE, TWO, TWO + TWO, ONE + ONE]


def test_that_lines_beside_a_picture_are_no_last_lines() -> None:
    beside = "\n".join(ONE[i : i + 13] for i in range(13, 39, 13))
    page = Sheet().lines(f"{wrapped(TWO, 20)}\n{beside}\n{TWO[:13]}\n{REST}")
    assert texts(page) == [TWO, beside.replace("\n", "") + TWO[:13] + REST]


def test_that_a_paragraph_goes_on_in_the_next_column() -> None:
    left, right = wrapped(ONE, 16) + "\n" + wrapped(HALF, 16), REST + "\n" + wrapped(ONE + TWO, 16)
    page = Sheet().lines(left).lines(right, x=LEFT + 200)
    assert texts(page) == [ONE, HALF + REST, ONE + TWO]


def test_that_a_paragraph_broken_by_a_page_is_one_sentence_around_the_furniture() -> None:
    first = Sheet().lines(wrapped(ONE, 16) + "\n" + wrapped(HALF, 16)).text(290, 40, "— 1 —")
    second = Sheet().lines(REST + "\n" + wrapped(TWO, 16)).text(290, 40, "— 2 —")
    document = from_pdf(written(first, second), "a.pdf")
    assert lines(document) == [
        (ONE, ""),
        (HALF, "body"),
        ("— 1 —", "boilerplate"),
        (REST, "body"),
        (TWO, ""),
        ("— 2 —", "boilerplate"),
    ]
    assert HALF + REST in [text for text, _ in classified(document)]


def test_that_what_repeats_at_the_edges_is_furniture_whatever_its_number() -> None:
    pages = [
        Sheet().text(240, 800, f"决策参考 2024年第{n}期").lines(wrapped(ONE[n:], 20)).text(500, 40, f"第{n}页 共3页")
        for n in range(1, 4)
    ]
    assert read(Sheet().lines(wrapped(ONE, 20)).text(290, 40, "- 12 -"))[1:] == [("- 12 -", "boilerplate")]
    assert read(*pages) == [
        line
        for n in range(1, 4)
        for line in ((f"决策参考 2024年第{n}期", "boilerplate"), (ONE[n:], ""), (f"第{n}页 共3页", "boilerplate"))
    ]


def test_that_a_sentence_that_repeats_is_no_furniture() -> None:
    pages = [Sheet().text(LEFT, 800, "本页由市科技局负责。").lines(wrapped(ONE[n:], 20)) for n in range(3)]
    assert all(kind == "" for _, kind in read(*pages))


def test_that_an_indented_line_alone_on_a_page_begins_a_paragraph() -> None:
    first = Sheet().lines(wrapped(ONE, 16) + "\n" + wrapped(HALF, 16))
    assert texts(first, Sheet().lines("\u3000\u3000附件另行印发。")) == [ONE, HALF, "附件另行印发。"]


def test_that_a_note_comes_after_the_paragraph_that_it_interrupts() -> None:
    first = Sheet().lines(wrapped(ONE, 16) + "\n" + wrapped(HALF, 16)).text(LEFT, 60, "①数据由市统计局提供。", 8)
    second = Sheet().lines(REST + "\n" + wrapped(TWO, 16))
    assert read(first, second) == [
        (ONE, ""),
        (HALF + REST, ""),
        ("①数据由市统计局提供。", "reference"),
        (TWO, ""),
    ]


def test_that_a_caption_does_not_part_the_paragraph_around_its_picture() -> None:
    page = Sheet().lines(wrapped(ONE, 16) + "\n" + wrapped(HALF, 16))
    page.text(LEFT + 48, 540, "工人在调试设备", 8).lines(REST + "\n" + wrapped(TWO, 16), top=500)
    assert read(page) == [(ONE, ""), (HALF, "body"), ("工人在调试设备", "caption"), (REST, "body"), (TWO, "")]
    page = Sheet().lines(wrapped(ONE, 16) + "\n" + wrapped(HALF, 16))
    page.text(LEFT, 600, "图1 设备利用率").lines(REST + "\n" + wrapped(TWO, 16), top=550)
    assert texts(page) == [ONE, HALF, "图1 设备利用率", REST, TWO]


def test_that_large_lines_are_the_title_and_headings_by_rank() -> None:
    page = Sheet().text(150, 800, "某市关于支持中试基地建设", 22).text(210, 770, "若干措施的通知", 22)
    page.text(LEFT, 730, "加强平台建设", 14).lines(wrapped(ONE, 20), top=700)
    page.text(LEFT, 640, "建设新型研发机构", 12).lines(wrapped(TWO, 20), top=610)
    page.text(LEFT, 560, "用好存量设备", 10, "hei").lines(wrapped(ONE, 20), top=530)
    page.draw("q 2 Tr").text(LEFT, 470, "打通最后一步", 10).draw("Q").lines(wrapped(TWO, 20), top=440)
    document = from_pdf(written(page), "a.pdf")
    assert document.title == "某市关于支持中试基地建设若干措施的通知"
    marked = [(document.text[m.start : m.end], m.kind, m.level) for m in document.marks]
    assert marked == [
        (document.title, "title", 0),
        ("加强平台建设", "heading", 1),
        ("建设新型研发机构", "heading", 2),
        ("用好存量设备", "heading", 3),
        ("打通最后一步", "heading", 3),
    ]


def test_that_what_stands_under_a_title_belongs_to_it_and_numbered_lines_are_no_titles() -> None:
    page = Sheet().text(200, 800, "政府工作报告", 22).text(150, 770, "——2025年1月8日在某市人民代表大会上", 12)
    page.text(LEFT, 700, "一、总体要求", 22).lines(wrapped(ONE, 20), top=660)
    kinds = [kind for _, kind in read(page)]
    assert kinds == ["title", "boilerplate", "heading", ""]
    page = Sheet().text(200, 800, "让中试线转起来", 22).text(200, 770, "——以某市为例", 12).lines(wrapped(ONE, 20))
    assert [kind for _, kind in read(page)] == ["title", "title", ""]


def test_that_a_short_line_in_the_middle_of_the_text_is_a_heading() -> None:
    page = Sheet().lines(wrapped(ONE, 20)).text(LEFT + 80, 690, "建设平台").lines(wrapped(TWO, 20), top=674)
    assert read(page) == [(ONE, ""), ("建设平台", "heading"), (TWO, "")]


def test_that_the_banner_over_an_official_letter_is_no_title() -> None:
    page = Sheet().text(130, 780, "某市人民政府文件", 36).text(240, 730, "某政发〔2024〕12号")
    page.text(150, 680, "关于支持中试基地建设的通知", 22).lines(wrapped(ONE, 20), top=600)
    kinds = dict(read(page))
    assert kinds["某市人民政府文件"] == "boilerplate"
    assert kinds["关于支持中试基地建设的通知"] == "title"


def test_that_a_table_is_one_line_a_row_and_one_text_a_cell() -> None:
    page = Sheet().lines(wrapped(ONE, 20))
    for y in (650, 600, 550):
        page.rule(80, y, 400, y)
    for x in (80, 120, 300, 400):
        page.rule(x, 650, x, 550)
    page.text(90, 620, "1").text(125, 630, "建设中试基地，引进").text(125, 610, "工程师。").text(305, 620, "市科技局")
    page.text(90, 570, "2").text(125, 570, "发放补助").text(305, 570, "市财政局")
    assert texts(page) == [ONE, "1\t建设中试基地，引进工程师。\t市科技局", "2\t发放补助\t市财政局"]


def test_that_a_table_may_be_open_at_its_sides() -> None:
    page = Sheet().lines(wrapped(ONE, 20)).rule(80, 650, 400, 650).rule(80, 600, 400, 600).rule(240, 650, 240, 600)
    page.text(90, 630, "引进工程师").text(90, 610, "三十名").text(250, 620, "市人社局")
    assert texts(page) == [ONE, "引进工程师三十名\t市人社局"]


def test_that_rows_without_rules_keep_their_cells_apart() -> None:
    page = Sheet().lines(wrapped(ONE, 20))
    for y, row in ((600, ("人才类别", "安家补贴")), (580, ("领军人才", "150万元")), (560, ("工匠人才", "15万元"))):
        page.text(90, y, row[0]).text(250, y, row[1])
    assert texts(page)[1:] == ["人才类别\t安家补贴", "领军人才\t150万元", "工匠人才\t15万元"]


def test_that_raised_marks_spread_titles_and_overprinting_do_not_break_a_line() -> None:
    assert texts(Sheet().text(80, 700, "减少二氧化碳").text(140, 704, "[1]", 6).text(149, 700, "排放。")) == [
        "减少二氧化碳[1]排放。"
    ]
    assert texts(Sheet().text(80, 700, "减少").text(100, 702, "排放。")) == ["减少排放。"]
    assert texts(Sheet().text(200, 700, "通", 20).text(280, 700, "知", 20)) == ["通知"]
    assert texts(Sheet().text(80, 700, "通知").text(80.3, 700, "通知")) == ["通知"]


def test_that_a_table_of_contents_and_a_signature_stay_lines() -> None:
    contents = Sheet().lines("一、总体要求…………3\n二、重点任务…………5\n三、保障措施…………9")
    assert texts(contents) == ["一、总体要求…………3", "二、重点任务…………5", "三、保障措施…………9"]
    letter = Sheet().lines(wrapped(ONE, 20)).text(220, 690, "某市科技局").text(220, 674, "某市财政局")
    assert texts(letter) == [ONE, "某市科技局", "某市财政局"]


def test_that_a_list_whose_items_stand_out_is_one_line_an_item() -> None:
    item = f"（一）{ONE[:17]}\n\u3000\u3000{ONE[17:35]}\n\u3000\u3000{ONE[35:]}"
    assert texts(Sheet().lines(item + "\n" + item)) == [f"（一）{ONE}"] * 2


def test_that_a_last_page_of_few_lines_has_the_columns_of_the_others() -> None:
    first = Sheet().lines(wrapped(ONE + TWO, 18)).lines(wrapped(TWO + ONE, 18), x=LEFT + 200)
    last = Sheet().lines(wrapped(ONE[9:33] + "。", 18)).lines(wrapped(TWO[4:30] + "。", 18), x=LEFT + 200)
    assert texts(first, last) == [ONE + TWO, TWO + ONE, ONE[9:33] + "。", TWO[4:30] + "。"]


@pytest.mark.parametrize(
    ("turn", "page"),
    [
        ("0 1 -1 0 595 0 cm", "/Rotate 90"),
        ("1 0.008 -0.008 1 0 0 cm", ""),
        ("-1 0 0 -1 595 842 cm", ""),
        ("-1 0 0 1 595 0 cm", ""),
        ("1 0 0 -1 0 842 cm", ""),
    ],
)
def test_that_turned_and_mirrored_pages_are_read_as_they_stand(turn: str, page: str) -> None:
    sheet = Sheet().draw(turn).lines(wrapped(ONE, 16) + "\n" + wrapped(TWO, 16), top=500)
    assert lines(from_pdf(written(sheet, page=page), "a.pdf")) == [(ONE, ""), (TWO, "")]


def test_that_vertical_writing_is_read_from_right_to_left() -> None:
    vertical = {"song": SONG.replace("UCS2-H", "UCS2-V")}
    raw = written(Sheet().text(300, 700, "要建平台").text(280, 700, "引人才。"), fonts=vertical)
    assert from_pdf(raw, "a.pdf").text == "要建平台引人才。"
    stacked = Sheet()
    for x, column in ((300, "要建平台"), (280, "引人才。")):
        for i, char in enumerate(column):
            stacked.text(x, 700 - 10 * i, char)
    assert texts(stacked) == ["要建平台引人才。"]


def test_that_text_across_the_page_is_kept_and_what_is_cut_off_is_counted() -> None:
    page = (
        Sheet().lines(wrapped(ONE, 20)).text(-200, 600, "印张").draw("q .7 .7 -.7 .7 0 0 cm").text(500, 20, "内部资料")
    )
    document = from_pdf(written(page), "a.pdf")
    assert lines(document) == [(ONE, ""), ("内部资料", "boilerplate")]
    assert document.warnings == ["2 characters beyond the visible part of their page are left out"]


@given(
    st.lists(
        st.tuples(st.integers(0, 50), st.integers(2, 80), st.text("一二三四发展资金。，AB12", min_size=1, max_size=9)),
        unique_by=lambda line: line[1],
        min_size=1,
    )
)
@settings(max_examples=60, deadline=None)
def test_that_nothing_is_left_out_wherever_it_stands(places: list[tuple[int, int, str]]) -> None:
    page = Sheet()
    for x, y, text in places:
        page.text(x * 10, y * 10, text, 8)
    document = from_pdf(written(page), "a.pdf")
    lines(document)  # marks are whole lines
    shown = Counter("".join(text for _, _, text in places))
    found = Counter(char for char in document.text if not char.isspace())
    assert found == shown
