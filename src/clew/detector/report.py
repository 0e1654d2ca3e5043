"""How well a detector does on what it has not seen: each source by the others, or late prompts by early ones.

Never by a random split: prompts of one source are alike, and a share of them in the training would tell the rest.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clew.detector.labelled import Labelled
from clew.detector.linear import fitted
from clew.detector.words import rows_of

THRESHOLD = 0.5
LATE = 0.3
"""The share of the prompts, by time, that is held out."""


@dataclass(frozen=True, slots=True)
class Held:
    """One part that was held out. recall, precision and flagged_share are NULL (None) without such prompts.

    flagged_share  of the benign prompts, those that were taken for attacks
    """

    part: str
    attacks: int
    found: int
    benign: int
    flagged: int

    @property
    def recall(self) -> float | None:
        return self.found / self.attacks if self.attacks else None

    @property
    def precision(self) -> float | None:
        return self.found / (self.found + self.flagged) if self.found + self.flagged else None

    @property
    def flagged_share(self) -> float | None:
        return self.flagged / self.benign if self.benign else None


def held_out(prompts: Sequence[Labelled]) -> tuple[str, list[Held]]:
    """By what was held out ("source", "time" or "" where the file tells neither), and the parts."""
    attacks = np.array([one.is_attack for one in prompts])
    sources = sorted({one.source for one in prompts if one.source is not None})
    if len(sources) > 1:
        names = np.array([one.source or "" for one in prompts])
        parts = [(name, names == name) for name in sources]
        return "source", [
            found for name, part in parts if (found := _held(prompts, attacks, name, part))
        ]
    if all(one.timestamp is not None for one in prompts):
        order = sorted(range(len(prompts)), key=lambda n: str(prompts[n].timestamp))
        late = np.zeros(len(prompts), dtype=bool)
        late[order[int(len(order) * (1 - LATE)) :]] = True
        found = _held(prompts, attacks, f"the latest {LATE:.0%}", late)
        return "time", [found] if found else []
    return "", []


def _held(
    prompts: Sequence[Labelled], attacks: NDArray[np.bool_], name: str, part: NDArray[np.bool_]
) -> Held | None:
    """The part as the others tell it; None where the others have one class alone."""
    rest = attacks[~part]
    if rest.all() or not rest.any():
        return None
    model = fitted(rows_of([p.text for p, out in zip(prompts, part, strict=True) if not out]), rest)
    scores = model.scores(rows_of([p.text for p, out in zip(prompts, part, strict=True) if out]))
    hits, wanted = scores >= THRESHOLD, attacks[part]
    return Held(
        name,
        int(wanted.sum()),
        int((hits & wanted).sum()),
        int((~wanted).sum()),
        int((hits & ~wanted).sum()),
    )
