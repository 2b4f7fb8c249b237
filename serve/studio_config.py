"""A project's labelling page, Label Studio's XML: where its labels are ticked and which field holds the text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from configs.schema import Task

if TYPE_CHECKING:
    from lxml.etree import _Element

ADVICE = (
    "make the labelling page with `python -m data label-studio setup` and the labels.yaml that the model was trained "
    "on, or serve another model"
)
SHOWN, SHOWN_CHARACTERS = 20, 40  # of a page's own names in an error


@dataclass(frozen=True, slots=True)
class Control:
    """The boxes ``from_name`` on the object ``to_name``, whose text is the task's field ``field``."""

    from_name: str
    to_name: str
    field: str


USUAL = Control("labels", "text", "text")  # what `python -m data label-studio setup` makes


def find_control(label_config: str | None, ids: Sequence[str], task: Task) -> Control:
    """The control that can hold every label of the model; the usual one where no page is given.

    Raises ValueError where the page doesn't fit, saying what it lacks.
    """
    if not label_config or not label_config.strip():
        return USUAL
    page = _parsed(label_config)
    controls = [x for x in page.iter("Choices") if x.get("name") and x.get("toName")]
    if not controls:
        raise ValueError(f"label_config: expected a <Choices> with name and toName, found none; {ADVICE}")
    best = max(controls, key=lambda control: len(set(ids) & set(_choices(control))))
    _check_fit(best, ids, task)
    return Control(best.get("name", ""), best.get("toName", ""), _field(page, best.get("toName", "")))


def _parsed(label_config: str) -> _Element:
    """Without entities, a document type or the network."""
    from lxml import etree  # only now: most servers never meet a labelling page

    if "<!DOCTYPE" in label_config:  # before parsing: in attributes, its entities would be expanded
        raise ValueError(f"label_config: expected XML without a document type, got <!DOCTYPE; {ADVICE}")
    parser = etree.XMLParser(
        encoding="utf-8", resolve_entities=False, load_dtd=False, no_network=True, remove_comments=True, remove_pis=True
    )
    try:
        return etree.fromstring(label_config.strip().encode(), parser)
    except UnicodeEncodeError:
        why = "half of a surrogate pair"
    except etree.XMLSyntaxError as error:
        line, column = error.position
        why = f"an error at line {line}, column {column}"
    raise ValueError(f"label_config: expected a labelling page in XML such as <View>…</View>, got {why}; {ADVICE}")


def _choices(control: _Element) -> list[str]:
    """The ids as results carry them: the alias, or the value where a choice has none."""
    return [x.get("alias") or x.get("value") or "" for x in control.iter("Choice")]


def _check_fit(control: _Element, ids: Sequence[str], task: Task) -> None:
    has = _choices(control)
    name = control.get("name", "")[:SHOWN_CHARACTERS]
    if missing := [x for x in ids if x not in set(has)]:
        shown = [x[:SHOWN_CHARACTERS] for x in has[:SHOWN]]
        raise ValueError(
            f"label_config: expected a choice for each of the model's labels {list(ids)}, the control {name!r} lacks "
            f"{missing} (it has {shown}{' and more' if len(has) > SHOWN else ''}); {ADVICE}"
        )
    if task is Task.multi_label and control.get("choice") != "multiple":
        raise ValueError(
            f'label_config: expected choice="multiple" on the control {name!r}, as the model gives a sentence several '
            f"labels, got {control.get('choice', 'single')[:SHOWN_CHARACTERS]!r}; {ADVICE}"
        )


def _field(page: _Element, name: str) -> str:
    """The task field that the object of this name shows: text for value="$text"."""
    for element in page.iter():
        value = element.get("value") or ""
        if element.get("name") == name and value.startswith("$") and len(value) > 1:
            return str(value[1:])
    raise ValueError(
        f"label_config: expected a tag with the name {name[:SHOWN_CHARACTERS]!r} and a value such as "
        f'"$text", found none; {ADVICE}'
    )
