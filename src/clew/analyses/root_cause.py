"""Which service, pod and operation most likely caused a trouble, from spans, logs and metrics.

Reads     spans, logs, metrics   timestamp, service, k8s_pod, service_instance, container, host;
          span_name, span_kind, status, http_status, server_address and the table span_tree; message,
          severity, exception_type; metric_name, metric_value and labels in `attributes`
Returns   one row per service and pod with evidence against it; most likely cause first
Units     rank: 1 is the likeliest; score: 0 to 1; operation: the one with most evidence, NULL where
          all evidence is the pod's; pod: NULL where nothing tells it; reasons: sentences joined by
          '; ', strongest first
Method    The time from `since` to `until` is compared with `baseline`, else with what lies before,
          else with what follows. Without any of them the worst time of the case is found by itself.
          A pod is blamed for time of its own that grew (not for waiting on what it calls), for gaps
          between clients' spans and its own, for failures that start in it, for calls it no longer
          makes, for log lines of a new or much more frequent kind, and for metrics beyond their
          usual range. `signals` may leave out some of spans, logs and metrics
Blind to  a cause that left no trace of its own in any signal; what is normal, in a case that holds
          the trouble alone; a pod of a service whose spans, logs and metrics name no pod
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import ibis
import ibis.expr.types as ir

from clew.analyses._by import group_keys, ordered
from clew.analyses._cause_cases import BEGIN, PODS, SINCE, UNTIL, lines, points, requests
from clew.analyses._cause_facts import called, passing, span_facts
from clew.analyses._cause_logs import accusations, log_clues, log_facts, surging
from clew.analyses._cause_metrics import metric_clues
from clew.analyses._cause_spans import span_clues
from clew.analyses._cause_words import EVIDENCE, PLACE, saturating
from clew.correlation.components import with_component
from clew.correlation.incident import Times, bounds, sided
from clew.model.case import Case
from clew.model.views import metrics

READS = (
    "event_id", "timestamp", "service", "k8s_pod", "service_instance", "container", "host", "span_id",
    "span_name", "http_status", "server_address", "message", "severity", "exception_type",
    "exception_message", "metric_name", "metric_value", "attributes",
)  # fmt: skip
RETURNS = ("rank", "service", "pod", "operation", "score", "reasons")

WEIGHTS = {"time": 1.0, "gap": 1.0, "failures": 1.0, "calls": 0.5, "logs": 0.8, "metrics": 1.1}
"""How much evidence of each kind counts when it is as strong as can be."""
FURTHER = 0.2
"""What further evidence of the same kind adds, in shares of itself."""
PASSED_ON = 0.35
"""How much of a caller's evidence is taken off where a service that it calls has more."""
SHIFTED = 0.7
"""How much of a caller's evidence goes to the service that its log lines name."""
PASSED_ON_SAID = 0.7
"""How much of the evidence of a service's lines is taken off where all its failures began elsewhere."""
CALM = 0.5
"""How much of the evidence of a pod's metrics is taken off where its service's spans are as ever, and
those of others are not."""
LONE = 0.6
"""What evidence of one kind alone counts; kinds that agree count more."""
MOST_REASONS = 6
OWN_KEYS = ("service", "pod", "operation")


def root_cause(
    events: ir.Table,
    *,
    by: tuple[str, ...] = (),
    bucket: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    baseline: tuple[datetime, datetime] | None = None,
    signals: tuple[str, ...] = ("spans", "logs", "metrics"),
) -> ir.Table:
    by = tuple(name for name in by if name not in OWN_KEYS)  # every row is of one anyway
    keys = group_keys(events, by, bucket, RETURNS)
    window = bounds(events, Times(since, until, baseline))
    columns = {name: events[name] for name in READS}
    e = with_component(events.select(**columns, **_labels(keys)), events)
    facts = span_facts(e)
    clues = []
    seen = _grouped(facts, e, window)
    if "spans" in signals:
        clues.append(span_clues(seen))
    if "logs" in signals:
        components = e.filter(e.component != "").select("component").distinct()
        kinds = surging(_grouped(log_facts(e), e, window), components)
        clues = [_shifted(clue, accusations(kinds)) for clue in clues]
        said = log_clues(kinds)
        clues.append(_less_of_others(said, passing(seen)) if "spans" in signals else said)
    if "metrics" in signals:
        measured = metric_clues(_grouped(metrics(e), e, window))
        clues.append(_less_of_calm(measured, clues[0], seen) if "spans" in signals else measured)
    evidence = clues[0] if len(clues) == 1 else ibis.union(*clues)
    ranked = _ranked(evidence.filter(evidence.component != ""), called(facts))
    return _named(ranked, events, keys)


