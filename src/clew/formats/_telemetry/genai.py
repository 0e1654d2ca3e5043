"""Attributes of AI calls whose meaning takes more than a name: folded keys, nested usage, turns.

A vocabulary says tokens, parameters and messages as single attributes, as JSON in one attribute, or as
a key a leaf. Single attributes go their way by model/vocabulary.json; this finds the rest, for the
columns that they leave empty.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clew.formats._telemetry.columns import (
    Column,
    column,
    json_text,
    text_column,
)
from clew.formats._telemetry.conversation import (
    ANSWER,
    SYSTEM,
    USER,
    completion_of,
    messages_of,
    prompt_of,
    system_of,
)
from clew.formats._telemetry.leaves import Turns
from clew.model.vocabulary import SPELLINGS

PARAMETERS = {
    "model": "model", "model_name": "model", "max_tokens": "max_tokens",
    "max_completion_tokens": "max_tokens", "max_output_tokens": "max_tokens",
    "max_tokens_to_sample": "max_tokens", "temperature": "temperature", "top_p": "top_p",
    "top_k": "top_k", "seed": "seed", "frequency_penalty": "frequency_penalty",
    "presence_penalty": "presence_penalty", "n": "choice_count", "stream": "is_streamed",
    "reasoning_effort": "reasoning_level", "service_tier": "service_tier",
}  # fmt: skip
USAGE = {
    "input": "input_tokens", "input_tokens": "input_tokens", "prompt_tokens": "input_tokens",
    "output": "output_tokens", "output_tokens": "output_tokens",
    "completion_tokens": "output_tokens", "total": "total_tokens", "total_tokens": "total_tokens",
    "cache_read": "cache_read_tokens", "cache_read_input_tokens": "cache_read_tokens",
    "input_cached_tokens": "cache_read_tokens", "cached_tokens": "cache_read_tokens",
    "cache_creation": "cache_write_tokens", "cache_creation_input_tokens": "cache_write_tokens",
    "reasoning": "reasoning_tokens", "reasoning_tokens": "reasoning_tokens",
    "output_reasoning_tokens": "reasoning_tokens",
}  # fmt: skip
COSTS = {"total": "cost_given_usd", "total_cost": "cost_given_usd"}
STRUCTURES = {"request_params": PARAMETERS, "usage_details": USAGE, "cost_details": COSTS}
"""Columns whose JSON holds other columns' values, and under which keys."""
WHOLE = frozenset(
    {"input_tokens", "output_tokens", "total_tokens", "cache_read_tokens", "cache_write_tokens",
     "reasoning_tokens", "max_tokens", "seed", "choice_count"}
)  # fmt: skip
REAL = frozenset(
    {"temperature", "top_p", "top_k", "frequency_penalty", "presence_penalty", "cost_given_usd"}
)
KINDS = ("openinference.span.kind", "traceloop.span.kind", "mlflow.spanType", "langfuse.observation.type",
         "gen_ai.operation.name")  # fmt: skip
INPUTS = (
    "input.value",
    "traceloop.entity.input",
    "mlflow.spanInputs",
    "langfuse.observation.input",
)
OUTPUTS = (
    "output.value",
    "traceloop.entity.output",
    "mlflow.spanOutputs",
    "langfuse.observation.output",
)
BY_KIND = {
    "tool": ("tool_arguments", "tool_result"),
    "execute_tool": ("tool_arguments", "tool_result"),
    "retriever": ("retrieval_query", "retrieved_documents"),
    "retrieval": ("retrieval_query", "retrieved_documents"),
}
"""What input and output of a span are, where it is no call of a model."""
RAW_KINDS = tuple(kind.encode() for kind in BY_KIND)
NOTHING = frozenset({"", "None", "null", "NaN"})
FIRST_CHUNK = "langfuse.observation.completion_start_time"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
LONGEST_WAIT_US = 86_400_000_000
Derived = dict[str, dict[int, Any]]


