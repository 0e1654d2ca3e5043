"""A column of events that follows from others, and is filled after the ingest.

What a source brings is evidence, covered by the digests of its blocks. What Clew works out later is
written only into rows of blocks that did not bring the column, and `clew verify` leaves it out there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import ibis.expr.types as ir

FILLED = ("prompt_injection_score", "jailbreak_score")
"""The columns that are filled so."""


@dataclass(frozen=True, slots=True)
class Fill:
    """What goes into one column.

    column  one of FILLED
    by      the column of events that says which rows a value belongs to
    values  a table with `by` and `value`, one row for each of `by`
    maker   what worked it out, with its version: what another one filled is worked out anew
    """

    column: str
    by: Literal["prompt", "event_id"]
    values: ir.Table
    maker: str
