"""The labelling page of a label set as Label Studio's XML, and the guideline as HTML."""

from __future__ import annotations

import re
from collections import Counter
from itertools import groupby
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from markdown_it import MarkdownIt

from data.labels import NONE_ID, Label, LabelSet

TEXT, LABELS, UNSURE, COMMENT = "text", "labels", "unsure", "comment"
NONE = Label(NONE_ID, "无", "看过了，没有一个标签合适；不与别的标签同选", hotkey="0")
NOT_SURE = Label("unsure", "不确定", "先选出最说得通的标签，再勾这一项", hotkey="9")
_COLOR = re.compile(r"#[0-9a-fA-F]{3,8}|[a-z]+")  # #f0432e
STYLE = """
.policy { max-width: 60rem; margin: 0 auto; padding: 1rem; }
.policy .where h4 { margin: 0 !important; font-size: 14px; font-weight: 400; line-height: 1.7; opacity: .65; }
.policy .where h4:first-child { font-weight: 600; }
.policy .where + .context { margin-top: .6rem; }
.policy .context .lsf-richtext__line { font-size: 15px; line-height: 1.8; opacity: .6; }
.policy .sentence { margin: .5rem 0; padding: .9rem 1rem; border-left: 4px solid #faad14; border-radius: 4px;
  background: rgba(250, 173, 20, .1); }
.policy .sentence .lsf-richtext__line { font-size: 22px; line-height: 1.8; }
.policy .note h4 { margin: .6rem 0 0 !important; font-size: 15px; }
.policy .help h4 { margin: 1.2rem 0 0 !important; font-size: 14px; font-weight: 400; opacity: .65; }
.policy .lsf-choices { display: block; margin: 0; }
.policy .axis { display: flex; flex-wrap: wrap; gap: .6rem; margin-top: .7rem; }
.policy .lsf-choice__checkbox { padding: .1rem .9rem; border: 2px solid var(--label, #8886); border-radius: 999px;
  font-size: 17px; }
.policy .lsf-choice__checkbox .lsf-hint { font-size: 13px; opacity: .75; }
.policy .ant-checkbox-wrapper-checked { background: var(--label, #c9c9c9); }
.policy .ant-checkbox-wrapper-checked span { color: #1a1a1a !important; }
.policy .doubt { display: flex; align-items: flex-start; gap: .6rem; margin-top: 1.5rem; }
.policy .doubt .lsf-text-area { flex: 1; margin: 0 !important; }
.policy [data-testid="textarea-submit-section"] { display: none; }
.lsf-tabs-panel { display: none; }
.lsf-sidepanels { padding-right: 0 !important; }
.guideline { font-size: 15px; line-height: 1.8; }
.guideline h1, .guideline h2, .guideline h3, .guideline h4 { margin: 1.2em 0 .4em; line-height: 1.4; font-weight: 600; }
.guideline h1 { font-size: 22px; }
.guideline h2 { font-size: 19px; }
.guideline h3, .guideline h4 { font-size: 16px; }
.guideline p, .guideline table { margin: .5em 0; }
.guideline ul { padding-left: 1.4em; list-style: disc; }
.guideline ol { padding-left: 1.4em; list-style: decimal; }
.guideline th, .guideline td { padding: .2em .6em; border: 1px solid #8886; text-align: left; }
"""  # the three lines before .guideline hide what only marking of spans needs; a comment needs no button to be kept


def label_config(labels: LabelSet) -> str:
    """The labelling page as XML: people read and press the names, results carry the ids."""
    _check_unique(labels)
    page = Element("View", className="policy")
    SubElement(page, "Style").text = STYLE + _colors(labels)
    where = SubElement(page, "View", className="where")
    SubElement(where, "Header", value="$document_title", size="5")
    SubElement(where, "Header", value="$heading_path", size="6")
    for name, look in (("previous", "context"), (TEXT, "sentence"), ("next", "context")):
        block = SubElement(page, "View", className=look)
        SubElement(block, "Text", name=name, value=f"${name}")
    note = SubElement(page, "View", className="note")
    SubElement(note, "Header", value="$note", size="6")
    help_ = SubElement(page, "View", className="help")
    SubElement(help_, "Header", value="按数字键选择，可选多个，再按一次取消；Ctrl+Enter 提交。", size="6")
    _add_labels(page, labels)
    _add_doubt(page)
    indent(page)
    return tostring(page, encoding="unicode")


def guideline_html(markdown: str) -> str:
    """The guideline for the instruction window. Raw HTML in it stays text."""
    return f'<div class="guideline">{MarkdownIt("commonmark", {"html": False}).enable("table").render(markdown)}</div>'


def _check_unique(labels: LabelSet) -> None:
    """Two labels with one name or one key could not be told apart on the page; the server would take them."""
    every = (*labels.labels, NONE, NOT_SURE)
    counts = Counter(value for label in every for value in (label.name, label.hotkey) if value)
    twice = sorted(value for value, count in counts.items() if count > 1)
    if twice:
        taken = f"{NONE.name} ({NONE.hotkey}) and {NOT_SURE.name} ({NOT_SURE.hotkey}) are taken"
        raise ValueError(f"labels.yaml: every label needs a name and a hotkey of its own, got twice: {twice}; {taken}")


def _rows(labels: LabelSet) -> list[list[Label]]:
    """Labels of one axis on one line, and 无 on its own."""
    return [*(list(row) for _, row in groupby(labels.labels, key=lambda label: label.axis)), [NONE]]


def _colors(labels: LabelSet) -> str:
    return "".join(
        f".policy .axis-{i} .lsf-choice:nth-child({k}) {{ --label: {_color(label)}; }}\n"
        for i, row in enumerate(_rows(labels)[:-1], 1)
        for k, label in enumerate(row, 1)
    )


def _color(label: Label) -> str:
    if not _COLOR.fullmatch(label.color):
        raise ValueError(f"label {label.id}: expected a color such as '#f0432e', got {label.color!r}")
    return label.color


def _add_labels(page: Element, labels: LabelSet) -> None:
    choices = SubElement(page, "Choices", name=LABELS, toName=TEXT, choice="multiple", showInline="true")
    choices.set("required", "true")
    choices.set("requiredMessage", f"请至少选一个标签；都不合适请选“{NONE.name}”（按 {NONE.hotkey}）。")
    for i, row in enumerate(_rows(labels), 1):
        line = SubElement(choices, "View", className=f"axis axis-{i}")
        for label in row:
            _add_choice(line, label)


def _add_doubt(page: Element) -> None:
    doubt = SubElement(page, "View", className="doubt")
    unsure = SubElement(doubt, "Choices", name=UNSURE, toName=TEXT, choice="multiple", showInline="true")
    _add_choice(unsure, NOT_SURE)
    comment = SubElement(doubt, "TextArea", name=COMMENT, toName=TEXT, rows="2", maxSubmissions="1", editable="true")
    comment.set("placeholder", "备注（可不填）：为什么拿不准、引用哪条规则。写完按 Shift+Enter。")


def _add_choice(parent: Element, label: Label) -> None:
    choice = SubElement(parent, "Choice", value=label.name, alias=label.id)
    for name, value in (("hotkey", label.hotkey), ("hint", label.definition)):
        if value:
            choice.set(name, value)
