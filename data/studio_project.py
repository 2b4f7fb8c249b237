"""The Label Studio project: created or brought up to date from a label set and a guideline, found by its title."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from data.labels import LabelSet
from data.studio_client import explained
from data.studio_page import guideline_html, label_config

if TYPE_CHECKING:
    from label_studio_sdk import LabelStudio

TITLE = "政策句子标注"
TITLE_LENGTHS = range(3, 51)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a project: created, updated or unchanged."""

    project: int
    done: str


def setup(client: LabelStudio, labels: LabelSet, guideline: str, title: str, annotators: int | None) -> Outcome:
    """Create the project or bring it up to date; ``annotators`` is how many people label each sentence."""
    if len(title) not in TITLE_LENGTHS:
        raise ValueError(f"--project: expected a title of 3 to 50 characters, got {len(title)}: {title!r}")
    wanted = _wanted(labels, guideline)
    found = find_project(client, title)
    if found is None:
        with explained(f"the project {title!r} was not created"):
            made = client.projects.create(title=title, maximum_annotations=annotators or 1, **wanted)
        return Outcome(_id(made), "created")
    if annotators:
        wanted["maximum_annotations"] = annotators
    return _update(client, found, wanted)


def find_project(client: LabelStudio, title: str) -> int | None:
    """The id of the project with exactly this title."""
    with explained("the projects were not listed"):
        pages: Iterable[Any] = client.projects.list(title=title)  # a search: it also finds longer titles
        found = [_id(project) for project in pages if project.title == title]
    if len(found) > 1:
        raise ValueError(f"projects {found} all have the title {title!r}; rename all but one in Label Studio")
    return found[0] if found else None


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


def _update(client: LabelStudio, project: int, wanted: dict[str, Any]) -> Outcome:
    with explained(f"project {project} was not read"):
        now = client.projects.get(project)
    changed = {name: value for name, value in wanted.items() if getattr(now, name) != value}
    if not changed:
        return Outcome(project, "unchanged")
    advice = (
        "A label that annotations use can't be taken away or get another id: keep it in labels.yaml, "
        "or set up a new project with --project and another title"
    )
    with explained(f"project {project} was not changed", advice):
        if "label_config" in changed:  # a plain update would not look at the annotations
            client.projects.validate_label_config(project, label_config=wanted["label_config"])
        client.projects.update(project, **changed)
    return Outcome(project, "updated")


def _id(thing: Any) -> int:
    """The id of what the server sent; the client leaves it open whether there is one."""
    return int(thing.id)
