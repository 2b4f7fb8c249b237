"""Bytes of unknown encoding into text: UTF-8, GB18030, Big5, UTF-16 and UTF-32, told apart by the text they give."""

from __future__ import annotations

import codecs
import math
import re
import unicodedata
from functools import lru_cache
from itertools import islice

from data.normalize import to_simplified

# the commonest characters of official Chinese, commonest first, counted over plans, reports and laws
_COMMON = """
的和人业国发工会建民一主能化设行制政大中展理要产有全应在进用作经生法务实定社等管加动不以是体市规部关地力第合本条智新对十为机方提义成系重当技保我资年强标改同数党区分家基现开准高持济各信公术性度上服们平
推统安门共面革事代了出企通施与据学三个者及构员级二自于文时造计可品农场治利导内立增过水五领结位程科息育项决量监坚组其件教创活下相府或点这多划物求到四向权护入运支源网备范调交单完任步得责所表好供质集处协
联目长善正期取式来并明特放效路织他营外研域依型使城策委就由指必础专车反收形议优防办前题更职商际解道环确续测控模快金照心字需命种深线报问整台思总情阶按互证障态积群健电益意争识极流后之验费案促众战境医具间
根广从审九原接村投查须小预律批检六融转评元试执价无界精维督类团想究将把万干况知世变升配采族色常装口险局风严适格日军子算论继包斗院起助则传别七布八财节两复消先培引例认核励比置都切参违养示列次络百林乡也已
少果稳断着而做还些负历势器层鼓才料老景略受挥康落神史措疗充央围然修海观扩居真申告容未最视卫劳选括款校功因志段存队率综席举章达毛给限针请食予低亿排华许气慧速承贯突县镇打约努止伟序手感克难见住较破材记月析
享今考筑输键名彻易害值急素东除逐去显户非清药样书训房司图注身习但说减属符省船超厂移带汽土千罚固直兴病密贸紧影马筹如销困估没软象又税状很污终走帮令足游绿库补践胜响美只富空链失纪救北派征靠停临抓艺担周够探
远警危再港届满近索驶何奋宣编托端降边良航舶初染且普撑南愿称头犯守念判至灾购竞送额越驾它始便架登京矿著旅盾该站回察矛搞云西天涉占跨侵损售货均巩辆纳致每岸首客录免献履独号盖压荣德故订被询坏师语储粮苏几庭让
此山己遵泛热草贫换青私胞爱湾祖诉河套拓聚诊付繁腐离追宗女罪疾那煤误张禁覆话辅石园版患澳仍错里轻看械署光扬尊拟宁武败帝杂汇伍觉击援望差既巨扶底绩访握候载操尽球待细退激随馆偿艰即宏攻租友附江档绕衡树废绝疫
"""
_MARKS = "，。、；：“”（）《》\u3000 \r\n\t0123456789"
# how likely an encoding is before the text is seen, as a logarithm
_PRIOR = {"utf-8": 8.0, "gb18030": 0.0, "big5hkscs": -2.0, "utf-16-le": -3.0, "utf-16-be": -5.0}
_BOMS = (  # that of UTF-32 begins with that of UTF-16
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_NOT_ASCII = re.compile(rb"[^\t-\r -~]")  # the first byte of 政 in <h1>政策</h1>
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1b]")  # the \0 that UTF-16 leaves behind each letter of R&D
_SAMPLE = 8192  # characters, or two bytes for each, that are looked at
_REPAIRED, _AHEAD = 1000, 40  # broken places that are looked at more closely; bytes that are looked at behind each
_BY_CHANCE = 6  # continuation bytes that text in another encoding may have by chance
FORGIVEN = 0.02  # share of broken characters, of those not ASCII, up to which a text is read with a warning
_LEAST_COMMON = 0.5  # share of common characters, of those not ASCII, below which a text is no Chinese
_MOST_CONTROLS = 0.05  # share of control characters above which a text is no text
_USUAL, _RARE, _IMPOSSIBLE = -11.5, -15.0, -25.0  # logarithms of probabilities


