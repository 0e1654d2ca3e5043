"""The user's last turn, the system prompt, the answer and the tools it calls, out of messages that a record
holds as a list.

    {"messages": [{"role": "system", "content": "..."}, {"role": "user", "content": "..."}]}

A list that ends with the model's own turn holds its answer too.
"""

from __future__ import annotations

from collections.abc import Mapping

from clew.formats._calls.messages import last_user, said, system, tools
from clew.formats._json_text import is_document

ANSWERED = ("assistant", "ai", "model", "bot")
OF_CALLS = (
    "model", "response_model", "completion", "input_tokens", "output_tokens", "retrieved_documents",
)  # fmt: skip
"""Columns of which records of AI calls have one."""
OF_WORDS = r'^\s*\[\s*"|"(?:role|content|text|prompt|question|query|message|messages)"\s*:'
"""What tells a prompt in JSON from the features that a model of numbers is given."""


def words_or_nothing(text: str) -> str:
    """SQL of an `input`: NULL where it is a list or object of features, which is no prompt."""
    is_of_numbers = f"{is_document(text)} AND NOT regexp_matches({text}, '{OF_WORDS}')"
    return f"CASE WHEN {is_of_numbers} THEN NULL ELSE {text} END"


def with_turns(columns: dict[str, str]) -> dict[str, str]:
    """The columns, and what messages tell where no column does. In: canonical column to SQL; out: the same."""
    asked, answered = columns.get("input_messages"), columns.get("output_messages")
    found = dict(columns)
    if answered:  # before what was asked, which may end with an older answer
        first = f"(try_cast({answered} AS JSON)->0)"
        choice = f"coalesce({first}->'message'->>'content', {first}->>'text')"
        answer = f"coalesce({_answer(_turns(answered))}, {choice})"
        found["completion"] = _else(columns, "completion", answer)
        calls = f"json_object('tool_calls', try_cast({answered} AS JSON))"
        calls = f"CASE WHEN ({first}->'function') IS NOT NULL THEN {calls} END"
        _add_tools(found, f"coalesce({first}->'message', {calls}, {first})")
    return _with_messages(found, asked) if asked else found


def with_asked(columns: dict[str, str], members: Mapping[str, str]) -> dict[str, str]:
    """The columns, and what is asked by a record that is one turn ({"role": "user", "content": "..."}), or by the
    `query` of an AI call, which has spaces as no URL's query has.

    members  names and SQL of the JSON values of the fields that no column takes
    """
    if {"role", "content"} <= members.keys():
        turn = ", ".join(f"'{name}', CAST({members[name]} AS JSON)" for name in ("role", "content"))
        turn = f"CAST(json_array(json_object({turn})) AS VARCHAR)"
        stated = f"CASE WHEN ({members['role']}) IS NOT NULL THEN {turn} END"
        columns = _with_messages(columns, stated)
    query = columns.get("url_query")
    if query and "url_path" not in columns and not columns.keys().isdisjoint(OF_CALLS):
        is_words = f"contains({query}, ' ')"
        words = _else(columns, "prompt", f"CASE WHEN {is_words} THEN {query} END")
        of_url = f"CASE WHEN NOT {is_words} THEN {query} END"
        columns = {**columns, "prompt": words, "url_query": of_url}
    return columns


DOCUMENT_IDS = ("document_id", "doc_id", "chunk_id")
DOCUMENT_TEXTS = (
    "chunk", "chunk_text", "page_content", "passage", "snippet", "document_text", "doc_text", "document_content",
    "content", "text",
)  # fmt: skip
DOCUMENT_OWNERS = ("document_tenant", "doc_tenant", "owner_tenant", "chunk_tenant")


def with_document(columns: dict[str, str], members: Mapping[str, str]) -> dict[str, str]:
    """The columns, and as a list of one the document of a record that is a document that was found.

    members  names and SQL of the JSON values of the fields that no column takes
    """
    texts = [members[name] for name in DOCUMENT_TEXTS if name in members]
    ids = [members[name] for name in DOCUMENT_IDS if name in members]
    if "retrieved_documents" in columns or not (ids and texts):
        return columns
    owners = [members[name] for name in DOCUMENT_OWNERS if name in members]
    keys = {"id": ids[:1], "content": texts[:1], "tenant": owners[:1]}
    pairs = ", ".join(
        f"'{name}', CAST({sql} AS JSON)" for name, found in keys.items() for sql in found
    )
    document = f"CAST(json_array(json_object({pairs})) AS VARCHAR)"
    is_one = " AND ".join(f"({sql}) IS NOT NULL" for sql in (ids[0], texts[0]))
    return {**columns, "retrieved_documents": f"CASE WHEN {is_one} THEN {document} END"}


def _with_messages(columns: dict[str, str], asked: str) -> dict[str, str]:
    """The columns, and what these messages tell where no column does."""
    turns = _turns(asked)
    found = {
        **columns,
        "prompt": _else(columns, "prompt", last_user(turns)),
        "system_instructions": _else(columns, "system_instructions", system(turns)),
        "completion": _else(columns, "completion", _answer(turns)),
    }
    last = f"json_extract(try_cast({asked} AS JSON), '$[#-1]')"
    roles = ", ".join(f"'{role}'" for role in ANSWERED)
    _add_tools(found, f"(CASE WHEN ({last}->>'role') IN ({roles}) THEN {last} END)")
    return found


def _add_tools(found: dict[str, str], message: str) -> None:
    """The tools that a message of the model calls, where nothing else names one."""
    for name, sql in tools(message).items():
        found[name] = _else(found, name, f"nullif(CAST({sql} AS VARCHAR), '')")


def _turns(messages: str) -> str:
    """SQL of a list of {role, said}; NULL where the messages are no list."""
    value = f"try_cast({messages} AS JSON)"
    value = f"(CASE json_type({value}->0) WHEN 'ARRAY' THEN {value}->0 ELSE {value} END)"  # a batch of one
    return said(f"(CASE WHEN json_type({value}) = 'ARRAY' THEN {value} END)")


def _answer(turns: str) -> str:
    """SQL of the last turn, where it is the model's."""
    roles = ", ".join(f"'{role}'" for role in ANSWERED)
    return f"CASE WHEN ({turns})[-1].role IN ({roles}) THEN nullif(({turns})[-1].said, '') END"


def _else(columns: dict[str, str], name: str, sql: str) -> str:
    return f"coalesce({columns[name]}, {sql})" if name in columns else sql