def derive(
    attributes: Mapping[str, Column],
    folded: Mapping[str, dict[int, Any]],
    turns: Mapping[str, Turns],
    starts_ns: Sequence[int],
    size: int,
) -> dict[str, Column]:
    """Canonical columns, for what the attributes say in other ways than by name."""
    derived: Derived = {}
    if FIRST_CHUNK in attributes:
        derived["ttft_ms"] = _first_chunk_ms(attributes[FIRST_CHUNK], starts_ns)
    _add_structures(attributes, derived)
    moved = _add_by_kind(attributes, derived)
    said: dict[str, list[Turns]] = {}
    for target, roles in (("input_messages", USER), ("output_messages", ANSWER)):
        column_name = "prompt" if target == "input_messages" else "completion"
        is_said = np.zeros(size, np.bool_)
        is_said[list(moved)] = True
        for name in _names(target, {**attributes, **folded, **turns}):
            if name in turns:
                found = turns[name].by(roles | {""}, is_said)
                said.setdefault(column_name, []).append(found)
                if column_name == "prompt":
                    _add_system(turns[name].by(SYSTEM, is_said), derived)
                is_said[found.rows] = True
            for row, messages in _conversations(name, attributes, folded, is_said):
                is_said[row] = True
                text = (prompt_of if column_name == "prompt" else completion_of)(messages)
                if text is not None:
                    derived.setdefault(column_name, {})[row] = text
                if column_name == "prompt" and (text := system_of(messages)) is not None:
                    derived.setdefault("system_instructions", {})[row] = text
    if "llm.model_name" in attributes:
        _add_model(attributes, derived)
    columns = columns_of(derived, size)
    for column_name, parts in said.items():
        columns[column_name] = _merged(parts, derived.get(column_name, {}), size)
    return columns


def _add_system(turns: Turns, derived: Derived) -> None:
    for row, text in zip(turns.rows.tolist(), turns.texts, strict=True):
        derived.setdefault("system_instructions", {})[row] = text.decode()


def _merged(parts: Sequence[Turns], other: Mapping[int, str], size: int) -> Column:
    """The texts of turns and of whole conversations, whose rows are different ones."""
    rows = np.concatenate([*(part.rows for part in parts), np.array(list(other), np.int64)])
    texts = [text for part in parts for text in part.texts]
    texts += [text.encode(errors="replace") for text in other.values()]
    order = np.argsort(rows)
    return text_column(rows[order], [texts[at] for at in order.tolist()], size)


def _add_model(attributes: Mapping[str, Column], derived: Derived) -> None:
    """OpenInference names one model, which was asked for as well, where nothing says otherwise."""
    named = attributes["llm.model_name"]
    is_open = named.valid.copy()
    for name in _names("model", attributes):
        is_open &= ~attributes[name].valid
    if is_open.any():
        for row, model in _texts(named):
            if is_open[row]:
                derived.setdefault("model", {}).setdefault(row, model)


def _first_chunk_ms(moments: Column, starts_ns: Sequence[int]) -> dict[int, float]:
    """Milliseconds from a span's begin to the time at which its answer began."""
    found: dict[int, float] = {}
    for row, text in _texts(moments):
        try:
            moment = datetime.fromisoformat(text.strip('"'))
        except ValueError:
            continue
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        since_us = (moment - EPOCH) // MICROSECOND - starts_ns[row] // 1000
        if starts_ns[row] and 0 <= since_us < LONGEST_WAIT_US:
            found[row] = since_us / 1e3
    return found


def columns_of(found: Derived, size: int) -> dict[str, Column]:
    """Derived values as columns."""
    columns = {}
    for name, values in found.items():
        if not values:
            continue
        rows = sorted(values)
        columns[name] = column(rows, [values[row] for row in rows], size)
    return columns


