"""loguru's serialize=True: {"text": "<the line, and its traceback>", "record": {"exception": {"type": ...}}}."""

from __future__ import annotations

from collections.abc import Sequence

from clew.formats._fields import Field
from clew.formats._traceback import MARK

RAISED = "record.exception.type"


def with_stacks(fields: Sequence[Field]) -> Sequence[Field]:
    """The fields, and the traceback in their text: the record says only that there is one."""
    text = next((field.text for field in fields if field.name == "text"), "")
    if not text or all(field.name != RAISED for field in fields):
        return fields
    at = f"strpos({text}, '{MARK}')"
    stack = f"CASE WHEN {at} > 0 THEN substr({text}, {at}) END"
    return [*fields, Field("stack_trace", stack, f"to_json({stack})::VARCHAR")]
