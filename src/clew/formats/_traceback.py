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


def exception_sql(text: str) -> dict[str, str]:
    """Column to SQL, from SQL of a text that is a traceback, or `Type: message`, or NULL."""
    body = f"regexp_replace({text}, '(?m)^ +[|] ?', '', 'g')"
    raised = f"list_last(string_split({body}, 'Traceback (most recent call last):'))"
    is_python = f"contains({text}, 'Traceback (most recent')"
    python = _type_and_message(raised)
    plain = f"regexp_extract({body}, '(?s)^\\s*({IDENTIFIER})(?:: ?(.*?))?(?:\\n\\s+at .*)?$'"
    kind = _case(is_python, f"{python}, 1)", f"{plain}, 1)")
    message = _case(is_python, f"{python}, 2)", f"{plain}, 2)")
    shown = f"rtrim({message}, chr(10) || ' ')"
    frame = _frame(raised, body, is_python)
    place = f"regexp_replace({frame}, ':[0-9]+(:[0-9]+)?( in |$)', ' ')"
    print_ = f"left(md5(concat_ws('|', {kind}, {normalised(shown)}, {place})), 16)"
    return {
        "exception_type": kind,
        "exception_message": f"CASE WHEN {kind} IS NOT NULL THEN {shown} END",
        "exception_stacktrace": f"CASE WHEN contains({text}, chr(10)) THEN {text} END",
        "exception_frame": frame,
        "exception_fingerprint": f"CASE WHEN {kind} IS NOT NULL THEN {print_} END",
    }


def normalised(text: str) -> str:
    """SQL of a message with what changes from one occurrence to the next masked."""
    for pattern, mask in MASKS:
        text = f"regexp_replace({text}, '{pattern}', '{mask}', 'g')"
    return text


def _type_and_message(raised: str) -> str:
    """The first line behind the frames that is not indented: `Type: message`, to the end."""
    return (
        f"regexp_extract({raised}, "
        f"'(?s)\\n(?:[ ]*[+-]+ *)?({IDENTIFIER})(?::[ \\n](.*?))?(?:\\n[ ]*[+]-[-0-9 ]+.*)?\\s*$'"
    )


def _case(test: str, then: str, otherwise: str) -> str:
    return f"nullif(CASE WHEN {test} THEN {then} ELSE {otherwise} END, '')"


def _frame(raised: str, body: str, is_python: str) -> str:
    """`file:line in function` of the innermost own frame."""
    own = f"lambda f: NOT regexp_matches(f, '{FOREIGN}')"
    frames = f"regexp_extract_all({raised}, '{PYTHON_FRAME}')"
    python = f"coalesce(list_last(list_filter({frames}, {own})), list_last({frames}))"
    python = (
        f"regexp_replace(regexp_replace({python}, '^[ |+-]*File \"([^\"]+)\", line ([0-9]+)', "
        "'\\1:\\2'), ', in ', ' in ')"
    )
    calls = f"regexp_extract_all({body}, '{OTHER_FRAME}')"
    other = f"ltrim(coalesce(list_filter({calls}, {own})[1], {calls}[1]), ' ' || chr(9))"
    other = f"regexp_replace({other}, '^at ([^( ]+) ?\\(([^)]*)\\)$', '\\2 in \\1')"
    return f"nullif(CASE WHEN {is_python} THEN {python} ELSE {other} END, '')"