def _labels(keys: Mapping[str, ir.Value]) -> dict[str, ir.Value]:
    """clew_by: the values that rows are split by, as one text; clew_bucket: the bucket, as text."""
    texts = {name: value.cast("string").fill_null("\t") for name, value in keys.items()}
    at = texts.pop("bucket", ibis.literal(""))
    joined = ibis.literal("\n").join(list(texts.values())) if texts else ibis.literal("")
    return {"clew_by": joined, "clew_bucket": at}


def _grouped(t: ir.Table, e: ir.Table, window: ir.Table) -> ir.Table:
    """The rows of both sides, with `clew_group`: what is normal is normal for every bucket."""
    t = sided(t, window)
    asked = sided(e.select("timestamp", "clew_by", "clew_bucket"), window)
    asked = asked.filter(asked.side == 1).select("clew_by", group_bucket="clew_bucket").distinct()
    t = t.join(asked, "clew_by")
    t = t.filter((t.side == 0) | (t.clew_bucket == t.group_bucket))
    return t.mutate(clew_group=t.clew_by + "\n" + t.group_bucket)


def _shifted(clues: ir.Table, accused: ir.Table) -> ir.Table:
    """Where a caller's log lines name the service it waits for or fails at, so does its evidence.

    Without spans of clients nothing else tells a call that got no answer from work of one's own.
    """
    own = accused.group_by("clew_group", "component").agg(sure=accused.sure.max())
    t = clues.left_join(own, ["clew_group", "component"])
    left = t.mutate(strength=t.strength * (1.0 - SHIFTED * t.sure.fill_null(0.0)))
    t = clues.join(accused, ["clew_group", "component"])
    moved = t.mutate(
        because=ibis.literal("by its log lines ")
        + t.component
        + " waits for it or fails at it: "
        + t.because,
        component=t.named,
        pod=ibis.literal(""),
        operation=ibis.literal(""),
        strength=t.strength * SHIFTED * t.sure,
    )
    return ibis.union(left.select(*EVIDENCE), moved.select(*EVIDENCE))


def _less_of_others(said: ir.Table, passed: ir.Table) -> ir.Table:
    """Lines of a service whose failures began elsewhere are mostly that failure's, not its own."""
    t = said.left_join(passed, ["clew_group", "component"])
    less = 1.0 - PASSED_ON_SAID * t.passed.fill_null(0.0)
    return t.mutate(strength=t.strength * less).select(*EVIDENCE)


def _less_of_calm(measured: ir.Table, traced: ir.Table, seen: ir.Table) -> ir.Table:
    """Metrics of a service whose requests are served as ever say little of what others' suffer from."""
    served = seen.filter(seen.side == 1).select("clew_group", "component").distinct()
    own = traced.group_by("clew_group", "component").agg(own=traced.strength.max())
    most = traced.group_by("clew_group").agg(most=traced.strength.max())
    calm = served.left_join(own, ["clew_group", "component"]).join(most, "clew_group")
    calm = calm.select("clew_group", "component", calm=calm.most - calm.own.fill_null(0.0))
    t = measured.left_join(calm, ["clew_group", "component"])
    less = 1.0 - CALM * ibis.greatest(t.calm.fill_null(0.0), 0.0)
    return t.mutate(strength=t.strength * less).select(*EVIDENCE)


def _ranked(evidence: ir.Table, calls: ir.Table) -> ir.Table:
    """clew_group and RETURNS of all evidence."""
    evidence = _placed(evidence)
    scored = _passed_on(_weighed(evidence, PLACE), calls)
    order = ibis.window(
        group_by="clew_group", order_by=[scored.total.desc(), scored.component, scored.pod]
    )
    scored = scored.mutate(rank=ibis.row_number().over(order) + 1)
    t = scored.join(_reasons(evidence), PLACE)
    return t.select(
        "clew_group",
        "rank",
        service="component",
        pod=t.pod.nullif(""),
        operation=t.operation.nullif(""),
        score=(1.0 - (-t.total).exp()).round(3),
        reasons="reasons",
    )


