r"""A traceback's text, as SQL, to the exception columns.

Python    Traceback (most recent call last): ... File "/app/rag/llm.py", line 7, in call
          ... openai.RateLimitError: Error code: 429          the last of a chain is the one raised
Groups      + Exception Group Traceback (most recent call last): ...   the bar before lines is dropped
Java      java.lang.IllegalStateException: no model\n\tat com.example.Scorer.run(Scorer.java:42)
          Caused by: java.io.IOException: file gone           the last cause is the root
Node      TypeError: x is not a function\n    at score (/app/score.js:12:7)

The innermost own frame is the last one outside installed packages and the standard library; where
there is none, the innermost of all. Lines of the log before the traceback do not matter.
"""

from __future__ import annotations

MARK = "Traceback (most recent call last):"
IDENTIFIER = "[A-Za-z_$][A-Za-z0-9_.$<>]*(?:[(][A-Za-z0-9_.]+[)])?"
"""`ValueError`, `app.main.f.<locals>.Odd`, Ray's `RayTaskError(ValueError)`."""
CLASS = "(?:[A-Za-z_$][A-Za-z0-9_$]*[./])*[A-Z][A-Za-z0-9_$]*[a-z][A-Za-z0-9_$]*"
"""A class's name has a small letter, which tells it from a level before a message."""
PYTHON_ERROR = (
    f"(?s)\\n({IDENTIFIER})"  # openai.RateLimitError
    "(?::?$|(?::[ \\n]|\\n)(.*)$)"  # : Error code: 429, and what follows, such as notes
)
"""The first line behind the last frame that is not indented."""
PLAIN_ERROR = f"(?s)^\\s*({IDENTIFIER})(?:: ?(.*?))?$"
SHOWN_ERROR = "(?s)^(\\s*[A-Za-z_$][\\w.$]*)[(][\"''](.*)[\"''],?[)]\\s*$"
"""`RateLimitError('slow down')`, as Python shows an error."""
STACK = "\\n\\s+(?:at |[.]{3} [0-9])"
ERROR_LINE = (
    '(?:^|\\n)(?:Exception in thread "[^"\\n]*" |Uncaught )?'
    f"({CLASS})(?: \\[\\w+\\])?"  # TypeError [ERR_INVALID_ARG]
    f"(?:: ?([^\\n]*))?{STACK}"  # : x is not a function
)
ERROR_WITHIN = f"(?s)(?:^|\\n|[:\\]] )({CLASS})(?: \\[\\w+\\])?: (.*?){STACK}"
OTHER_FRAME = "(?m)^\\s+at [^\\n]+"
FOREIGN = (
    "site-packages|dist-packages|<frozen |/lib/python[0-9.]+/|/lib64/python|<string>|"
    "node_modules|node:|Promise[.]|<anonymous>|"
    "^\\s+at (?:java|javax|jdk|sun|kotlin|scala|org[.]springframework|org[.]apache|io[.]netty)[.]"
)
DRAWN = "Traceback (most recent call last) ─"
DRAWN_FRAME = "(?m)^│ ([^ │\n]+):([0-9]+) in ([^ │\n]+)"
WRITTEN_MARK = '[{"exc_type":'
WRITTEN = (
    '[{"exc_type":"VARCHAR","exc_value":"VARCHAR",'
    '"frames":[{"filename":"VARCHAR","lineno":"BIGINT","name":"VARCHAR"}]}]'
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


def exception_struct_sql(text: str, *, is_printed: bool = False) -> str:
    """SQL of one struct with all exception columns. Each step is bound to a name once.

    is_printed  all texts are `printed_sql`: this SQL takes half as long to plan
    """
    if is_printed:
        last = f"list_last(string_split(t, '{MARK}'))"
        return _let("x", text, _let("t", "x", _python(last)))
    found = f"CASE WHEN contains(t, '{MARK}') THEN {_python(_last())} ELSE {_other()} END"
    return _let("x", text, _let("t", _plain("x"), found))


def alone_sql(text: str) -> str:
    """SQL of the part of a text that its exception follows from: the same error has the same, whatever
    the line of the log before it says."""
    bare = f"substr({text}, strpos({text}, '{MARK}'))"
    return f"CASE WHEN {printed_sql(text)} THEN {bare} ELSE {text} END"


def printed_sql(text: str) -> str:
    """SQL of whether a text holds a traceback as Python prints it: in no box, without bars, not as JSON."""
    return (
        f"(contains({text}, '{MARK}') AND NOT (contains({text}, ' {MARK}') OR contains({text}, '{DRAWN}') "
        f"OR starts_with({text}, '{WRITTEN_MARK}')))"
    )


def normalised(text: str) -> str:
    """SQL of a message with what changes from one occurrence to the next masked."""
    masked = text
    for pattern, mask in MASKS:
        masked = f"regexp_replace({masked}, '{pattern}', '{mask}', 'g')"
    return f"CASE WHEN regexp_matches({text}, '[0-9]') THEN {masked} ELSE {text} END"


def _last() -> str:
    """The last traceback of a text, or of a group, whose bars it has not."""
    last = f"list_last(string_split(t, '{MARK}'))"
    return f"CASE WHEN contains(t, ' {MARK}') THEN {_undrawn()} ELSE {last} END"


def _python(last: str) -> str:
    """SQL of the last traceback, cut before each frame: the error stands behind the last frame's code."""
    pieces = f"string_split(replace({last}, chr(10) || '> File', chr(10) || '  File'), chr(10) || '  File \"')"
    own = f"lambda x: NOT regexp_matches(split_part(x, '\"', 1), '{FOREIGN}')"
    chosen = f"coalesce(list_last(list_filter(c[2:], {own})), list_last(c[2:]))"
    frame = f"replace(replace(split_part({chosen}, chr(10), 1), '\", line ', ':'), ', in ', ' in ')"
    stack = f"CASE WHEN contains(x, '{MARK}') THEN substr(t, strpos(t, '{MARK}')) ELSE x END"
    error = f"regexp_extract(list_last(c), '{PYTHON_ERROR}', ['kind', 'said'])"
    return _let("c", pieces, _let("e", error, _let("f", frame, _struct(stack))))


def _plain(x: str) -> str:
    """Tracebacks that rich drew in a box, or that structlog wrote as JSON, as Python prints them."""
    frames = f"regexp_extract_all(d, '{DRAWN_FRAME}')"
    frame = f"regexp_replace(f, '{DRAWN_FRAME}', '  File \"\\1\", line \\2, in \\3')"
    error = "regexp_extract(d, '(?s)╯[ \n]*(.*)$', 1)"
    drawn = _let("d", f"list_last(string_split({x}, '{DRAWN}'))", _printed(frames, frame, error))
    frame = "'  File \"' || f.filename || '\", line ' || f.lineno || ', in ' || f.name"
    error = "concat_ws(': ', e.exc_type, nullif(e.exc_value, ''))"
    one = _printed("e.frames", frame, error)
    chain = " || ".join(["chr(10)", "chr(10)", "'During handling of the above exception, another exception "
                         "occurred:'", "chr(10)", "chr(10)"])  # fmt: skip
    written = (
        f"array_to_string(list_reverse(list_transform(json_transform({x}, '{WRITTEN}'), "
        f"lambda e: {one})), {chain})"
    )
    return (
        f"CASE WHEN starts_with({x}, '{WRITTEN_MARK}') THEN {written} "
        f"WHEN contains({x}, '{DRAWN}') THEN {drawn} ELSE {x} END"
    )


def _printed(frames: str, frame: str, error: str) -> str:
    """SQL of one traceback from a list of frames, a frame `f` as its line, and the error."""
    shown = f"array_to_string(list_transform({frames}, lambda f: {frame}), chr(10))"
    return f"concat('{MARK}', chr(10), {shown}, chr(10), {error})"


def _undrawn() -> str:
    """The last traceback without the bars of a group and without its own indent."""
    bare = "regexp_replace(t, '(?m)^ +[|] ?', '', 'g')"
    indent = f"regexp_extract(b, '\\n( +){MARK[:9]}', 1)"
    level = f"CASE WHEN {indent} <> '' THEN replace(b, chr(10) || {indent}, chr(10)) ELSE b END"
    last = f"list_last(string_split({level}, '{MARK}'))"
    return _let(
        "b", bare, f"regexp_replace({last}, '(?s)\\n *[+]-[-+0-9 ]+\\n.*$|\\n *[+]-[-+]+\\s*$', '')"
    )


def _other() -> str:
    """Java's and Node's stacks, or an error without one."""
    cause = "list_last(string_split_regex(t, '\\nCaused by: |\\[cause\\]: '))"
    cause = f"regexp_replace({cause}, '{SHOWN_ERROR}', '\\1: \\2')"
    line = f"regexp_extract(r, '{ERROR_LINE}', ['kind', 'said'])"
    within = f"regexp_extract(r, '{ERROR_WITHIN}', ['kind', 'said'])"
    stacked = _let("l", line, f"CASE WHEN l.kind <> '' THEN l ELSE {within} END")
    plain = f"regexp_extract(r, '{PLAIN_ERROR}', ['kind', 'said'])"
    error = f"CASE WHEN regexp_matches(r, '{STACK}') THEN {stacked} ELSE {plain} END"
    own = f"lambda x: NOT regexp_matches(x, '{FOREIGN}')"
    frames = f"regexp_extract_all(r, '{OTHER_FRAME}') || regexp_extract_all(t, '{OTHER_FRAME}')"
    chosen = _let("c", frames, f"coalesce(list_filter(c, {own})[1], c[1])")
    frame = f"regexp_replace({chosen}, '^\\s+at (?:async )?', '')"
    frame = f"regexp_replace({frame}, '^([^(]+?) ?\\(([^)]*)\\).*$', '\\2 in \\1')"
    stack = "CASE WHEN contains(t, chr(10)) THEN t END"
    return _let("r", cause, _let("e", error, _let("f", frame, _struct(stack))))


def _struct(stack: str) -> str:
    """The columns, from `e` (kind and said) and `f` (the frame)."""
    kind = "nullif(e.kind, '')"
    said = "nullif(rtrim(e.said, chr(10) || ' '), '')"
    place = "regexp_replace(f, ':[0-9]+(:[0-9]+)?( in |$)', ' ')"
    print_ = f"left(md5(concat_ws('|', {kind}, {normalised(said)}, {place})), 16)"
    return (
        f"{{'exception_type': {kind}, 'exception_message': CASE WHEN {kind} IS NOT NULL "
        f"THEN {said} END, 'exception_stacktrace': {stack}, 'exception_frame': nullif(f, ''), "
        f"'exception_fingerprint': CASE WHEN {kind} IS NOT NULL THEN {print_} END}}"
    )


def _let(name: str, value: str, inside: str) -> str:
    """SQL of an expression in which a name stands for a value that is computed once."""
    return f"list_transform([{value}], lambda {name}: {inside})[1]"
