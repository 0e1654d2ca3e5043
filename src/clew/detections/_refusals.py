"""Whether a model refused for reasons of policy, in its own words or by its finish reason."""

from __future__ import annotations

from typing import cast

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir

BEGINNING = 300
"""Characters of an answer in which a refusal stands."""
LONG_ENOUGH = 60
"""Characters from which an answer is one."""
REFUSAL = (
    r"\b(?:can'?t|can’t|cannot|can not|unable to|not able to|won'?t|won’t|will not|must decline to|not allowed to|"
    r"not going to|not comfortable)"
    r" (?:[a-z]+ )?(?:help|assist|comply|provide|creat|writ|generat|shar|give|giving|support|fulfil|do that|do this|"
    r"engage|discuss|answer (?:that|this|those|such)|continue with|participate|role-?play|pretend|act as|reveal|"
    r"disclos|go into|go there|get into|walk you|teach|instruct|talk about|be of help)"
    r"|\bnot something (?:that )?i(?:'m|’m| am| can| will| do)\b"
    r"|\b(?:i must (?:decline|refuse)|i (?:have to )?decline|against (?:my|our|the) (?:policy|policies|guidelines|"
    r"programming|rules)|violates? (?:my|our|the|usage|content))\b"
    r"|\b(?:that|this) (?:request|would be) (?:is )?(?:harmful|illegal|unethical|dangerous)\b"
    r"|\bich kann (?:dir |ihnen )?(?:dabei|damit|das|diese) (?:leider )?nicht|\bdabei kann ich (?:dir |ihnen )?nicht"
    r"|\bdas (?:kann|darf|werde) ich (?:dir |ihnen )?(?:leider )?nicht (?:beantworten|erklären|sagen|verraten|tun)"
    r"|\bno puedo (?:ayudar|proporcionar|asistir|cumplir|compartir)|\bje ne peux pas (?:vous |t')?(?:aider|fournir|"
    r"répondre|partager)"
    r"|\bnão posso (?:ajudar|fornecer|ajudá|compartilhar)|\bnon posso (?:aiutar|fornire|assist)|не могу (?:помочь|"
    r"предоставить|выполнить)"
    r"|我(?:不能|无法|無法)(?:协助|協助|提供|帮助|幫助|满足|回答)"
    r"|お(?:手伝い|答え)(?:できません|することはできません)|도와드릴 수 없"
)  # fmt: skip


def is_refusal(t: ir.Table) -> ir.BooleanValue:
    """The answer begins with a refusal, or ended because of one."""
    beginning = t.completion.left(BEGINNING).lower()
    ended = t.finish_reason.lower().re_search(r"content_?filter|refus|safety|guardrail|blocked")
    named = (t.error_class == "content_filter") | t.error_type.lower().re_search(
        r"content_?filter|content_policy"
    )
    found = beginning.re_search(REFUSAL).fill_null(False) | ended.fill_null(False)
    return cast(ir.BooleanValue, found | named.fill_null(False))


def is_answer(t: ir.Table) -> ir.BooleanValue:
    """The model answered at some length, and did not refuse."""
    is_long = (t.completion.length() >= LONG_ENOUGH).fill_null(False)
    return cast(ir.BooleanValue, is_long & ~is_refusal(t))


def topic_words(text: ir.StringValue) -> ir.ArrayValue:
    """The different words of four letters and more, in small letters; the first two thousand characters."""
    apart = text.left(2_000).lower().re_replace(r"[^\pL\pN]+", "  ")
    long = apart.re_replace(r"(?:^| )[\pL\pN]{1,3}(?: |$)", " ").re_replace(" +", " ").strip()
    return cast(ir.ArrayValue, _distinct(long.split(" ")))


def overlap(one: ir.ArrayValue, other: ir.ArrayValue) -> ir.FloatingValue:
    """The share of the words of `one` that `other` has too; 0 where it has none."""
    whole = one.length()
    return cast(
        ir.FloatingValue, ibis.ifelse(whole > 0, _shared(one, other) / whole.cast("float64"), 0.0)
    )


@ibis.udf.scalar.builtin(
    name="clew_distinct", signature=((dt.Array(dt.string),), dt.Array(dt.string))
)
def _distinct(words):  # type: ignore[no-untyped-def]
    """Each once. Every engine defines the function."""


@ibis.udf.scalar.builtin(
    name="clew_shared", signature=((dt.Array(dt.string), dt.Array(dt.string)), dt.int64)
)
def _shared(one, other):  # type: ignore[no-untyped-def]
    """How many both have. Every engine defines the function."""
