"""What logs say of a cause: lines of a kind that is new or comes much more often, by pod.

Lines are of one kind when they differ in words with digits alone. A line that names another service,
as callers' errors do, speaks of that one.
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from clew.analyses._cause_words import EVIDENCE, PLACE, clue, number, relative, saturating
from clew.model.views import logs

VARYING = r"[A-Za-z0-9_.-]*[0-9][A-Za-z0-9_.-]*"
"""A word with a digit in it: an id, a number, a time, an address without its port."""
LONGEST = 160
"""Characters of a line that tell its kind."""
ALARMING = (
    r"(?i)\b(?:errors?|exceptions?|fail(?:s|ed|ure|ures)?|timed? ?out|refused|unavailable|traceback"
    r"|panic|fatal|out ?of ?memory|oom\w*|killed|denied|reset by peer|too many|invalid|unexpected"
    r"|null|nil|cannot|unable|deadline)\b|[A-Za-z]+(?:Error|Exception)\b"
)
SHORTEST_NAME = 3
"""Characters of a service's name below which a line is not searched for it."""


def log_facts(e: ir.Table) -> ir.Table:
    """Log records of `e` (with component and pod), and exceptions; kind is the line without ids."""
    t = logs(e).mutate(operation=ibis.literal(""))
    said = ibis.coalesce(
        ibis.coalesce(t.exception_type, "") + ibis.ifelse(t.exception_type.isnull(), "", ": ")
        + ibis.coalesce(t.exception_message, t.message, ""),
        "",
    )  # fmt: skip
    kind = said.substr(0, LONGEST).re_replace(VARYING, "*")
    is_grave = t.severity.isin(("ERROR", "FATAL")).fill_null(False) | t.exception_type.notnull()
    return t.mutate(
        kind=kind,
        grade=ibis.cases((is_grave, 2), (t.severity == "WARN", 1), else_=0).cast("int64"),
    )


def log_clues(kinds: ir.Table) -> ir.Table:
    """Evidence of `surging`. A line that names one other service counts mostly to that one."""
    t = kinds.mutate(is_other=(kinds.named != "") & (kinds.named != kinds.component))
    words = ibis.ifelse(
        t.before == 0, " (before: none)", ibis.literal(" (expected ") + number(t.expected) + ")"
    )
    own = clue(
        t, "logs", ibis.ifelse(t.is_other, 0.35, 1.0) * t.strength,
        number(t.now), " log lines '", t.kind, "'", words,
    )  # fmt: skip
    other = t.filter(t.is_other)
    other = other.mutate(component=other.named, pod=ibis.literal(""), speaker=other.component)
    others = clue(
        other, "logs", 0.7 * other.strength,
        number(other.now), " log lines of ", other.speaker, " name it: '", other.kind, "'",
    )  # fmt: skip
    return ibis.union(own, others).select(*EVIDENCE)


def surging(t: ir.Table, components: ir.Table) -> ir.Table:
    """Kinds of lines that are new or come more often, of `log_facts` with `side` and `clew_group`.

    components: the names of all. Adds expected, now, strength and named.
    """
    lengths = t.group_by("clew_group").agg(
        **{
            f"seconds{side}": t.timestamp.max(where=t.side == side).delta(
                t.timestamp.min(where=t.side == side), unit="second"
            )
            for side in (0, 1)
        }
    )
    s = t.group_by(*PLACE, "kind").agg(
        before=(t.side == 0).cast("float64").sum(),
        now=(t.side == 1).cast("float64").sum(),
        grade=t.grade.max(),
    )
    s = s.join(lengths, "clew_group")
    ratio = (s.seconds1.fill_null(0) + 10.0) / (s.seconds0.fill_null(0) + 10.0)
    kinds = ibis.window(group_by=["clew_group", "kind"])
    s = s.mutate(expected=s.before * ratio, anywhere=s.before.sum().over(kinds))
    s = s.filter(s.now > 0)
    alarming = s.kind.re_search(ALARMING)
    weight = ibis.cases(
        (s.grade == 2, 1.0), ((s.grade == 1) & alarming, 0.9), (s.grade == 1, 0.6),
        (alarming, 0.7), else_=0.25,
    )  # fmt: skip
    is_new = (s.anywhere == 0).cast("float64")
    # twice as many lines under twice the load are no news
    sigmas = (s.now - 1.5 * s.expected) / (s.expected + 1.0).sqrt()
    s = s.mutate(weight=weight, sigmas=sigmas, is_new=is_new, alarming=alarming)
    s = s.filter((s.sigmas > 0) & ((s.weight > 0.5) | (s.now >= 5)))
    s = s.mutate(weighed=s.sigmas * s.weight)
    top = s.weighed.max().over(ibis.window(group_by="clew_group"))
    strength = (
        s.weight * saturating(s.sigmas, 4.0) * (0.8 + 0.2 * s.is_new) * relative(s.weighed, top)
    )
    s = s.mutate(strength=strength, operation=ibis.literal(""))
    return _named(s, components)


def accusations(s: ir.Table) -> ir.Table:
    """clew_group, component, named and `sure`: how strongly a service's alarming lines name another."""
    t = s.filter((s.named != "") & (s.named != s.component))
    return t.group_by("clew_group", "component", "named").agg(sure=t.strength.max())


def _named(s: ir.Table, components: ir.Table) -> ir.Table:
    """Adds `named`: the one service that an alarming kind of line speaks of, or ""."""
    names = components.filter(components.component.length() > SHORTEST_NAME).select(
        named="component"
    )
    kinds = s.filter(s.weight > 0.5).select("kind").distinct()
    met = kinds.mutate(words=_words(kinds.kind)).cross_join(names.mutate(word=_words(names.named)))
    met = met.filter(met.words.contains(met.word))
    met = met.group_by("kind").agg(named=met.named.max())
    t = s.left_join(met, "kind")
    return t.mutate(named=t.named.fill_null("")).drop("kind_right")


def _words(text: ir.StringValue) -> ir.StringValue:
    """Lower case, one space before, between and after words: a name is found as a whole word."""
    return ibis.literal(" ") + text.lower().re_replace(r"[^a-z0-9-]+", " ").strip() + " "