def _placed(evidence: ir.Table) -> ir.Table:
    """Evidence against a service as a whole counts to that of its pods which has most of its own."""
    own = _weighed(evidence.filter(evidence.pod != ""), PLACE)
    order = ibis.window(group_by=["clew_group", "component"], order_by=[own.total.desc(), own.pod])
    best = own.mutate(place=ibis.row_number().over(order))
    best = best.filter(best.place == 0).select("clew_group", "component", best_pod="pod")
    t = evidence.left_join(best, ["clew_group", "component"])
    pod = ibis.ifelse(t.pod == "", t.best_pod.fill_null(""), t.pod)
    return t.mutate(pod=pod).select(*EVIDENCE)


def _weighed(evidence: ir.Table, place: list[str]) -> ir.Table:
    """The evidence of each place as one number, `total`."""
    t = evidence.group_by(*place, "signal").agg(
        most=evidence.strength.max(), all=evidence.strength.sum()
    )
    weight = ibis.cases(*((t.signal == k, w) for k, w in WEIGHTS.items()), else_=0.0)
    t = t.mutate(weight=weight)
    further = ibis.least(t["all"] - t.most, t.most) * FURTHER
    t = t.mutate(weighed=t.weight * (t.most + further))
    s = t.group_by(*place).agg(all=t.weighed.sum(), most=t.weighed.max())
    agreed = ibis.least((s["all"] - s.most) / s.most * 2, 1.0)
    return s.select(*place, total=s["all"] * (LONE + (1.0 - LONE) * agreed))


def _passed_on(scored: ir.Table, calls: ir.Table) -> ir.Table:
    """Takes off evidence of a caller where a service that it calls has more."""
    callees = scored.group_by("clew_group", callee="component").agg(callee_total=scored.total.max())
    below = calls.join(callees, "callee")
    below = below.group_by("clew_group", "caller").agg(below=below.callee_total.max())
    t = scored.left_join(
        below, [scored.clew_group == below.clew_group, scored.component == below.caller]
    )
    more = saturating((t.below - t.total).fill_null(0.0), 0.5)
    return t.mutate(total=t.total * (1.0 - PASSED_ON * more)).select(*PLACE, "total")


def _reasons(evidence: ir.Table) -> ir.Table:
    """The strongest sentences of each place, and the operation that the strongest evidence names."""
    weight = ibis.cases(*((evidence.signal == k, w) for k, w in WEIGHTS.items()), else_=0.0)
    t = evidence.mutate(weighed=evidence.strength * weight, has_name=evidence.operation != "")
    order = [t.weighed.desc(), t.because]
    t = t.mutate(
        place=ibis.row_number().over(ibis.window(group_by=PLACE, order_by=order)),
        name_place=ibis.row_number().over(
            ibis.window(group_by=PLACE, order_by=[t.has_name.desc(), *order])
        ),
    )
    sentences = {f"r{n}": t.because.max(where=t.place == n) for n in range(MOST_REASONS)}
    s = t.group_by(*PLACE).agg(operation=t.operation.max(where=t.name_place == 0), **sentences)
    text = s.r0
    for n in range(1, MOST_REASONS):
        text = text + ibis.coalesce(ibis.literal("; ") + s[f"r{n}"], ibis.literal(""))
    return s.select(*PLACE, "operation", reasons=text)


def _named(ranked: ir.Table, events: ir.Table, keys: Mapping[str, ir.Value]) -> ir.Table:
    """The values that rows are split by, in place of `clew_group`; in order."""
    labels = _labels(keys)
    group = labels["clew_by"] + "\n" + labels["clew_bucket"]
    named = events.select(**keys, clew_group=group).distinct()
    if not keys:
        return ranked.select(*RETURNS).order_by("rank")
    t = ranked.join(named, "clew_group").select(*keys, *RETURNS)
    return ordered(t, list(keys), then=("rank",))


_WHEN = {"since": SINCE, "until": UNTIL}

