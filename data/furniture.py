"""What stands around the text of a document, line by line: navigation, bylines, captions, references, signatures."""

from __future__ import annotations

import re
from collections import Counter

from data.lines import HEADING_LENGTH, Line, ends, is_short

_DIGIT = "一二三四五六七八九十百〇○零两"
_DATE = (
    rf"(?:\d{{4}}|[{_DIGIT}]{{4}})\s*年\s*(?:\d{{1,2}}|[{_DIGIT}]{{1,3}})?\s*月\s*(?:\d{{1,2}}|[{_DIGIT}]{{1,3}})?\s*日"
)
_NAVIGATION = re.compile(
    r"^\d{4}-\d{1,2}-\d{1,2}(\s|$)|^您?(的|当前的?|所在的?)?位置\s*[:：]|^您在这里|^首页(\s|$|[|>»›])|\d\s*条评论|\d\s*人参与|^(确认)?注销|同意注销"
    r"|^(网友|最新|最热|查看.{0,4})?评论(\s|$|[（(]|一下)|^还没有评论|^点击切换|^身份验证|^(用户)?登录(.{0,8}账号)?$"
    r"|^(登录|注册)\s*[|｜]|^确定$|^请谨慎操作|字[号体]\s*[:：]|^【?打印|^【?关闭(本页|窗口)?】?$|打印(本页)?】|分享到"
    r"|^转给朋友|浏览次数|阅读次数|点击\s*[:：]|^日期\s*[:：]\s*\d|扫一扫|ICP备|公网安备|^版权所有|网站地图|^(上|下)一篇|^相关(新闻|阅读|链接)\s*([:：]|$)|×$|设为首页|加入收藏"
    r"|^[^。，|｜]{2,8}(\s*[|｜]\s*[^。，|｜]{2,12}){2,}$"
)  # 您的位置: 首页 » 新闻 ; 评论 0人参与
_PAGE = re.compile(
    r"^[—–-]+\s*\d{1,4}\s*[—–-]+$|^第?\s*\d{1,4}\s*页(\s*[,，/]?\s*共\s*\d+\s*页)?$|^\d{1,4}\s*/\s*\d{1,4}$"
)  # — 3 —
_TALLY = re.compile(r"([\s.．…·]{4,}|\t)\d{1,4}$")  # 一、总体要求……………3
_CONTENTS = re.compile(r"目\s*[录次]$")  # 目 录
_NUMBER = re.compile(
    r"^[\u4e00-\u9fff]{1,14}[〔\[（(【]\s*(19|20)\d\d\s*[〕\]）)】]\s*(第\s*)?\d{1,5}\s*号$|^第\s*\d{1,4}\s*号$"
)  # 某政办发〔2024〕12号
_NOTE = re.compile(
    rf"^[（(]\s*{_DATE}.{{0,60}}[）)]$|^[（(—–-]*\s*{_DATE}.{{0,60}}会议?上[）)]?$|^{_DATE}.{{0,40}}(通过|公布|修正|修订|批准|施行|印发|发布)[）)]?$"
    r"|^[（(]\s*此件.{0,16}[）)]$|公开(选项|方式|属性|类别)\s*[:：]|^此件.{0,6}公开(发布)?$"
)  # （2024年1月8日在市第十六届人民代表大会第四次会议上）
# 2020年1月8日 某市第五届人民代表大会常务委员会第三次会议《…》第一次修正
_HISTORY = re.compile(
    rf"[（(]?\s*(根据)?{_DATE}[^。]*(会议|公告|委员会)[^。]*(通过|公布|修正|修订|批准|施行|发布)[）)]?$"
)
_BYLINE = re.compile(
    r"^[◎□]|^○\s|^·.{2,10}·$|^[（(](记者|通讯员)\s.*[）)]$|^[■●]\s*.{2,20}(政协|局|委员会|研究院|大学|学院)$|^(本报|本刊|新华社)?(记者|通讯员)\s|执笔\s*[:：]"
    r"|^(来源|时间|发布时间|发布日期|作者|文号|索引号|关键词|标签|主题词|责任编辑|编辑|编审|审核|发文机关|成文日期|标题|主题分类|(主办|承办|协办)(单位)?|解读(人|单位)|网站标识码)\s*[:：]"
    r"|^[（(〔［\[].{0,40}作者|^责任编辑\s|责任编辑\s*[:：]|^文\s*[/／]|^(采访|采写|整理|策划|撰文|口述|执笔)[、\s/／：:]|.(调研组|课题组|编辑部|研究组|报道组)$"
    r"|^.{0,20}(研究员|教授|评论员|记者|通讯员|博士|市长|省长|区长|县长|书记|主任|主席|总理)\s+[\u4e00-\u9fff]{2,4}$"
)  # ◎杨某 本报记者
# 《某某参事》2024年第6期 ; 某某评论　2025年5月号 ; 2025年3月11日　第7版
_MASTHEAD = re.compile(r"(\d{4}年)?\s*总?第\s*\d{1,4}\s*期|\d{4}年\d{1,2}月号|年\d{1,2}月\d{1,2}日.*第\s*\d{1,3}\s*版")
_CAPTION = re.compile(
    r"^(图|表|附图|附表)\s*[\d①-⑳]+([-–.．]\d+)?(\s*[:：　 ]|[\u4e00-\u9fff][^，。；]*$)|^图[为/].{4,}|^[（(]图略[）)]$"
    r"|(^|[\s　。；，（(])[\u4e00-\u9fff]{2,4}(\s*[/／]?\s*(摄|供图)|(\s+|\s*[/／]\s*)摄影)[）)]?$"
)  # 生产车间。 张某摄
_REFERENCES = re.compile(r"^(参考文献|参考资料|注释)\s*[:：]?$")  # 参考文献：
_REFERENCE = re.compile(r"^[-–•]?\s*[\[［〔]\d{1,3}[\]］〕]")  # [1] 张某.论创新[J].
_SIGNED = re.compile(
    rf"^[（(]?{_DATE}[）)]?(签发|\s*印发)?[\s?]*$|{_DATE}\s*印发$|^印发(机关|单位)\s*[:：]|^[（(]?联[系络]+[人方]\s*[:：]|^(联系)?(电\s*话|传\s*真|邮\s*编|(电子)?邮\s*[箱件])\s*[:：]|\d{{3,4}}\s*[-－—]\s*\d{{7,8}}$|^(抄送|抄报|主送|附件)\s*[:：]"
)  # 2021年8月2日 ; 联系人：
_ISSUER = re.compile(
    r"^.{2,30}(人民政府|委员会|办公[厅室]|(?<![布格结全大])局|(?<!大)厅|(?<![总干内外全西东南北中局])部|政协)[\s?]*$"
)  # 某市科学技术局, but not 优化产业布局
_REPORTER = re.compile(
    r"[◎□]|[（(](记者|通讯员)|(本报|本刊|新华社)?(记者|通讯员)\s|(作者|来源|执笔)\s*[:：]"
)  # ◎杨某 本报记者
_DATED = re.compile(rf"[（(]?({_DATE}|(\d{{4}}|[{_DIGIT}]{{4}})年(\d{{1,2}}|[{_DIGIT}]{{1,3}})月[）)]?$)")  # 2024年5月
_SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏"
    "韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤"
)
_NAME = re.compile(rf"[{_SURNAMES}][\u4e00-\u9fff]{{1,3}}$")  # 顾念慈
_AUTHOR = re.compile(r"^[（(〔［\[]作者.{0,4}[系为是：:]")  # 〔作者系某大学教授〕
_HAN = re.compile(r"[\u3400-\u9fff]")
_NO_NAME = re.compile(r"[，,（(《：:\t#]")  # what no issuer's name has: 会同市财政局，
REPEATS = 3  # a short line that comes so often may be a running title
NAME = 16  # characters; a longer line that ends as an office does can be a part of a sentence
LONGEST = 60  # characters; longer lines are text
HISTORY = 250  # but for the dates at which a law was passed and amended: 2020年1月8日 …会议《…》第一次修正


