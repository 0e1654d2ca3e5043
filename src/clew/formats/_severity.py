"""Level words and numbers of every logger, as SQL, to one severity.

Words     debug, notice, warning, crit, panic ...; single letters; syslog's keywords
Numbers   Python's and pino's 10-60, OpenTelemetry's 1-24 where a name says so, syslog's 0-7
"""

from __future__ import annotations

from clew.model.event import SEVERITIES

WORDS = {
    "TRACE": ("trace", "trc", "trac", "verbose", "finest", "finer", "silly", "t", "v",
              "vrb", "trce", "."),
    "DEBUG": ("debug", "dbg", "debg", "debu", "fine", "config", "d", "dbug", "-"),
    "INFO": ("info", "inf", "information", "informational", "notice", "note", "success", "log",
             "default", "i", "n", "system", "*"),
    "WARN": ("warn", "warning", "wrn", "w", "#"),
    "ERROR": ("error", "err", "eror", "erro", "severe", "e", "exception", "failure", "fail"),
    "FATAL": ("fatal", "fata", "pani", "pnc", "critical", "crit", "alert", "emerg", "emergency", "panic", "dpanic", "c",
              "f", "ftl", "a"),
}  # fmt: skip
COMMON = {
    "INFO": "INFO", "info": "INFO", "WARNING": "WARN", "ERROR": "ERROR", "error": "ERROR",
    "DEBUG": "DEBUG", "warning": "WARN", "debug": "DEBUG", "WARN": "WARN", "warn": "WARN",
}  # fmt: skip
"""The spellings that nearly every line has: tested first, without touching the text."""
NUMBERS = {
    "TRACE": ("5",),
    "DEBUG": ("10", "20000", "100"),
    "INFO": ("20", "30000", "200", "25"),
    "WARN": ("30", "300"),
    "ERROR": ("40", "400", "500"),
    "FATAL": ("50", "60", "600", "700", "800", "50000"),
}
"""Python's logging, loguru, Java's Logback (in thousands) and Google Cloud (in hundreds)."""
BUNYAN = {"10": "TRACE", "20": "DEBUG", "30": "INFO", "40": "WARN", "50": "ERROR", "60": "FATAL"}
SYSLOG = {"0": "FATAL", "1": "FATAL", "2": "FATAL", "3": "ERROR", "4": "WARN", "5": "INFO",
          "6": "INFO", "7": "DEBUG"}  # fmt: skip


def severity_sql(text: str, *, numbers: str = "python") -> str:
    """SQL of the severity of a level; NULL where the text is no level.

    numbers  how to read 10 to 60: `python` (20 is INFO) or `bunyan` (30 is INFO, pino too)
    """
    as_is = " ".join(f"WHEN '{word}' THEN '{severity}'" for word, severity in COMMON.items())
    by_word = {
        word: severity for told in (WORDS, NUMBERS) for severity in told for word in told[severity]
    }
    by_word |= SYSLOG
    if numbers == "bunyan":
        by_word |= BUNYAN
    word = f"lower(trim({text}, ' []:'))"
    branches = [
        f"WHEN {word} IN ({', '.join(repr(w) for w in by_word if by_word[w] == severity)}) THEN '{severity}'"
        for severity in WORDS
    ]
    rest = f"CASE {' '.join(branches)} END"
    if numbers == "bunyan":
        return f"CASE {text} {as_is} WHEN '30' THEN 'INFO' WHEN '50' THEN 'ERROR' ELSE {rest} END"
    return f"CASE {text} {as_is} ELSE {rest} END"


def severity_number_sql(severity: str) -> str:
    """SQL of OpenTelemetry's number of a severity."""
    branches = " ".join(f"WHEN '{name}' THEN {number}" for name, number in SEVERITIES.items())
    return f"CASE {severity} {branches} END"
