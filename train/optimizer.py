"""The optimiser of pretraining: Muon for the matrices of the layers, AdamW for everything else."""

from __future__ import annotations

from typing import Any

import torch

from configs.pretraining import Optimizer, ScheduleConfig


class MuonAdamW(torch.optim.Optimizer):
    """Two optimisers as one to whoever drives it. Without Muon (``schedule.optimizer``), AdamW alone.

    Muon (Jordan et al. 2024) makes the update of a matrix orthogonal; its rate is scaled so that what suits AdamW
    suits it too (Liu et al. 2025, Muon is Scalable for LLM Training). Only these matrices decay: the embedding of a
    rare token would be gone before it comes again.
    """

    def __init__(self, model: torch.nn.Module, schedule: ScheduleConfig) -> None:
        matrices: list[torch.nn.Parameter] = []
        others: list[torch.nn.Parameter] = []
        for name, weight in model.named_parameters():
            (matrices if weight.ndim == 2 and ".layer." in name else others).append(weight)
        rate, decay = schedule.learning_rate, schedule.weight_decay
        muon = schedule.optimizer is Optimizer.muon
        groups: list[dict[str, Any]] = [
            {"params": others, "weight_decay": 0.0},
            *([] if muon else [{"params": matrices}]),
        ]
        adamw = torch.optim.AdamW(groups, rate, betas=(0.9, 0.98), eps=1e-6, weight_decay=decay)
        self._parts: list[torch.optim.Optimizer] = [adamw]
        if muon:
            self._parts.append(torch.optim.Muon(matrices, rate, weight_decay=decay, adjust_lr_fn="match_rms_adamw"))
        super().__init__([group for part in self._parts for group in part.param_groups], {})
        self._share()

    def _share(self) -> None:
        """The groups of the parts are the groups of the whole, so that a schedule reaches both."""
        self.param_groups = [group for part in self._parts for group in part.param_groups]

    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        """One update by each part."""
        for part in self._parts:
            part.step()

    def state_dict(self) -> dict[str, Any]:
        """The states of the parts, in order."""
        return {"parts": [part.state_dict() for part in self._parts]}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take up the states of the parts."""
        for part, state in zip(self._parts, state_dict["parts"], strict=True):
            part.load_state_dict(state)
        self._share()