def is_byline(text: str) -> bool:
    """Who wrote an article, on a line of its own under its title: ◎杨某 本报记者."""
    return bool(_REPORTER.match(text))


def is_author(text: str) -> bool:
    """The note on who wrote it: 〔作者系某大学教授〕."""
    return bool(_AUTHOR.match(text))


def name_furniture(lines: list[Line]) -> None:
    """Give the lines that surround the text their kind."""
    head = _head(lines)
    running = _running_titles(lines)
    contents = _contents(lines)
    for i, line in enumerate(lines):
        if line.kind:
            continue
        if i in contents or line.text in running:
            line.kind = "boilerplate"
        elif _is_attachment(lines, i) or _is_issuer(lines, i):
            line.kind = "signature"
        else:
            line.kind = kind_of_line(line.text, line.number is not None)
        if i < head and (_DATED.match(line.text) or (i and _NAME.match(line.text))):
            line.kind = "boilerplate"  # under the title


def _head(lines: list[Line]) -> int:
    """How many lines stand before the first sentence; 0 for a text without sentences."""
    return next((i for i, line in enumerate(lines) if ends(line.text) or line.number), 0)


def _running_titles(lines: list[Line]) -> set[str]:
    """Short lines that come again and again, mostly beside the number of a page or in the middle of a sentence."""
    counts: Counter[str] = Counter()
    broken: Counter[str] = Counter()
    for before, line, after in zip([None, *lines], lines, [*lines[1:], None], strict=False):
        if len(line.text) > HEADING_LENGTH or line.number or ends(line.text):
            continue
        counts[line.text] += 1
        paged = any(other is not None and _PAGE.match(other.text) for other in (before, after))
        torn = before is not None and not ends(before.text) and not is_short(before.text)
        broken[line.text] += paged or torn
    return {text for text, count in counts.items() if count >= REPEATS and 2 * broken[text] >= count}


