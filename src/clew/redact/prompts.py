"""What people and models wrote: kept, hashed or dropped as a whole, in columns and in attributes.

Takes      the columns of `CONTENT`, the keys of `KEYS` in attributes and in JSON of other columns
Leaves     keep: the text, without secrets and personal data; hash: [prompt:TOKEN], a keyed HMAC of the
           whole text, so that the same prompt is still the same; drop: nothing
Blind to   content that a source writes into other fields, such as a message or a URL's query
"""

from __future__ import annotations

import re

from clew.model.redaction import CONTENT

COLUMNS = CONTENT
KIND = "prompt"
"""What the mark of a hashed text says, and what the ledger counts."""
KEYS = (
    r"(?i)^(?:.*[._])?(?:prompts?|completions?|messages?|(?:input|output)_messages|system_(?:instructions?|prompt)"
    r"|instructions|contents?|text|query|question|answer|inputs?|outputs?|(?:input|output)[._]value|tool_result"
    r"|(?:tool[._]call|function)[._](?:arguments|result)|arguments|(?:retrieved_)?documents|span_?(?:in|out)puts?)"
    r"(?:[._](?:[0-9]+|messages?|contents?|text|parts|value|arguments|message_content|document))*$"
)
"""RE2 of the names under which sources keep content beside the columns."""


def is_content_key(key: str) -> bool:
    """
    >>> is_content_key("gen_ai.prompt.0.content"), is_content_key("messages"), is_content_key("prompt_tokens")
    (True, True, False)
    """
    return bool(re.match(KEYS, key))
