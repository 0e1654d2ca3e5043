"""A run of refusals in words: what was refused, whose load it was, and what to do."""

from __future__ import annotations

from typing import Any

from clew.detections._attempts import who
from clew.detections._words import clock, many, share
from clew.model.finding import Description, Severity


def spike(row: dict[str, Any]) -> Description:
    cause = row["cause"]
    title = {
        "neighbour": _neighbour_title,
        "own limit": _own_title,
        "deployment": _deployment_title,
        "retries": _retry_title,
        "saturation": _saturation_title,
    }[cause](row)
    severity: Severity = "medium"
    if cause == "own limit" and row["limited"] < 500:
        severity = "low"
    elif cause in ("neighbour", "deployment", "saturation", "retries"):
        is_high = row["limited_share"] >= 0.2 and row["limited"] >= 100 and row["callers"] >= 2
        severity = "high" if is_high else "medium"
    known = row["usual_per_min"] is not None
    return Description(
        title=title,
        severity=severity,
        confidence=0.9 if known and row["limited"] >= 50 else 0.75,
        why=tuple(_reasons(row)),
        recommendations=_advice(row),
    )


def _where(row: dict[str, Any]) -> str:
    if not row["is_call"]:
        return str(row["in_service"] or "the service")
    return " ".join(filter(None, (row["in_provider"], row["in_model"]))) or "the model"


def _refused(row: dict[str, Any]) -> str:
    return f"{row['limited']:,} of {row['attempts']:,} requests to {_where(row)} were refused (429)"


def _neighbour_title(row: dict[str, Any]) -> str:
    return (
        f"{_refused(row)}: {who(row)} is a noisy neighbour with {share(row['load_share'])} of the "
        f"load, and {many(row['victims_limited'], 'refusal')} hit others"
    )


def _own_title(row: dict[str, Any]) -> str:
    return f"{_refused(row)}: {who(row)} ran into its own limit, and no other caller was refused"


def _deployment_title(row: dict[str, Any]) -> str:
    version = f" {row['service_version']}" if row["service_version"] else ""
    since = f"{_refused(row)} since the deployment of {row['service']}{version}"
    if row["load_share"] is None:
        return f"{since}, the only change of hours: the load grew to {row['growth']:.1f} times the usual"
    return f"{since}, which makes {share(row['load_share'])} of the load"


def _retry_title(row: dict[str, Any]) -> str:
    named = who(row)
    by = f" of {named}" if named else ""
    return (
        f"{_refused(row)}: the retry policy{by} is the cause, {share(row['retry_share'])} of the "
        "requests are retries without back-off"
    )


def _is_lowered(row: dict[str, Any]) -> bool:
    usual, stated = row["usual_limit_requests"], row["rate_limit_requests"]
    return bool(usual and stated and usual >= 1.5 * stated)


def _saturation_title(row: dict[str, Any]) -> str:
    if _is_lowered(row):
        return (
            f"{_refused(row)}: real saturation, the limit fell from {row['usual_limit_requests']:,} to "
            f"{row['rate_limit_requests']:,} requests, below what {many(row['callers'], 'caller')} send"
        )
    if (row["growth"] or 0) >= row["min_growth"]:
        return (
            f"{_refused(row)}: real saturation, the load of {many(row['callers'], 'caller')} grew "
            f"to {row['growth']:.1f} times the usual, and no one stands out"
        )
    return f"{_refused(row)}: the limit is saturated by {many(row['callers'], 'caller')}, and no one stands out"


def _reasons(row: dict[str, Any]) -> list[str]:
    said = [
        f"Between {clock(row['started'])} and {clock(row['ended'])}, {row['limited']:,} of "
        f"{row['attempts']:,} attempts were refused ({share(row['limited_share'])})."
    ]
    if row["usual_per_min"] is not None:
        said.append(
            f"Attempts came at {row['requests_per_min']:,.1f} a minute; outside of such times at "
            f"{row['usual_per_min']:,.1f}."
        )
    else:
        said.append(
            f"Attempts came at {row['requests_per_min']:,.1f} a minute; the log has too little from "
            "outside of that time to say what is usual."
        )
    said += _reasons_of_cause(row) + _reasons_of_limits(row)
    if row["cause"] != "retries" and row["retry_share"] >= 0.1:
        said.append(
            f"{share(row['retry_share'])} of the attempts repeat a refused one within "
            f"{row['no_backoff_s']:g} s or before its Retry-After, which makes it worse."
        )
    if row["episodes"] > 1:
        said.append(f"It happened {row['episodes']:,} times; this is the largest.")
    return said