def folded_columns(folded: Mapping[str, dict[int, Any]], size: int) -> dict[str, Column]:
    """Structures as columns of JSON text."""
    columns = {}
    for name, of in folded.items():
        rows = np.array(sorted(of), np.int64)
        texts = [json_text(of[row]).encode() for row in rows.tolist()]
        types = frozenset({"VARCHAR" if any(t[:1] == b'"' for t in texts) else "ARRAY"})
        columns[name] = text_column(rows, texts, size, "json", types)
    return columns


def _texts(values: Column) -> list[tuple[int, str]]:
    """Row and text of what has some."""
    if values.kind in ("int", "float"):
        return []
    texts = values.texts()
    rows = np.flatnonzero(values.valid).tolist()
    return [(row, text) for row in rows if (text := texts[row]) is not None and text not in NOTHING]


def _names(target: str, attributes: Mapping[str, Any]) -> list[str]:
    """Attributes that fill this column, the surest first."""
    found = []
    for name in attributes:
        spelling = SPELLINGS.get(name.lower())
        if spelling and spelling.column == target:
            found.append((spelling.priority, name))
    return [name for _, name in sorted(found)]


def _parsed(text: Any) -> Any:
    """The JSON that a text is, once or twice encoded; else the text itself."""
    for _ in range(2):
        if not (isinstance(text, str) and text[:1] in '{["'):
            return text
        try:
            text = json.loads(text)
        except (ValueError, RecursionError):
            return text
    return text


def _add_structures(attributes: Mapping[str, Column], derived: Derived) -> None:
    """Parameters, token counts and costs out of JSON objects."""
    for target, meaning in STRUCTURES.items():
        for name in _names(target, attributes):
            known: dict[str, dict[str, Any]] = {}
            for row, text in _texts(attributes[name]):
                if text not in known:
                    known[text] = _members(_parsed(text), meaning)
                for into, value in known[text].items():
                    derived.setdefault(into, {}).setdefault(row, value)


def _members(found: Any, meaning: Mapping[str, str]) -> dict[str, Any]:
    """Canonical column to value, where the value is of the column's kind."""
    values: dict[str, Any] = {}
    for key, value in found.items() if isinstance(found, dict) else ():
        into = meaning.get(key)
        if into is None or into in values:
            continue
        is_number = type(value) in (int, float) and abs(value) < 1e15
        if into in WHOLE and is_number and value == int(value):
            values[into] = int(value)
        elif into in REAL and is_number:
            values[into] = float(value)
        elif (into == "is_streamed" and type(value) is bool) or (
            into in ("model", "reasoning_level", "service_tier") and type(value) is str and value
        ):
            values[into] = value
    return values


def _add_by_kind(attributes: Mapping[str, Column], derived: Derived) -> set[int]:
    """Input and output of tools and retrievers, which are no conversation; gives their rows."""
    columns_of_row: dict[int, tuple[str, str]] = {}
    for name in KINDS:
        if name in attributes and any(kind in attributes[name].data.lower() for kind in RAW_KINDS):
            for row, kind in _texts(attributes[name]):
                if into := BY_KIND.get(kind.strip('"').lower()):
                    columns_of_row.setdefault(row, into)
    if not columns_of_row:
        return set()
    for place, names in enumerate((INPUTS, OUTPUTS)):
        for name in names:
            for row, text in _texts(attributes[name]) if name in attributes else ():
                if row in columns_of_row:
                    derived.setdefault(columns_of_row[row][place], {}).setdefault(row, text)
    return set(columns_of_row)


def _conversations(
    name: str,
    attributes: Mapping[str, Column],
    folded: Mapping[str, dict[int, Any]],
    is_said: NDArray[np.bool_],
) -> Iterator[tuple[int, list[Any]]]:
    """Row and messages of one attribute or structure, of rows that no surer one has told of."""
    for row, value in folded.get(name, {}).items():
        if not is_said[row]:
            messages = value if type(value) is list else messages_of(_parsed(value))
            if messages:
                yield row, messages
    if name in attributes and (attributes[name].valid & ~is_said).any():
        for row, text in _texts(attributes[name]):
            if not is_said[row] and (messages := messages_of(_parsed(text))):
                yield row, messages
