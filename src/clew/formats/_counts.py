"""Counts of tokens, sums of money and other numbers, as SQL: what is one, and what is said of what is none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from clew.model.event import BY_NAME

MOST_TOKENS = 1_000_000_000
"""More tokens than this in one call are a mistake of the source."""
COUNTS = frozenset(name for name in BY_NAME if name.endswith("_tokens")) - {"max_tokens"}
APART = {
    "cache_read_tokens": "cache_read_input_tokens", "cache_write_tokens": "cache_creation_input_tokens",
}  # fmt: skip
"""What Anthropic calls the cached tokens, which it counts beside the input."""
AMOUNT = r"^(?:USD|US\$|\$)? *(-?[0-9]+(?:,[0-9]{3})*(?:\.[0-9]+)?)(?: *USD)?$"
"""$1,234.50, 3 USD"""


def counted(number: str) -> str:
    """A count that a call can have."""
    return f"CASE WHEN {number} BETWEEN 0 AND {MOST_TOKENS} THEN {number} END"


def whole_input(columns: Mapping[str, str], names: Mapping[str, str]) -> str:
    """SQL of the input with the cached tokens. Where a field is called as in Anthropic's usage block,
    input_tokens is without them, unless the total says that it is not.

    columns  canonical column to SQL; it has input_tokens
    names    canonical column to the name of the field that it is read from
    """
    whole = columns["input_tokens"]
    told = names["input_tokens"].lower()
    if not told.endswith("input_tokens") or "prompt" in told:
        return whole
    apart = [
        columns[column]
        for column, name in APART.items()
        if names.get(column, "").lower().endswith(name)
    ]
    if not apart:
        return whole
    cached = " + ".join(f"coalesce({sql}, 0)" for sql in apart)
    if "total_tokens" not in columns or "output_tokens" not in columns:
        return f"({whole}) + {cached}"
    is_whole = f"({columns['total_tokens']}) = ({whole}) + ({columns['output_tokens']})"
    return f"({whole}) + CASE WHEN {is_whole} THEN 0 ELSE {cached} END"


def finite(number: str) -> str:
    """A number that is neither NaN nor infinite."""
    return f"CASE WHEN isfinite({number}) THEN {number} END"


def dollars(text: str) -> str:
    """A sum in dollars; 0,5 is none, because nobody knows whether the comma groups or divides."""
    number = f"regexp_extract(trim({text}), '{AMOUNT}', 1)"
    spelled = f"try_cast(replace({number}, ',', '') AS DECIMAL(18, 9))"
    return f"coalesce(try_cast({text} AS DECIMAL(18, 9)), {spelled})"


def is_currency(name: str) -> bool:
    """Whether a field names the currency of the costs beside it."""
    return name.lower().endswith("currency")


def is_dollar(text: str) -> str:
    """Whether a currency is the dollar; one that is not stated is."""
    return f"coalesce(upper(trim(nullif({text}, ''))), 'USD') IN ('USD', 'US$', '$')"


def problems(doubted: Sequence[tuple[str, str, str]], currencies: Sequence[str]) -> str:
    """What of counts and costs could not be read, as JSON text; "" where all always can.

    doubted     column, SQL of the count, SQL of the text it was read from
    currencies  SQL of what names a currency
    """
    wrong = [
        f"CASE WHEN ({sql}) IS NULL AND nullif({text}, '') IS NOT NULL "
        f"THEN '{column} is ' || left({text}, 40) END"
        for column, sql, text in doubted
    ]
    wrong += [
        f"CASE WHEN NOT ({is_dollar(text)}) THEN 'the cost is in ' || left({text}, 20) END"
        for text in currencies
    ]
    return f"to_json(nullif(concat_ws('; ', {', '.join(wrong)}), ''))::VARCHAR" if wrong else ""