def _reasons_of_cause(row: dict[str, Any]) -> list[str]:
    cause = row["cause"]
    if cause in ("neighbour", "own limit"):
        said = [
            f"Its share: {share(row['request_share'])} of the requests"
            + (
                f", {share(row['token_share'])} of the tokens"
                if row["token_share"] is not None
                else ""
            )
            + f", {share(row['limited_share_of_caller'])} of the refusals; "
            f"{many(row['victims'], 'other caller')} met {many(row['victims_limited'], 'refusal')}."
        ]
        if row["usual_per_min"] is not None:
            said.append(
                f"It grew to {row['caller_growth']:.1f} times its own usual rate and makes "
                f"{share(min(row['growth_share'], 1.0))} of all that came on top of the usual load."
            )
        return said
    if cause == "deployment":
        makes = "the calls name no service, so that its part of the load is not known."
        if row["load_share"] is not None:
            makes = f"it makes {share(row['load_share'])} of the load."
        return [
            f"{row['service']} changed at {clock(row['changed_at'])}, "
            f"{_apart(row)} the first refusal; {makes}"
        ]
    if cause == "retries":
        gap = row["repeat_gap_s"]
        return [
            f"{share(row['retry_share'])} of the attempts repeat a refused one within "
            f"{row['no_backoff_s']:g} s or before its Retry-After"
            + (f", by half after at most {gap:.2f} s" if gap is not None else "")
            + "; without them the load is near the usual."
        ]
    said = [f"No caller makes {share(row['min_load_share'])} of the load and most of its growth."]
    if (row["growth"] or 9) < row["min_growth"]:
        said.append(
            "The load was not far above the usual: the limit is too low for it, or was lowered."
        )
    return said


def _apart(row: dict[str, Any]) -> str:
    minutes = (row["started"] - row["changed_at"]).total_seconds() / 60
    return f"{minutes:.0f} minutes before" if minutes >= 1 else "within a minute of"


def _reasons_of_limits(row: dict[str, Any]) -> list[str]:
    said = []
    if row["out_of_requests"] or row["out_of_tokens"]:
        said.append(
            f"The provider said that nothing was left: {row['out_of_requests']:,} times of requests, "
            f"{row['out_of_tokens']:,} times of tokens."
        )
    if row["rate_limit_tokens"] and row["tokens_per_min"]:
        said.append(
            f"{row['tokens_per_min']:,.0f} tokens a minute were answered; the limit stated is "
            f"{row['rate_limit_tokens']:,}."
        )
    if row["rate_limit_requests"]:
        before = (
            f", {row['usual_limit_requests']:,} outside of that time" if _is_lowered(row) else ""
        )
        said.append(
            f"The limit stated is {row['rate_limit_requests']:,} requests in its window{before}."
        )
    return said


def _advice(row: dict[str, Any]) -> tuple[str, ...]:
    return {
        "neighbour": (
            f"Give {who(row)} a limit of its own below the shared one, or a key and queue apart.",
            "Move work that can wait to a batch API or to quiet hours.",
        ),
        "own limit": (
            f"Spread the requests of {who(row)} over time, or raise its limit.",
        ),
        "deployment": ("Compare the calls that the new version makes with those before; roll back.",),
        "retries": ("Retry with exponential back-off and jitter, honour Retry-After, and cap the attempts.",),
        "saturation": (
            "Ask why the limit was lowered." if _is_lowered(row) else
            "Ask for a higher limit or a second deployment, or queue and shed the least important work.",
        ),
    }[row["cause"]]  # fmt: skip
