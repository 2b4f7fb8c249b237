"""The Label Studio project: created or brought up to date from a label set and a guideline, found by its title."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from lxml import etree

from data.labels import NONE_ID, LabelSet
from data.studio_client import EXPORT, explained, fetch
from data.studio_page import LABELS, guideline_html, label_config

if TYPE_CHECKING:
    from label_studio_sdk import LabelStudio

TITLE = "政策句子标注"
TITLE_LENGTHS = range(3, 51)
ADJUDICATION = "·裁定"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a project: created, updated or unchanged."""

    project: int
    done: str


@dataclass(frozen=True, slots=True)
class Settings:
    """How many people label a sentence, and which share (percent) of the sentences; None leaves it as it is.

    ``extend`` lets labels be added, and never used ones be taken away, although people have labelled already.
    """

    annotators: int | None = None
    overlap: int | None = None
    extend: bool = False

    def wanted(self) -> dict[str, int]:
        """The project's settings that these are."""
        given = {"maximum_annotations": self.annotators, "overlap_cohort_percentage": self.overlap}
        return {name: value for name, value in given.items() if value is not None}


def setup(
    client: LabelStudio,
    labels: LabelSet,
    guideline: str,
    title: str,
    settings: Settings = Settings(),
) -> Outcome:
    """Create the project or bring it up to date."""
    title = title.strip()  # as the server does
    if len(title) not in TITLE_LENGTHS:
        raise ValueError(f"--project: expected a title of 3 to 50 characters, got {len(title)}: {title!r}")
    wanted = _wanted(labels, guideline)
    found = find_project(client, title)
    if found is None:
        with explained(f"the project {title!r} was not created"):
            made = client.projects.create(title=title, **{"maximum_annotations": 1, **wanted, **settings.wanted()})
        return Outcome(_id(made), "created")
    return _update(client, found, wanted | settings.wanted(), labels, settings.extend)


def find_project(client: LabelStudio, title: str) -> int | None:
    """The id of the project with exactly this title, blanks around it aside."""
    title = title.strip()
    with explained("the projects were not listed"):
        pages: Iterable[Any] = client.projects.list(title=title)  # a search: it also finds longer titles
        found = [_id(project) for project in pages if project.title == title]
    if len(found) > 1:
        raise ValueError(f"projects {found} all have the title {title!r}; rename all but one in Label Studio")
    return found[0] if found else None


def adjudication_of(title: str) -> str:
    """The title of the project in which a third decides what a project's annotators see differently."""
    title = title.strip()
    whole = title + ADJUDICATION
    if len(whole) in TITLE_LENGTHS:
        return whole
    mark = f"…{sha256(title.encode()).hexdigest()[:6]}{ADJUDICATION}"  # another long title begins like this one
    return title[: TITLE_LENGTHS.stop - 1 - len(mark)] + mark


def identity(project: dict[str, Any]) -> str:
    """What tells a project from another one of its title, also at another address of its server."""
    return f"project {project['id']} of {project['created_at']}"


def labels_of(config: str) -> list[str]:
    """The ids that a labelling page gives to the labels of a sentence, 无 included; none where it is another page."""
    try:
        page = etree.fromstring(config, etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False))
    except etree.XMLSyntaxError:
        return []
    return [str(c.get("alias") or c.get("value")) for c in page.iterfind(f".//Choices[@name='{LABELS}']//Choice")]


def _wanted(labels: LabelSet, guideline: str) -> dict[str, Any]:
    config = label_config(labels)
    _check_config(config)
    return {
        "label_config": config,
        "expert_instruction": guideline_html(guideline),
        "show_instruction": True,
        "show_collab_predictions": True,
        "enable_empty_annotation": False,
    }


def _check_config(config: str) -> None:
    from label_studio_sdk._legacy import exceptions
    from label_studio_sdk.label_interface.interface import LabelInterface

    refusals = (
        exceptions.LabelStudioValidationErrorSentryIgnored,
        exceptions.LabelStudioXMLSyntaxErrorSentryIgnored,
    )
    try:
        LabelInterface(config).validate()  # type: ignore[no-untyped-call]
    except refusals as error:
        raise ValueError(f"the label set makes no valid labelling page: {error}; mend labels.yaml") from error


def _update(client: LabelStudio, project: int, wanted: dict[str, Any], labels: LabelSet, extend: bool) -> Outcome:
    with explained(f"project {project} was not read"):
        now = fetch(client, f"api/projects/{project}").body
    changed = {name: value for name, value in wanted.items() if now[name] != value}
    if not changed:
        return Outcome(project, "unchanged")
    if "label_config" in changed:
        _check_change(client, now, labels, extend)
    with explained(f"project {project} was not changed"):
        if "label_config" in changed:  # a plain update would look neither at the annotations nor at the tasks
            client.projects.validate_label_config(project, label_config=wanted["label_config"])
        client.projects.update(project, **changed)
    return Outcome(project, "updated")


def _check_change(client: LabelStudio, now: dict[str, Any], labels: LabelSet, extend: bool) -> None:
    """Raises ValueError, with the consequences, where people have labelled with another label set."""
    answered = now["total_annotations_number"] + now["skipped_annotations_number"]
    before, after = labels_of(now["label_config"]), [*labels.ids, NONE_ID]
    if not answered or not before or before == after:
        return
    used = _used_labels(client, int(now["id"]))
    if missing := sorted(used.keys() - set(after)):
        raise ValueError(
            f"project {now['id']} was not changed: answers use labels that labels.yaml doesn't have "
            f"({', '.join(f'{label}: {used[label]} times' for label in missing)}). Without them these answers "
            "could not be read any more. Keep the labels in labels.yaml (a new Chinese name is fine, the id stays), "
            "or set up a new project with --project and another title"
        )
    unasked = [label for label in after if label not in before and label not in used]
    removed = [label for label in before if label not in after]
    if (unasked or removed) and not extend:
        lost = f"The labels {removed}, never used, go away. " if removed else ""
        never = (
            f"{answered} answers were given without {unasked} being asked: they'd count as “not {' / '.join(unasked)}” "
        )
        raise ValueError(
            f"project {now['id']} was not changed: people have labelled with another label set. {lost}"
            f"{never + 'until somebody reads these sentences again. ' if unasked else ''}"
            "If that is meant, say --extend; else set up a new project with --project and another title"
        )


def _used_labels(client: LabelStudio, project: int) -> Counter[str]:
    """How many answers chose each label. Counted here: the server's own count leaves out what was imported."""
    with explained(f"project {project} was not read"):
        tasks = fetch(client, f"api/projects/{project}/export", **EXPORT).body
    results = [result for task in tasks for answer in task["annotations"] for result in answer["result"]]
    return Counter(x for r in results if r["from_name"] == LABELS for x in r["value"].get("choices", []))


def _id(thing: Any) -> int:
    """The id of what the server sent; the client leaves it open whether there is one."""
    return int(thing.id)
