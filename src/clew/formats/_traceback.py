r"""A traceback's text, as SQL, to the exception columns.

Python    Traceback (most recent call last): ... File "/app/rag/llm.py", line 7, in call
          ... openai.RateLimitError: Error code: 429          the last of a chain is the one raised
Groups      + Exception Group Traceback (most recent call last): ...   the bar before lines is dropped
Java      java.lang.IllegalStateException: no model\n\tat com.example.Scorer.run(Scorer.java:42)
Node      TypeError: x is not a function\n    at score (/app/score.js:12:7)

The innermost own frame is the last one outside installed packages and the standard library; where
there is none, the innermost of all.
"""

from __future__ import annotations

IDENTIFIER = "[A-Za-z_$][A-Za-z0-9_.$]*"
PYTHON_FRAME = '(?m)^[ |+-]*File "[^"\\n]+", line [0-9]+(?:, in [^\\n]+)?'
OTHER_FRAME = "(?m)^\\s+at [^\\n]+"
FOREIGN = (
    "site-packages|dist-packages|<frozen |/lib/python[0-9.]+/|/lib64/python|<string>|"
    "node_modules|node:internal|^\\s+at (java|javax|jdk|sun|kotlin|scala|org\\.springframework|"
    "org\\.apache|io\\.netty)\\."
)
MASKS = (
    ("[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}", "<uuid>"),
    ("\\b0x[0-9a-fA-F]+\\b", "<hex>"),
    ("\\b[0-9a-fA-F]*[0-9][0-9a-fA-F]{7,}\\b", "<hex>"),
    ("\\b[0-9]{1,3}(\\.[0-9]{1,3}){3}(:[0-9]+)?\\b", "<address>"),
    ("[0-9]+(\\.[0-9]+)?", "<n>"),
)
"""What changes from one occurrence to the next. Names in quotes stay: they tell errors apart."""


COLUMNS = (
    "exception_type",
    "exception_message",
    "exception_stacktrace",
    "exception_frame",
    "exception_fingerprint",
)


def exception_sql(text: str) -> dict[str, str]:
    """Column to SQL, from SQL of a text that is a traceback, or `Type: message`, or NULL."""
    raised = exception_struct_sql(text)
    return {name: f"({raised}).{name}" for name in COLUMNS}


def exception_struct_sql(text: str) -> str:
    """SQL of one struct with all exception columns. Each step is bound to a name once."""
    is_python = "contains(t, 'Traceback (most recent')"
    body = "regexp_replace(t, '(?m)^ +[|] ?', '', 'g')"
    raised = "list_last(string_split(b, 'Traceback (most recent call last):'))"
    python = f"regexp_extract(r, '{PYTHON_ERROR}', ['kind', 'said'])"
    plain = f"regexp_extract(b, '{PLAIN_ERROR}', ['kind', 'said'])"
    error = f"CASE WHEN {is_python} THEN {python} ELSE {plain} END"
    kind = "nullif(e.kind, '')"
    said = "nullif(rtrim(e.said, chr(10) || ' '), '')"
    place = "regexp_replace(f, ':[0-9]+(:[0-9]+)?( in |$)', ' ')"
    print_ = f"left(md5(concat_ws('|', {kind}, {normalised(said)}, {place})), 16)"
    columns = (
        f"{{'exception_type': {kind}, 'exception_message': CASE WHEN {kind} IS NOT NULL "
        f"THEN {said} END, 'exception_stacktrace': CASE WHEN contains(t, chr(10)) THEN t END, "
        "'exception_frame': f, 'exception_fingerprint': "
        f"CASE WHEN {kind} IS NOT NULL THEN {print_} END}}"
    )
    in_frame = _let("f", _frame(is_python), columns)
    in_error = _let("e", error, in_frame)
    return _let("t", text, _let("b", body, _let("r", raised, in_error)))


def _let(name: str, value: str, inside: str) -> str:
    """SQL of an expression in which a name stands for a value that is computed once."""
    return f"list_transform([{value}], lambda {name}: {inside})[1]"


def normalised(text: str) -> str:
    """SQL of a message with what changes from one occurrence to the next masked."""
    for pattern, mask in MASKS:
        text = f"regexp_replace({text}, '{pattern}', '{mask}', 'g')"
    return text


PYTHON_ERROR = (
    f"(?s)\\n(?:[ ]*[+-]+ *)?({IDENTIFIER})(?::[ \\n](.*?))?(?:\\n[ ]*[+]-[-0-9 ]+.*)?\\s*$"
)
"""The first line behind the frames that is not indented: `Type: message`, to the end."""
PLAIN_ERROR = f"(?s)^\\s*({IDENTIFIER})(?:: ?(.*?))?(?:\\n\\s+at .*)?$"


def _frame(is_python: str) -> str:
    """`file:line in function` of the innermost own frame."""
    own = f"lambda x: NOT regexp_matches(x, '{FOREIGN}')"
    chosen = f"coalesce(list_last(list_filter(c, {own})), list_last(c))"
    python = _let("c", f"regexp_extract_all(r, '{PYTHON_FRAME}')", chosen)
    python = (
        f'regexp_replace(regexp_replace({python}, \'^[ |+-]*File "([^"]+)", line ([0-9]+)\', '
        "'\\1:\\2'), ', in ', ' in ')"
    )
    chosen = f"coalesce(list_filter(c, {own})[1], c[1])"
    other = _let("c", f"regexp_extract_all(b, '{OTHER_FRAME}')", chosen)
    other = f"ltrim({other}, ' ' || chr(9) || chr(10))"
    other = f"regexp_replace({other}, '^at ([^( ]+) ?\\(([^)]*)\\)$', '\\2 in \\1')"
    return f"nullif(CASE WHEN {is_python} THEN {python} ELSE {other} END, '')"
