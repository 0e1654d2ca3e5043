"""Lists that stand in a column as JSON: tools offered to a model, documents that were found.

Every engine defines the functions; text that is no JSON has no items and no keys.
"""

from __future__ import annotations

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir


@ibis.udf.scalar.builtin(name="clew_json_items", signature=((dt.string,), dt.Array(dt.string)))
def json_items(text):  # type: ignore[no-untyped-def]
    """The items of a JSON list, each as JSON text; an empty list where the text is no list."""


@ibis.udf.scalar.builtin(name="clew_json_text", signature=((dt.string, dt.string), dt.string))
def json_text(item, key):  # type: ignore[no-untyped-def]
    """The text of one key of a JSON object; what is no text is given as JSON. NULL where it is absent or empty."""


def first_key(item: ir.StringValue, *keys: str) -> ir.StringValue:
    """The text of the first of these keys that an object has; `a.b` is key b of the object under a."""
    found = []
    for key in keys:
        value = item
        for part in key.split("."):
            value = json_text(value, part)
        found.append(value)
    text: ir.StringValue = ibis.coalesce(*found)
    return text