CASES = [
    Case(
        "the pod whose own time grew is named, and not the gateway that waits for it",
        options=_WHEN,
        rows=requests(slow_ms=60),
        expect=[{"rank": 1, "service": "cart", "pod": PODS[1], "operation": "GET /cart"}],
    ),
    Case(
        "the gap between a client's span and its server's is the callee's",
        options=_WHEN,
        rows=requests(gap_ms=80),
        expect=[
            {"rank": 1, "service": "cart", "pod": PODS[1], "operation": None},
            {"rank": 2, "service": "gateway"},
        ],
    ),
    Case(
        "without kinds of spans a call is known by the name of what answers it",
        options=_WHEN,
        rows=requests(gap_ms=80, call="GET /cart", client=None, server=None),
        expect=[
            {"rank": 1, "service": "cart", "pod": PODS[1], "operation": None},
            {"rank": 2, "service": "gateway"},
        ],
    ),
    Case(
        "calls that became many are laid to the operation that makes them",
        options=_WHEN,
        rows=requests(queries=20),
        expect=[{"rank": 1, "service": "cart", "pod": PODS[1], "operation": "GET /cart"}],
    ),
    Case(
        "failures count where they start, not where they are passed on",
        options=_WHEN,
        rows=requests(error=True),
        expect=[{"rank": 1, "service": "cart", "pod": PODS[1], "operation": "GET /cart"}],
    ),
    Case(
        "a pod whose metric left its usual range is named with it",
        options=_WHEN,
        rows=requests() + points(),
        expect=[
            {
                "service": "cart", "pod": PODS[1], "operation": None,
                "reasons": "container_cpu_usage rose to 0.9 from 0.208 (35.5 spreads) from 10:21:00",
            }
        ],
    ),
    Case(
        "a metric that is named after its pod is that pod's",
        options=_WHEN,
        rows=requests(slow_ms=60)
        + [
            {**row, "k8s_pod": None, "metric_name": f"{row['k8s_pod']}_cpu"}
            for row in points()
        ],
        expect=[{"rank": 1, "service": "cart", "pod": PODS[1], "operation": "GET /cart"}],
    ),
    Case(
        "a metric of a pod behind its node's name is that pod's",
        options=_WHEN,
        rows=requests(slow_ms=60)
        + [{**row, "k8s_pod": f"node-6.{row['k8s_pod']}"} for row in points()],
        expect=[{"rank": 1, "service": "cart", "pod": PODS[1], "operation": "GET /cart"}],
    ),
    Case(
        "error lines that name another service speak of that one",
        options=_WHEN,
        rows=requests() + lines("call {} of cart: connection refused", 6),
        expect=[{"rank": 1, "service": "cart"}, {"rank": 2, "service": "gateway"}],
    ),
    Case(
        "a metric of a service that serves as ever is not what others suffer from",
        options=_WHEN,
        rows=requests(gap_ms=80)
        + [
            {
                **row, "trace_id": f"e{n}", "parent_span_id": None, "service": "email",
                "k8s_pod": "email-0", "span_name": "send", "duration_ms": 5.0,
            }
            for n, row in enumerate(requests())
            if row["service"] == "cart"
        ]
        + [{**row, "k8s_pod": "email-0", "metric_name": "memory"} for row in points()[1::2]],
        expect=[
            {"rank": 1, "service": "cart", "pod": PODS[1]},
            {"rank": 2, "service": "email", "pod": "email-0"},
            {"rank": 3, "service": "gateway"},
        ],
    ),
    Case(
        "a service that answers no more is to blame, though nothing states a failure",
        options=_WHEN,
        rows=[
            row
            for row in requests(call="GET /cart", client=None, server=None)
            if row["service"] != "cart" or row["timestamp"] < SINCE
        ],
        expect=[{"rank": 1, "service": "cart"}],
    ),
    Case(
        "signals that agree come first, each with its reason",
        options=_WHEN,
        rows=requests(slow_ms=60) + points() + lines("retry {} of the lease", 3, severity="WARN"),
        expect=[
            {"rank": 1, "service": "cart", "pod": PODS[1], "operation": "GET /cart"},
            {"rank": 2, "service": "gateway", "pod": None},
        ],
    ),
    Case(
        "without times the worst time of the case is found",
        rows=requests(slow_ms=60),
        expect=[{"rank": 1, "service": "cart", "pod": PODS[1], "operation": "GET /cart"}],
    ),
    Case(
        "what is as it was has no cause",
        options=_WHEN,
        rows=requests() + points(wrong=0.2),
        expect=[],
    ),
    Case(
        "the baseline says what is normal",
        options={"since": BEGIN, "until": SINCE, "baseline": (SINCE, UNTIL)},
        rows=requests(slow_ms=60),
        expect=[],
    ),
    Case(
        "signals may be left out",
        options={**_WHEN, "signals": ("logs", "metrics")},
        rows=requests(slow_ms=60),
        expect=[],
    ),
]  # fmt: skip
