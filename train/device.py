"""Where a model is trained and in which precision."""

from __future__ import annotations

from typing import Any

import torch

from configs.schema import Device


def on_cpu(device: Device) -> bool:
    """Whether training runs on the CPU. Raises ValueError where a GPU is asked for that is not there."""
    if device is Device.cuda and not torch.cuda.is_available():
        raise ValueError("device=cuda: this machine has no GPU that torch can use; take device=cpu or device=auto")
    return device is Device.cpu or not torch.cuda.is_available()


def use_bf16(choice: str, cpu: bool) -> bool:
    """``choice``: on, off, or auto, which takes it where the hardware computes in it."""
    if choice != "auto":
        return choice == "on"
    if cpu:
        return bool(torch.cpu.get_capabilities().get("avx512_bf16"))
    return bool(torch.cuda.is_bf16_supported())


def suit_attention(model: Any, cpu: bool) -> None:
    """Spell attention out where the model is trained on a CPU: the gradients of torch's fused one are slow there."""
    if cpu:
        model.set_attn_implementation("eager")
