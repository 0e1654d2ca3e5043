"""Logistic regression over sparse rows, with a penalty on large weights, by gradient descent with momentum."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clew.detector.words import WIDTH, Rows

STEPS = 300
PENALTY = 1e-4
RATE = 20.0
MOMENTUM = 0.9
BIAS = -1.0
"""The logit of a text of which nothing is known: 0.27, so that new words alone are no attack. It is not fitted,
since as many attacks as benign prompts would make it a coin's toss."""


@dataclass(frozen=True, slots=True)
class Linear:
    """weights: one for each column; bias; both in logits."""

    weights: NDArray[np.float64]
    bias: float

    def scores(self, rows: Rows) -> NDArray[np.float64]:
        """How likely each row is an attack, 0 to 1, to four digits."""
        scores: NDArray[np.float64] = np.round(_logistic(rows.times(self.weights) + self.bias), 4)
        return scores


def fitted(rows: Rows, is_attack: NDArray[np.bool_], *, penalty: float = PENALTY) -> Linear:
    """Both classes count the same, however many rows they have."""
    wanted = is_attack.astype(np.float64)
    share = wanted.mean()
    each = np.where(is_attack, 0.5 / share, 0.5 / (1 - share)) / len(wanted)
    weights, speed = np.zeros(WIDTH), np.zeros(WIDTH)
    for _ in range(STEPS):
        errors = (_logistic(rows.times(weights) + BIAS) - wanted) * each
        speed = MOMENTUM * speed - RATE * (rows.back(errors) + penalty * weights)
        weights = weights + speed
    return Linear(weights, BIAS)


def _logistic(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    return 1.0 / (1.0 + np.exp(-np.clip(logits, -30.0, 30.0)))
