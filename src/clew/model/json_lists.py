"""Lists that stand in a column as JSON: tools offered to a model, documents that were found, and
whatever a source wrote as a list.

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


@ibis.udf.scalar.builtin(name="clew_json_values", signature=((dt.string,), dt.Array(dt.string)))
def json_values(text):  # type: ignore[no-untyped-def]
    """The items of a JSON list as text; of any other text itself alone, of NULL none."""


@ibis.udf.scalar.builtin(
    name="clew_json_inside", signature=((dt.Array(dt.string), dt.string), dt.Array(dt.string))
)
def json_inside(values, key):  # type: ignore[no-untyped-def]
    """What those of the values that are JSON objects have under a key; of a list its items."""


@ibis.udf.scalar.builtin(name="clew_json_joined", signature=((dt.Array(dt.string),), dt.string))
def json_joined(values):  # type: ignore[no-untyped-def]
    """NULL for no values, the value where there is one, else all of them as a JSON list."""


@ibis.udf.scalar.builtin(
    name="clew_any_found", signature=((dt.Array(dt.string), dt.string), dt.boolean)
)
def any_found(values, pattern):  # type: ignore[no-untyped-def]
    """Whether a pattern of RE2 is found in one of the values."""


@ibis.udf.scalar.builtin(
    name="clew_numbers", signature=((dt.Array(dt.string),), dt.Array(dt.float64))
)
def numbers(values):  # type: ignore[no-untyped-def]
    """Those of the values that are numbers."""


def at_path(text: ir.StringValue, path: str) -> ir.ArrayValue:
    """What JSON text has at a dotted path, through objects and every item of lists."""
    values = json_values(text)
    for key in path.split("."):
        values = json_inside(values, key)
    found: ir.ArrayValue = values
    return found
