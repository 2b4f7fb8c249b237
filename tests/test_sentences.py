"""What a unit is: each rule with an example of our own, and what holds for any text at all."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import pytest
from hypothesis import given, settings

from data.boundaries import boundaries
from data.read import read_document
from data.records import Document, Sentence
from data.sentences import segment
from strategies import any_text, messy_text

ROOT = Path(__file__).parent.parent
STARTER = sorted((ROOT / "seeds" / "documents").iterdir())
PUBLISHED = sorted((ROOT.parent / "shared" / "seeds").glob("*.txt"))


def sentences(text: str) -> list[Sentence]:
    return segment(Document.of(text))


def texts(text: str) -> list[str]:
    return [s.text for s in sentences(text)]


@pytest.mark.parametrize(
    "parts",
    [
        ["要加大投入。", "企业怎么办？", "马上就办！"],
        ["占比31.5%，比上年高1.34个百分点。", "其余不变。"],
        ["一是扩大规模；", "二是降低成本；", "三是引进人才。"],
        ["他强调：“要沉下心来。”", "会后大家散去。"],
        ["“我们缺的是人。”厂长老周说。", "这话不假。"],
        ["“先有技术。", "后有市场。”她表示，今年再投两条线。", "大家点头。"],
        ["落实《关于支持中试的意见（试行）。附件》要求。", "随后部署。"],
        ["（含市级；不含区级）补助合并计算。", "不重复享受。"],
        ["网址为www.example.org/a.b，可下载。", "电话另行公布。"],
        ["开了“人才夜校”“周末工程师”……", "大家都叫好。"],
        ["路还长……", "慢慢走。"],
        ["资金不足;", "人手不够。"],
        ["回答好“谁来干？”的问题。", "再往下做。"],
        ["“钱从哪来？”成了难题。", "再往下做。"],
        ["“先有技术。", "后有市场；再有品牌。”"],
        ['他说："要沉下心来。"', "会后大家散去。"],
        ['"先有技术。', '后有市场。"她表示，今年再投两条线。', "大家点头。"],
        ["力争翻番。", "（市科技局牵头）", "到2026年，再翻一番。"],
        ["（一）优化布局。", "围绕两翼，建设园区。", "完善路网。"],
        ["2.平台应用标准：", "在数据模型的基础上，构建互联互通的应用生态，包括融合应用等部分。"],
        ["怎么办??", "马上办。"],
        ["工信局?????关于中试的通知。", "即日起执行。"],
        ["6.?大力引进人才。", "简化手续。"],
        ["主要体现在：一是规模小；", "二是链条短。"],
        ["路还长……", "放眼全市，要一步步走。"],
        ["见www.example.org/a?b=1;c，可下载。", "电话另行公布。"],
        ["R&amp;D投入2.5%；", "上午10:30开会。"],
        ["毛某说：“要发展。”", "邓某说过：“要改革。”", "江某指出：“要创新。”"],
        ["厂长说：“先有技术。”", "“后有市场。”她说。", "会后散去。"],
        ["“要创新。”", "会议指出，创新是第一动力。"],
        ["打造“产业链……人才链……”融合体系。", "再加力。"],
        ["工?业?和?信?息?化?发?展?"],
        ["培育“专精特新……”等企业。", "再加力。"],
        ["他说明：“已办。”", "会后散去。"],
    ],
)
def test_where_a_sentence_ends(parts: list[str]) -> None:
    assert texts("".join(parts)) == parts


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("一、总体要求\n坚持创新。", ["heading", "body"]),
        ("（二）加强财政支持\n1.设立专项资金。", ["heading", "list_item"]),
        ("市科技局\n2024年5月6日", ["signature", "signature"]),
        ("您的位置：首页 > 要闻\n今年稳中有进。\n评论 0人参与", ["boilerplate", "body", "boilerplate"]),
        ("参考文献：\n[1] 某某.论中试[J].某刊,2023.", ["reference", "reference"]),
        ("今年稳中有进。\n厂区一角。 赵小满摄", ["body", "caption"]),
        ("会议室里掌声不断。\n— 3 —", ["body", "boilerplate"]),
        ("一、總體要求\n堅持創新。\n(四)構建開放合作格局", ["heading", "body", "heading"]),
        ("加大财政投入力度", ["heading"]),
        ("优化产业布局\n建设西部总部\n再造新格局", ["heading"] * 3),
        ("● 加快建设平台；\n（二）推进3D打印应用；\n1.主办单位给予补助；", ["list_item"] * 3),
        ("■ 某市政协\n会议开了三天。\n振兴老字号", ["boilerplate", "body", "heading"]),
        ("市工業和能源局 ?????\n三、重點工程 ?\n擴大規模。", ["signature", "heading", "body"]),
        ("（一）优化布局。围绕两翼，建设园区。完善路网。", ["heading", "body", "body"]),
        ("一是扩大规模。每年新增三家。", ["list_item", "body"]),
        ("重点做好两件事：一是扩规模；二是降成本。", ["body", "list_item"]),
        ("第三条　本办法所称企业，是指中小企业。\n①有场地；\n——坚持创新。", ["list_item"] * 3),
        ("（五）强化要素保障。\n1.保障用地。\n2.保障用电。", ["heading", "list_item", "list_item"]),
        ("三、申报条件：\n（一）有场地；\n（二）有团队。", ["heading", "list_item", "list_item"]),
        ("附件：1.申请表\n2.证明材料目录\n抄送：市财政局。", ["signature"] * 3),
        ("联系人：陈工\n电话：0851-28250000\n某政发〔2024〕3号", ["signature", "signature", "boilerplate"]),
        ("（2024年1月8日在市第十六届人民代表大会第四次会议上）", ["boilerplate"]),
        ("图2-1 平台总体框架\n（作者系某市发展研究中心研究员）", ["caption", "boilerplate"]),
        (
            "某市成果转化五年行动计划\n某市科技局\n全市要建中试线。\n为此要出钱。",
            ["title", "signature", "body", "body"],
        ),
        ("年份\n投入\n平台\n人才\n合计", ["body"] * 5),
    ],
)
def test_what_kind_a_line_is(text: str, kinds: list[str]) -> None:
    assert [s.kind for s in sentences(text)] == kinds


def test_that_a_sentence_broken_by_a_caption_is_one_again() -> None:
    text = "## 协同\n全市大力推进产业链协同，企业\n\n\n\n车间一角。 钱多多摄\n\n与院校共建实验室。"
    _, first, caption = sentences(text)
    assert first.normalized == "全市大力推进产业链协同，企业与院校共建实验室。"
    assert [text[a:b] for a, b in first.pieces] == ["全市大力推进产业链协同，企业", "与院校共建实验室。"]
    assert (caption.kind, caption.text) == ("caption", "车间一角。 钱多多摄")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (
            "全市加快建设科技创新平台，供给侧和\n\n\n产业需求侧衔接更紧。",
            "全市加快建设科技创新平台，供给侧和产业需求侧衔接更紧。",
        ),
        (
            "正在研究加入《\n数据公约\n》，并按《\n会议纪要\n》落实。",
            "正在研究加入《数据公约》，并按《会议纪要》落实。",
        ),
        ("今年要把工作重心放在技术攻关上，\n— 12 —\n尽快补齐短板。", "今年要把工作重心放在技术攻关上，尽快补齐短板。"),
        ("第二，\n要让种粮的农户有钱赚。", "第二，要让种粮的农户有钱赚。"),
    ],
)
def test_that_a_broken_sentence_is_one_again(text: str, wanted: str) -> None:
    assert wanted in [s.normalized for s in sentences(text)]


def test_that_lines_of_a_fixed_width_are_joined_and_short_ones_are_headings() -> None:
    body = (
        "各区县要统筹用好专项资金和各类基金引导企业与高等院校共建中试平台并对新建的中试线按设备投入的一定比例给予补助。"
    )
    bodies = [f"{place}{body}" for place in ("城东", "港口新城", "高铁片区内", "老城", "北部山区", "大学城")]
    lines = [["（一）建设平台", *(text[i : i + 25] for i in range(0, len(text), 25))] for text in bodies]
    found = sentences("\n".join(itertools.chain(*lines)))
    assert [s.kind for s in found] == ["heading", "body"] * 6
    assert [s.normalized for s in found[1::2]] == bodies


def test_that_a_line_break_lost_before_a_heading_is_made_good() -> None:
    text = "体系由基础和应用两部分组成，（三）基础共性标准\n基础共性标准用于统一术语。"
    assert [(s.kind, s.text) for s in sentences(text)][1:] == [
        ("heading", "（三）基础共性标准"),
        ("body", "基础共性标准用于统一术语。"),
    ]


def test_that_articles_of_one_page_are_told_apart() -> None:
    text = (
        "## 船台忙\n## 船舶产业向深蓝要增量\n◎本报记者 宋某\n全市造船量大增。\n## 订单排到三年后\n企业忙着招工。\n"
        "## 草莓苗有了身份码\n◎本报记者 关某\n育苗企业用上了条码。"
    )
    found = sentences(text)
    assert [s.kind for s in found] == [
        *["title", "title", "boilerplate", "body", "heading", "body"],
        *["title", "boilerplate", "body"],
    ]
    assert [s.article for s in found] == [0] * 6 + [1] * 3
    assert found[-1].heading_path == []


def test_that_a_heading_path_has_no_marks_of_markdown() -> None:
    assert sentences("## 打造平台\n要建平台。")[-1].heading_path == ["打造平台"]


def test_that_a_title_over_two_lines_is_one_and_a_plan_in_a_notice_has_its_own() -> None:
    text = (
        "各县区：\n现将计划印发给你们，请执行。\n某市工业局\n2021年8月2日\n某市工业科技创新能力提升\n"
        "三年行动计划（2021-2023年）\n为推动创新，制定本计划。"
    )
    title, body = sentences(text)[-2:]
    assert (title.kind, title.normalized) == ("title", "某市工业科技创新能力提升三年行动计划（2021-2023年）")
    assert (body.heading_path, body.article) == ([], 1)


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        # a sub-heading or a remark that comes again and again is no running title; one beside page numbers is
        (
            "一、甲\n工作目标\n建成平台。\n二、乙\n工作目标\n引进人才。\n三、丙\n工作目标\n投入资金。",
            ["heading", "heading", "body"] * 3,
        ),
        ("要建平台。\n（责任单位：市科技局）\n" * 3, ["body"] * 6),
        ("要建平台。\n内部文件\n— 1 —\n" * 3, ["body", "boilerplate", "boilerplate"] * 3),
        # words of the web that policies use too
        (
            "企业注销登记要简化；\n鼓励万人参与健身；\n优化变更、注销“一网通办”；\n来源：财政拨款；\n支持摄影",
            ["body"] * 4 + ["heading"],
        ),
        ("全市稳中有进。\n12人参与\n3条评论\n确认注销 ×\n张三丰 摄影", ["body", *["boilerplate"] * 3, "caption"]),
        # lists without end marks, and what stands over them
        (
            "一、类别\n（一）甲类\n（二）乙类\n（三）丙类\n二、要求\n抓好落实。",
            ["heading", *["list_item"] * 3, "heading", "body"],
        ),
        (
            "（一）推动升级。实施行动，技改100个。\n1.做强产业。\n2.做大园区。",
            ["heading", "body", "list_item", "list_item"],
        ),
        ("（二）基本原则。\n——坚持创新驱动。\n——坚持市场主导。", ["heading", "list_item", "list_item"]),
        (
            "（一）基础业务管理。\n系统要覆盖排班、结算和检修各个环节。\n（二）信息服务。\n系统要面向乘客提供查询。",
            ["heading", "body"] * 2,
        ),
        ("3.流程如下：\n——先申报。\n——后评审。", ["list_item"] * 3),
        # what looks like a heading and is a cell, a field or a bullet
        ("全市投入如下。\n北京 100 5.0%\n责任单位：市科技局\n国家级平台：1个\n年 月 日\n| 项目 | 金额 |", ["body"] * 6),
        ("* 平台\n+ 人才\n抓好落实。", ["list_item", "list_item", "body"]),
        ("加大投入；引进人才；建设平台", ["body"] * 3),
        # the head and the foot of a document
        (
            "政府工作报告\n——2024年1月8日在某市人民代表大会会议上\n市长 张某某\n各位代表：\n现报告工作。",
            ["title", "boilerplate", "boilerplate", "body", "body"],
        ),
        (
            "某市人民政府\n关于加快创新的意见\n某政发〔2024〕1号\n各县区：\n现提意见。",
            ["title", "boilerplate", "body", "body"],
        ),
        ("把根留在车间里\n——对三家铸造企业的调查\n炉火映红了脸。\n工人在歇气。", ["title", "title", "body", "body"]),
        ("全市要加快创新。\n国务院\n2017年7月", ["body", "signature", "body"]),
        ("全市要加快创新。\n国务院\n2017年7月8日", ["body", "signature", "signature"]),
        (
            "目录\n第一章 总则\n第二章 附则\n第一章 总则\n第一条 为了发展。",
            ["boilerplate"] * 3 + ["heading", "list_item"],
        ),
        (
            "某市科技创新条例\n（2023年10月27日某市人大常务委员会第十次会议通过）\n第一条 为了发展。",
            ["title", "boilerplate", "list_item"],
        ),
        (
            "全市要加快创新。\n附件2\n某市平台管理规范（试行）\n第一条 为了发展。",
            ["body", "title", "title", "list_item"],
        ),
        (
            "浦江晨谈\n托育这道题，别让祖辈一直当替补\n2025年3月11日　第7版　评论\n顾念慈\n楼下有位阿姨。\n她很累。",
            ["heading", "title", "boilerplate", "boilerplate", "body", "body"],
        ),
        (
            "《云中参事》2024年第6期\n从一煤独大到风光火储：接续替代的难题与对策\n“转型”专题调研组\n摘要：因煤立市。\n任务重。",
            ["boilerplate", "title", "boilerplate", "body", "body"],
        ),
        (
            "某市专项预案\n（2025年修订）\n1  总则\n1.1  编制目的\n为了安全。\n1.2  人员\n要配人。",
            ["title", "title", "heading", "heading", "body", "heading", "body"],
        ),
        (
            "政府工作报告\n2025年2月19日在某县人民代表大会会议上\n第一部分　去年的账\n一、收支\n收支平衡。",
            ["title", "boilerplate", "heading", "heading", "body"],
        ),
        (
            "设为首页 | 加入收藏 | 手机版\n网站简介 | 版权声明 | 友情链接\n全市稳中有进。\n前景可期。",
            ["boilerplate", "boilerplate", "body", "body"],
        ),
        (
            "某市人民政府文件\n某政发〔2025〕9号\n关于加快创新的通知\n各县区：\n请执行。\n请落实。",
            ["title", "boilerplate", "title", "body", "body", "body"],
        ),
        ("关于市政协第12号提案的答复\n某委员：\n您的提案收悉。\n我们照办。", ["title", "body", "body", "body"]),
        ("关于加快科技创新的意见\n要加大财政投入。企业融资难。", ["title", "body", "body"]),
        (
            "全市要加快创新。\n某市府办公室　　2024年5月6日印发\n印发机关：某市府办公室",
            ["body", "signature", "signature"],
        ),
        (
            "目录\n一、总体要求\t1\n二、任务\t3\n\n某市科技创新规划\n\n一、总体要求\n要创新。",
            [*["boilerplate"] * 3, "title", "heading", "body"],
        ),
        ("任务如下。\n1\t建设实验室。引进团队。\t市科技局\n2\t建设中试线。\t市工信局\n请执行。", ["body"] * 4),
        (
            "主办：某市　承办：市府办\n日期：2024-05-06 点击：12次\n全市稳中有进。",
            ["boilerplate", "boilerplate", "body"],
        ),
        # headings in the middle of a line
        ("先行一步。二、重点任务。（一）建设平台。支持企业建平台。", ["body", "heading", "heading", "body"]),
        ("二、重点任务 （一）建设平台 支持企业建平台，推动院校共建实验室。", ["heading", "heading", "body"]),
        ("二、为什么出台？\n答：为了发展。\n三、怎么落实？\n答：加强领导。", ["heading", "body"] * 2),
        # paragraphs broken without a fixed width
        (
            "　　全市要统一思想加大投入建设创新平台引进高层\n次人才推动成果转化。\n　　要强化考核。\n　　要营造氛围。",
            ["body"] * 3,
        ),
        ("各区要用好资金，要引导，要支持，企业与院校共建中试平台并由市科学技术局\n会同市财政局给予补助。", ["body"]),
        (
            "要改造。\n改造目标：建成数字车间\n实现方式：购置机器人，改造产线，培训操作工\n改造目标：降低能耗\n实现方式：回收余热。",
            ["body"] * 5,
        ),
    ],
)
def test_what_kind_a_line_is_among_others(text: str, kinds: list[str]) -> None:
    assert [s.kind for s in sentences(text)] == kinds


def test_that_headings_lead_to_their_sentences() -> None:
    found = sentences("一、重点任务\n（一）引才\n1.建公寓。\n（二）筹资\n发债券。\n二、保障措施\n抓落实。")
    paths = {s.text: s.heading_path for s in found}
    assert paths["1.建公寓。"] == ["一、重点任务", "（一）引才"]
    assert paths["发债券。"] == ["一、重点任务", "（二）筹资"]
    assert paths["抓落实。"] == ["二、保障措施"]


def test_that_a_heading_that_names_a_section_stands_over_those_that_say_something() -> None:
    lines = "让中试线转起来 当前面临的问题 缺熟手 招工难。 让中试线转起来的办法 订单式培养 学校跟着厂走。 先试一年。"
    text = lines.replace(" ", "\n")
    paths = {s.text: s.heading_path for s in sentences(text)}
    assert paths["招工难。"] == ["当前面临的问题", "缺熟手"]
    assert paths["学校跟着厂走。"] == ["让中试线转起来的办法", "订单式培养"]


def assert_exact(document: Document) -> None:
    """Offsets are exact, pieces don't overlap, and no character but white space is lost."""
    found = segment(document)
    covered: list[int] = []
    for index, s in enumerate(found):
        assert s.index == index
        assert document.text[s.start : s.end] == s.text
        assert (s.pieces[0].start, s.pieces[-1].end) == (s.start, s.end)
        covered += itertools.chain.from_iterable(range(a, b) for a, b in s.pieces)
    assert len(covered) == len(set(covered))
    lost = set(range(len(document.text))) - set(covered)
    assert all(document.text[i].isspace() for i in lost)
    assert len({s.id for s in found}) == len(found)


