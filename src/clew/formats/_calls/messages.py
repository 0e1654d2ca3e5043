"""Messages of a conversation, in any provider's shape, as SQL of text.

{"role": "user", "content": "text"}
{"role": "user", "content": [{"type": "text", "text": "..."}, {"type": "image_url", ...}]}
{"role": "user", "parts": [{"text": "..."}]}
{"role": "user", "blocks": [{"block_type": "text", "text": "..."}]}       LlamaIndex
{"type": "constructor", "kwargs": {"type": "human", "content": "..."}}     LangChain
"""

from __future__ import annotations

MESSAGES = '[{"role":"VARCHAR","type":"VARCHAR","content":"JSON","parts":"JSON","blocks":"JSON","kwargs":"JSON"}]'
SILENT = (
    "('thinking', 'reasoning', 'redacted_thinking', 'tool_result', 'reasoning_text', 'document')"
)


def text_of(content: str) -> str:
    """SQL of the text of a message's content; thoughts and parts that are not text are left out."""
    part_text = (
        "CASE json_type(p) WHEN 'VARCHAR' THEN (p->>'$') WHEN 'OBJECT' THEN CASE "
        f"WHEN (p->>'type') IN {SILENT} OR (p->>'thought') = 'true' THEN NULL "
        "ELSE coalesce((p->>'text'), (p->>'refusal'), CASE WHEN (p->>'type') = 'text' THEN (p->>'content') END) END END"
    )
    return (
        f"CASE json_type({content}) WHEN 'VARCHAR' THEN ({content}->>'$') "
        f"WHEN 'OBJECT' THEN coalesce(({content}->>'text'), ({content}->>'content')) "
        f"WHEN 'ARRAY' THEN nullif(array_to_string(list_filter(list_transform("
        f"json_transform({content}, '[\"JSON\"]'), lambda p: {part_text}), "
        "lambda t: t IS NOT NULL), chr(10)), '') END"
    )


def said(messages: str) -> str:
    """SQL of a list of {role, said} from SQL of a JSON array of messages."""
    content = text_of("coalesce(m.content, m.parts, m.blocks, m.kwargs->'content')")
    return (
        f"list_transform(json_transform({messages}, '{MESSAGES}'), lambda m: "
        "struct_pack(role := lower(coalesce(m.role, m.kwargs->>'type', "
        "CASE WHEN m.type <> 'message' THEN m.type END, 'user')), "
        f"said := {content}))"
    )


def last_user(turns: str) -> str:
    """SQL of the last turn of the user; turns that only bring results of tools are passed over."""
    return f"list_filter({turns}, lambda t: t.role IN ('user', 'human') AND t.said <> '')[-1].said"


def system(turns: str) -> str:
    """SQL of the system prompt, several joined."""
    own = f"list_filter({turns}, lambda t: t.role IN ('system', 'developer') AND t.said <> '')"
    return f"nullif(array_to_string(list_transform({own}, lambda t: t.said), chr(10)), '')"


def tools(message: str) -> dict[str, str]:
    """SQL of name, id and arguments of the tools that an answer calls; several are joined.

    message  SQL of a JSON object: {tool_calls} of OpenAI, Cohere and Ollama, {content: [tool_use]} of
             Anthropic and Bedrock, {parts: [functionCall]} of Gemini, {items: [function_call]}
    """
    names = _first_list(
        message, "tool_calls[*].function.name", "content[*].name", "content[*].toolUse.name",
        "parts[*].functionCall.name", "parts[*].function_call.name", "items[*].name", "function_call.name",
    )  # fmt: skip
    ids = _first_list(
        message, "tool_calls[*].id", "content[*].id", "content[*].toolUse.toolUseId",
        "parts[*].functionCall.id", "items[*].call_id",
    )  # fmt: skip
    given = _first_list(
        message, "tool_calls[*].function.arguments", "content[*].input", "content[*].toolUse.input",
        "parts[*].functionCall.args", "parts[*].function_call.args", "items[*].arguments",
        "function_call.arguments", text=False,
    )  # fmt: skip
    plain = (
        f"list_transform({given}, lambda a: CASE WHEN json_type(a) = 'VARCHAR' "
        "THEN coalesce(try_cast((a->>'$') AS JSON), a) ELSE a END)"
    )
    calls = f"(contains({message}, '\"tool') OR contains({message}, '\"function'))"
    return {
        "tool_name": f"CASE WHEN {calls} THEN array_to_string({names}, ',') END",
        "tool_call_id": f"CASE WHEN {calls} THEN array_to_string({ids}, ',') END",
        "tool_arguments": f"CASE WHEN {calls} THEN CASE len({given}) WHEN 0 THEN NULL WHEN 1 "
        f"THEN ({plain})[1] ELSE to_json({plain}) END END",
    }


def _first_list(message: str, *paths: str, text: bool = True) -> str:
    extract = "json_extract_string" if text else "json_extract"
    found = [f"nullif({extract}({message}, '$.{path}'), [])" for path in paths if "[*]" in path]
    found += [
        f"CASE WHEN {extract}({message}, '$.{path}') IS NOT NULL THEN [{extract}({message}, '$.{path}')] END"
        for path in paths
        if "[*]" not in path
    ]
    return f"coalesce({', '.join(found)})"