def _contents(lines: list[Line]) -> range:
    """The lines of a table of contents: from the word 目录 to where the first of its entries comes again."""
    start = next((i for i, line in enumerate(lines) if _CONTENTS.match(line.text)), len(lines))
    if start + 1 >= len(lines):
        return range(0)
    first = _TALLY.sub("", lines[start + 1].text)
    end = next((i for i in range(start + 2, len(lines)) if lines[i].text == first), start + 1)
    while end > start + 2 and not lines[end - 1].number and not _TALLY.search(lines[end - 1].text):
        end -= 1  # the title that stands after it
    return range(start, end)


def _is_attachment(lines: list[Line], i: int) -> bool:
    """A further line of the list of attachments: 附件：1.… / 2.…"""
    before, line = lines[i - 1], lines[i]
    begun = i > 0 and before.kind == "signature" and (before.number or before.text.startswith("附件"))
    return bool(begun and line.number and not ends(line.text))


def _is_issuer(lines: list[Line], i: int) -> bool:
    """Who signs: an office, or whatever stands over the date at the end of a letter."""
    line, after = lines[i], lines[i + 1] if i + 1 < len(lines) else None
    before = lines[i - 1] if i else None
    if line.number or ends(line.text) or len(line.text) > LONGEST // 2 or _NO_NAME.search(line.text):
        return False
    if after is not None and after.text.startswith(("关于", "印发")):
        return False  # the first half of a title: 某市人民政府 / 关于加快创新的意见
    dated = after is not None and bool(_DATED.match(after.text))
    finished = before is not None and (before.kind == "signature" or ends(before.text))
    if not _ISSUER.match(line.text):
        return dated and finished
    if finished or dated or before is None or after is None:
        return True
    return len(line.text) <= NAME and is_short(before.text) and ends(after.text)  # under a title


def kind_of_line(text: str, numbered: bool) -> str:
    """reference, boilerplate, caption or signature, by its form alone; empty for a line of the text itself."""
    if _REFERENCE.match(text) or _REFERENCES.match(text):
        return "reference"
    if len(text) > LONGEST:
        return "boilerplate" if _AUTHOR.match(text) or (len(text) <= HISTORY and _HISTORY.match(text)) else ""
    if _SIGNED.search(text):
        return "signature"
    if text.endswith(("。", "；", ";", "，")):
        return ""
    if _CAPTION.search(text):
        return "caption"
    return "boilerplate" if _surrounds(text, numbered) else ""


def _surrounds(text: str, numbered: bool) -> bool:
    if not _HAN.search(text) or any(
        rule.search(text) for rule in (_PAGE, _NOTE, _BYLINE, _TALLY, _CONTENTS, _MASTHEAD)
    ):
        return True
    return not numbered and bool(_NAVIGATION.search(text) or _NUMBER.match(text))