def decode(raw: bytes, source: str = "") -> tuple[str, str]:
    """Bytes to text and the name of the encoding; what is broken becomes U+FFFD. Raises ValueError where none fits.

    A BOM decides; else the encoding in which the text is likeliest, character by character. Detectors go by longer
    sequences of bytes and fail on texts of a few words, which people do have.
    """
    name = next((name for bom, name in _BOMS if raw.startswith(bom)), "") or _likeliest(raw)
    text = raw.decode(name, "replace").lstrip("\ufeff")
    foreign = len(text) - len(text.encode("ascii", "ignore"))
    broken = broken_characters(raw, text) - text.endswith("\ufffd")  # a cut in the last character is no damage
    # what is UTF-8 without a fault, or says what it is, may be in any language
    strange = name in _PRIOR and (name != "utf-8" or broken) and _common_share(text) < _LEAST_COMMON
    controls = len(_CONTROL.findall(text))
    if strange or broken > max(1, FORGIVEN * foreign) or controls > _MOST_CONTROLS * len(text):
        raise ValueError(
            f"{source}: expected text in UTF-8, UTF-16, GB18030 or Big5, got bytes that make none; if it is text, "
            "open it in the program that wrote it and save it as UTF-8"
        )
    if name in ("gb18030", "big5hkscs") and 0 < broken <= _REPAIRED:
        text = raw.decode(name, "resync")
    return text, "big5" if name == "big5hkscs" else name


def _resync(error: UnicodeError) -> tuple[str, int]:
    """Go on behind a broken byte at the next, or the one after it, whichever makes better text.

    A character has two bytes; at the wrong one all that follows would be misread, up to the next ASCII character.
    """
    assert isinstance(error, UnicodeDecodeError)
    at = error.start
    ways = [_log_likelihood(error.object[at + skip : at + skip + _AHEAD], error.encoding) for skip in (1, 2)]
    return "\ufffd", min(at + 1 + (ways[1] > ways[0]), len(error.object))


codecs.register_error("resync", _resync)


def broken_characters(raw: bytes, text: str) -> int:
    """How many characters of the text stand for bytes that could not be read; not those that the author wrote as �."""
    return max(0, text.count("\ufffd") - raw.count("\ufffd".encode()))


def _likeliest(raw: bytes) -> str:
    first = _NOT_ASCII.search(raw)
    if not first or _is_utf8(raw):
        return "utf-8"
    # a character of UTF-16 begins at an even byte; in the others what goes before the first is ASCII
    start = first.start() // 2 * 2 if first.start() > _SAMPLE else 0
    sample = raw[start : start + 2 * _SAMPLE]
    return max(_PRIOR, key=lambda name: _PRIOR[name] + _log_likelihood(sample, name))


def _is_utf8(raw: bytes) -> bool:
    """Without a fault, and too long for that to happen by chance."""
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        return False
    return len(raw) - len(text) >= _BY_CHANCE and not _CONTROL.search(text)


def _log_likelihood(sample: bytes, name: str) -> float:
    """Of the text that the bytes give. Every encoding explains the same bytes, so the sums can be compared."""
    text = sample.decode(name, "replace")
    return sum(map(_log_probability, to_simplified(text)))


def _common_share(text: str) -> float:
    """Of the characters that are not ASCII, the share that a Chinese text usually has; 1 where there are none."""
    foreign = to_simplified("".join(islice((char for char in text if not char.isascii()), _SAMPLE)))
    return sum(_log_probability(char) >= _USUAL for char in foreign) / len(foreign) if foreign else 1.0


_LOG = {char: math.log(0.24 / (rank + 30)) for rank, char in enumerate("".join(_COMMON.split()))}
_LOG |= dict.fromkeys(_MARKS, -4.5)


@lru_cache(maxsize=1 << 16)
def _log_probability(char: str) -> float:
    """Of a character in a simplified Chinese document, roughly: Zipf's law where common, else a guess by its class."""
    if char in _LOG:
        return _LOG[char]
    kind = unicodedata.category(char)[0]
    if kind == "C" or char == "\ufffd":  # control, private use, unassigned, half of a pair; not to be read
        return _IMPOSSIBLE
    if char.isascii():
        return -7.5
    if kind in "PSN":
        return -9.5 if unicodedata.east_asian_width(char) in "FWA" else _RARE
    return _USUAL if b"\xb0\xa1" <= char.encode("gb2312", "replace") <= b"\xd7\xf9" else _RARE  # level 1