MANY = settings(max_examples=max(1000, settings().max_examples))


@MANY
@given(messy_text)
def test_that_offsets_are_exact_on_messy_text(text: str) -> None:
    assert_exact(Document.of(text))


@MANY
@given(any_text)
def test_that_offsets_are_exact_on_any_text(text: str) -> None:
    assert_exact(Document.of(text))


@MANY
@given(messy_text)
def test_that_cutting_again_cuts_nothing(text: str) -> None:
    """Outside of quotations, in which ； ends nothing: a sentence out of one does not show that it stood there."""
    plain = re.sub('["“”‘’「」『』〝〞]', "", text)
    cuts = [0, *boundaries(plain), len(plain)]
    assert all(boundaries(plain[a:b].strip()) == [] for a, b in itertools.pairwise(cuts))


@given(messy_text)
def test_that_the_same_text_is_always_cut_the_same_way(text: str) -> None:
    assert segment(Document.of(text)) == segment(Document.of(text))


@pytest.mark.parametrize("path", STARTER, ids=lambda p: p.name[:2])
def test_that_offsets_are_exact_on_the_starter_corpus(path: Path) -> None:
    assert_exact(read_document(path))


@pytest.mark.skipif(not PUBLISHED, reason="the published documents are not at hand (../shared/seeds)")
def test_that_offsets_are_exact_on_published_documents() -> None:
    assert len(PUBLISHED) == 5
    for path in PUBLISHED:
        document = read_document(path)
        assert document.text == path.read_text(encoding="utf-8")
        assert_exact(document)
        assert all(len(s.normalized) < 400 for s in segment(document))


@pytest.mark.parametrize(
    "text",
    [
        "「甲!」乙说" * 40_000,
        '甲!"乙说' * 40_000,
        "1.甲乙：" * 60_000,
        "（发展“资金]" * 40_000,
        "a" + " " * 200_000 + "b",
        "?" * 200_000 + "x",
        "?业" * 20_000,
    ],
)
def test_that_a_line_without_end_is_no_trap(text: str) -> None:
    assert_exact(Document.of(text))  # work that grew with the square of the length would not return
