"""What an external guard says of a prompt: a number, a verdict, or labels with scores, wherever it stands.

0.97    true    {"label": "INJECTION", "score": 0.98}    [{"label": "SAFE", "score": 0.9}]
{"results": [{"flagged": true, "category_scores": {"prompt_injection": 0.97, "hate": 0.01}}]}
"""

from __future__ import annotations

import re
from typing import cast

import ibis
import ibis.expr.types as ir

from clew.model.json_lists import at_path, numbers
from clew.model.views import attribute

_NUMBER = r"\"?([0-9][0-9.]*(?:e-?[0-9]+)?)"
_LABEL = r"\"(?:label|category|class|type|name|verdict)\"\s*:\s*\""
_SCORE = r"\"(?:score|confidence|probability|value)\"\s*:\s*" + _NUMBER
_WITHIN = r"[^{}]*?"
_ATTACK = r"[^\"]*(?:inject|jailbreak|attack|malicious|unsafe|label_1)[^\"]*\""
_SAFE = r"(?:safe|benign|legit|normal|clean|label_0|no[tn]?[ _-])[^\"]*\""
_VERDICT = (
    r"\"(?:flagged|detected|blocked|attack_?detected|is_(?:attack|injection|jailbreak|malicious)|injection"
    r"|jailbreak)\"\s*:\s*(true|false)"
)


def guard_score(t: ir.Table, name: str) -> ir.FloatingValue:
    """The score of a column of events, a key of attributes, or a dotted path into one (`results[0].score` leads
    through every item of a list, of which the highest counts), from 0 to 1; NULL where there is none."""
    if not name:
        return ibis.null("float64")
    if name in t.columns:
        return _within(_judged(t[name].cast("string")))
    parts = re.sub(r"\[[0-9*]*\]", "", name).split(".")
    found = [_judged(attribute(t.attributes, ".".join(parts)))]
    if len(parts) < len(name.split(".")) or "[" in name:
        found.append(_judged(attribute(t.attributes, name)))
    for place in range(len(parts) - 1, 0, -1):
        whole = attribute(t.attributes, ".".join(parts[:place]))
        if parts[-1] in (
            "score",
            "confidence",
            "probability",
        ):  # whose meaning hangs on a label beside it
            found.append(_labelled(whole))
        inner = at_path(whole, ".".join(parts[place:]))
        found += [cast(ir.FloatingValue, numbers(inner).maxs()), _judged(inner[0])]
    return _within(ibis.coalesce(*found))


def _within(value: ir.Value) -> ir.FloatingValue:
    return cast(ir.FloatingValue, ibis.ifelse(value.between(0, 1), value, ibis.null("float64")))


def _judged(text: ir.StringValue) -> ir.FloatingValue:
    """Of a number, a verdict, or JSON with labels, scores of kinds of attacks, or verdicts."""
    verdict = text.lower().cases(("true", 1.0), ("false", 0.0), else_=ibis.null("float64"))
    is_json = text.re_search(r"^\s*[\[{]")
    said = _first(text, _VERDICT).cases(("true", 1.0), ("false", 0.0), else_=ibis.null("float64"))
    named = _first(text, r"\"[^\"]*(?:inject|jailbreak)[^\"]*\"\s*:\s*" + _NUMBER)
    inside = ibis.coalesce(_labelled(text), named.try_cast("float64"), said)
    none = ibis.null("float64")
    found = ibis.coalesce(verdict, text.try_cast("float64"), ibis.ifelse(is_json, inside, none))
    return cast(ir.FloatingValue, found)


def _labelled(text: ir.StringValue) -> ir.FloatingValue:
    """The score beside a label that names an attack, else what the score beside an innocent one leaves."""
    safe, attack = (
        ibis.coalesce(
            _first(text, _LABEL + label + _WITHIN + _SCORE),
            _first(text, _SCORE + _WITHIN + _LABEL + label),
        ).try_cast("float64")
        for label in (_SAFE, _ATTACK)
    )
    return cast(ir.FloatingValue, ibis.coalesce(1.0 - safe, attack))


def _first(text: ir.StringValue, pattern: str) -> ir.StringValue:
    return text.lower().re_extract(pattern, 1).nullif("")
