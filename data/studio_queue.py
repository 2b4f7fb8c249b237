"""What a push suggests for each sentence, and the order in which people see them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from data.labellers import LEXICON, UNKNOWN, Labeller, Said
from data.order import Order, arrange, is_blind, positions
from data.stopping import agreement_of_models, hint
from data.studio_page import TEXT
from data.studio_store import Store
from data.studio_tasks import BLIND, Task

SAMPLING = {Order.random: "Uniform sampling", Order.uncertainty: "Uncertainty sampling"}


@dataclass(frozen=True, slots=True)
class Prediction:
    """A suggestion on its way to the server; ``score`` is the place in the queue, the lowest first."""

    version: str
    said: Said
    blind: bool
    score: float

    @property
    def shown(self) -> list[str]:
        """What people see ticked. A 无 is never ticked: it would have to be unticked before every other label."""
        return [] if self.blind else self.said.labels


@dataclass(frozen=True, slots=True)
class Queue:
    """Who suggests labels, in which order people see the sentences, and which share of them stays blind.

    Without an order the sentences keep the one they came in. Blind sentences are always the same ones, whatever the
    labeller says, and stand evenly among the others in the order of their hash: a random sample of everything.
    """

    labeller: Labeller | None = None
    order: Order | None = None
    blind: float = 0.0
    seed: int = 13

    def __post_init__(self) -> None:
        if self.order is Order.uncertainty and not (self.labeller and self.labeller.confident):
            raise ValueError(
                "--order uncertainty: expected a model that knows how sure it is, got "
                f"{self.labeller.version if self.labeller else 'none'}; name a model directory with --prelabel, or "
                "start with --order diverse"
            )
        if not 0 <= self.blind < 1:
            raise ValueError(f"--blind: expected a share from 0 to below 1, got {self.blind}")

    @property
    def version(self) -> str:
        """What the predictions are called, and the project's model version; empty where there are none."""
        if self.labeller:
            return self.labeller.version
        return Order.diverse.value if self.order is Order.diverse else ""

    @property
    def sampling(self) -> str:
        """How the server has to hand out the tasks; empty where that stays as it is."""
        return SAMPLING[Order.random if self.order is Order.random else Order.uncertainty] if self.order else ""

    def marked(self, task: Task) -> Task:
        """The task with whether it is blind, also where only a connected model may suggest labels."""
        return {**task, BLIND: is_blind(task["ext_id"], self.blind, self.seed)}

    @property
    def ranking(self) -> str:
        """What the places in the queue depend on; with another one all of them are given anew."""
        return f"{self.order or 'none'}, seed {self.seed}, blind {self.blind}"

    def plan(self, tasks: Sequence[Task], beside: Sequence[tuple[Task, Said]] = ()) -> dict[str, Prediction]:
        """A prediction for every task, by ext_id; none where nothing is suggested and no order is asked for.

        ``beside`` are tasks that have theirs already: the new ones take their places among them.
        """
        if not self.version or not tasks:
            return {}
        texts = [task[TEXT] for task in tasks]
        said = self.labeller.say(texts) if self.labeller else [Said([], UNKNOWN)] * len(texts)
        scores = self._places([*zip(tasks, said, strict=True), *beside]) if self.order else [s.confidence for s in said]
        return {
            task["ext_id"]: Prediction(self.version, s, bool(task.get(BLIND)), score)
            for task, s, score in zip(tasks, said, scores, strict=False)
        }

    def _places(self, rows: Sequence[tuple[Task, Said]]) -> list[float]:
        assert self.order
        ids, texts = [task["ext_id"] for task, _ in rows], [task[TEXT] for task, _ in rows]
        sure, blind = [s.confidence for _, s in rows], [bool(task.get(BLIND)) for task, _ in rows]
        return positions(arrange(ids, texts, sure, self.order, blind, self.seed))


def hint_of(kept: Store, queue: Queue, plan: Mapping[str, Prediction]) -> str:
    """Whether more labels change the model: it beside the one before it, on the sentences nobody has labelled."""
    others = (queue.version, Order.diverse.value)  # no models
    older = [v for v in kept.versions() if v not in others and not v.startswith(f"{LEXICON}@")]
    if not (queue.labeller and queue.labeller.confident and older):
        return ""
    before = kept.suggestions(older[-1])
    both = sorted(before.keys() & plan.keys())
    known = sorted(queue.labeller.labels)
    if not both or any(set(before[key].labels) - set(known) for key in both):
        return ""
    pairs = [before[key].labels for key in both], [plan[key].said.labels for key in both]
    return hint(agreement_of_models(*pairs, known), len(both))


def check_labels(labeller: Labeller, known: Sequence[str]) -> None:
    """Raises ValueError where a labeller suggests labels that the project doesn't have."""
    if strange := sorted(labeller.labels - set(known)):
        raise ValueError(
            f"--prelabel: {labeller.version} suggests {strange}, expected labels of the project: {list(known)}; "
            "name a model that was trained on this label set"
        )
