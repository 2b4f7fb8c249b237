"""A start for positions: waves, and heads that look at the tokens beside them.

With random positions a model first has to find out which tokens stand beside each other, and until then learns little
more than frequencies. Sinusoids (Vaswani et al. 2017) make "so many places on" a rotation, and a rotation is what the
queries of a head can begin with. Only values of standard BERT weights change; training moves them like any others.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import torch

STRENGTH = 0.8  # of queries and keys; 0.4 makes them as large as BERT's random weights
SCALE = 0.02  # standard deviation of BERT's random positions, which these replace
CROWDING = 1.5  # above 1, more waves are long; 1 would repeat every few dozen places
Floats = npt.NDArray[np.float64]


def start_positions(model: Any, layers: int, seed: int) -> None:
    """Set the positions of a BertForMaskedLM, and in its first ``layers`` layers queries and keys.

    The heads of a layer look at the places -1, 1, -2, 2, … from their own.
    """
    config = model.config
    width = config.hidden_size // config.num_attention_heads
    frequencies = _frequencies(width // 2)
    angles = np.arange(config.max_position_embeddings)[:, None] * frequencies
    waves = np.concatenate([np.cos(angles), np.sin(angles)], axis=1)
    spread = _orthonormal(width, config.hidden_size, seed)
    size = SCALE * np.sqrt(config.hidden_size / (width // 2))
    with torch.no_grad():
        model.bert.embeddings.position_embeddings.weight.copy_(torch.from_numpy(size * waves @ spread))
        for layer in model.bert.encoder.layer[:layers]:
            attention = layer.attention.self
            for head in range(config.num_attention_heads):
                rows = slice(head * width, (head + 1) * width)
                turned = _rotation(frequencies, place(head)) @ spread
                attention.query.weight[rows] = torch.from_numpy(STRENGTH * turned).float()
                attention.key.weight[rows] = torch.from_numpy(STRENGTH * spread).float()


def place(head: int) -> int:
    """Where a head looks: -1, 1, -2, 2, …"""
    return (head // 2 + 1) * (1 if head % 2 else -1)


def _frequencies(count: int) -> Floats:
    """Radians a place, from nearly 0 to nearly pi."""
    return np.asarray(np.pi * ((np.arange(count) + 0.5) / count) ** CROWDING)


def _orthonormal(rows: int, columns: int, seed: int) -> Floats:
    """Random orthonormal rows: in which directions of the hidden state the waves stand."""
    drawn = np.random.default_rng(seed).standard_normal((columns, rows))
    return np.asarray(np.linalg.qr(drawn)[0].T)


def _rotation(frequencies: Floats, places: int) -> Floats:
    """The matrix that turns the waves of a place into those of so many places on."""
    cos, sin = np.diag(np.cos(frequencies * places)), np.diag(np.sin(frequencies * places))
    return np.block([[cos, -sin], [sin, cos]])
