"""Which service and which pod an event belongs to, however its source names them.

component  the service as stated; else what spans and logs say of the same pod; else the pod's name
           without what Kubernetes adds to it; else the container or the host; last, what the name of
           its metric begins with
pod        the Kubernetes pod, without its node before it; else the instance of the service
measured   the name of its metric, without a pod or service that stands before or behind it

A data point's own service may be the collector that read it, so what others say of its pod goes first.
"""

from __future__ import annotations

from typing import cast

import ibis
import ibis.expr.types as ir

POD_SUFFIX = (
    r"(?:-[0-9a-f]{6,10}-[a-z0-9]{5}"  # a Deployment's: cart-7d9c6b5f48-x2x7k
    r"|-[bcdf-hj-np-tv-z2-9]{6,10}-[a-z0-9]{5}"  # as newer versions spell it: cart-bcdf24789-x2x7k
    r"|-[a-z0-9]{5}"  # a DaemonSet's: agent-x2x7k
    r"|-[0-9]+)$"  # a StatefulSet's: cart-db-0
)
NAMED_POD = r"^(.+-[0-9a-f]{6,10}-[a-z0-9]{5})[_.:/]"  # cart-7d9c6b5f48-x2x7k_cpu
BEARER = (
    r"^([A-Za-z][A-Za-z0-9]*(?:-[A-Za-z0-9]+)*)_"  # ts-order-service_cpu, cartservice_latency-90
)
MARKS = ("_", ".", ":", "/")
"""What stands between a metric's name and the pod or service that it is of."""
NODE_MARK = "."
"""What stands between a node and its pod."""
NONE = ""
"""Stands for a service or pod that is not known: joins and groups need a value."""


def with_component(t: ir.Table, all_events: ir.Table) -> ir.Table:
    """Adds the three columns to `t`; `all_events` may know which service a pod belongs to."""
    e = all_events.filter(all_events.metric_name.isnull())
    t = _with_bearer(t, e, all_events.filter(all_events.metric_name.notnull()))
    stated = e.filter(e.service.notnull() & e.k8s_pod.notnull())
    of_pod = stated.group_by("k8s_pod").agg(pod_service=stated.service.max())
    t = _without_node(t, e)
    pod = ibis.coalesce(t.bare_pod, t.k8s_pod, t.bearer_pod)
    t = t.mutate(named_pod=pod).left_join(of_pod, [("named_pod", "k8s_pod")], rname="{name}_stated")
    is_point = t.metric_name.notnull()
    is_pods_own = t.named_pod.isnull() | t.named_pod.startswith(t.service)
    component = ibis.coalesce(
        ibis.ifelse(is_point, t.pod_service, t.service),
        ibis.ifelse(is_pods_own, t.service, None),
        t.pod_service,
        workload(t.named_pod),
        t.service,
        t.container,
        t.bearer_service,
        t.host,
        t.metric_name.re_extract(BEARER, 1).nullif(""),
        ibis.literal(NONE),
    )
    pod = ibis.coalesce(t.named_pod, t.service_instance, ibis.literal(NONE))
    bearer = ibis.coalesce(t.bearer, component)
    return t.mutate(component=component, pod=pod, measured=_without(t.metric_name, bearer))


def _without_node(t: ir.Table, e: ir.Table) -> ir.Table:
    """Adds bare_pod: the pod of a name that puts the pod's node before it, node-6.cart-0, where spans
    or logs know the pod."""
    marked = t.filter(t.metric_name.notnull() & t.k8s_pod.contains(NODE_MARK))
    marked = marked.select(marked_pod="k8s_pod").distinct()
    bare = marked.marked_pod.re_extract(r"^[^.]+\.(.+)$", 1)
    known = e.filter(e.k8s_pod.notnull()).select(bare_pod="k8s_pod").distinct()
    met = marked.mutate(bare_pod=bare).semi_join(known, "bare_pod")
    return t.left_join(met, t.k8s_pod == met.marked_pod)


def _with_bearer(t: ir.Table, e: ir.Table, points: ir.Table) -> ir.Table:
    """Adds bearer, bearer_pod and bearer_service: the pod or service of `e` that a metric's name
    begins or ends with, or a pod that it begins with."""
    services = e.filter(e.service.notnull()).select(bearer="service", bearer_service="service")
    pods = e.filter(e.k8s_pod.notnull()).select(bearer="k8s_pod", bearer_pod="k8s_pod")
    known = ibis.union(
        services.mutate(bearer_pod=ibis.null("string")),
        pods.mutate(bearer_service=ibis.null("string")).select(
            "bearer", "bearer_service", "bearer_pod"
        ),
        distinct=True,
    )
    names = points.filter(points.k8s_pod.isnull()).select("metric_name").distinct()
    met = names.cross_join(known)
    is_met = ibis.or_(
        *(met.metric_name.startswith(met.bearer + mark) for mark in MARKS),
        *(met.metric_name.endswith(ibis.literal(mark) + met.bearer) for mark in MARKS),
    )
    met = met.filter(is_met)
    order = [met.bearer.length().desc(), met.bearer_pod.notnull().desc(), met.bearer]
    place = ibis.row_number().over(ibis.window(group_by="metric_name", order_by=order))
    met = met.mutate(place=place)
    met = met.filter(met.place == 0).drop("place")
    t = t.left_join(met, "metric_name", rname="{name}_met")
    written = ibis.ifelse(
        t.k8s_pod.isnull(), t.metric_name.re_extract(NAMED_POD, 1).nullif(""), None
    )
    return t.mutate(
        bearer=ibis.coalesce(t.k8s_pod, written, t.bearer),
        bearer_pod=written.coalesce(t.bearer_pod),
    )


def _without(name: ir.StringValue, bearer: ir.StringValue) -> ir.StringValue:
    """The name without its bearer before or behind it."""
    kept = name.length() - bearer.length() - 1
    found: ir.StringValue = ibis.cases(
        *((name.startswith(bearer + mark), name.substr(bearer.length() + 1)) for mark in MARKS),
        *((name.endswith(ibis.literal(mark) + bearer), name.substr(0, kept)) for mark in MARKS),
        else_=name,
    )
    return found


def workload(pod: ir.Value) -> ir.StringValue:
    """The name of a pod without what Kubernetes adds to it."""
    return cast(ir.StringValue, pod).re_replace(POD_SUFFIX, "")
