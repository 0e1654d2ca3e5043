"""Which service and which pod an event belongs to, however its source names them.

component  the service as stated; else what spans and logs say of the same pod; else the pod's name
           without what Kubernetes adds to it; else the container or, last, the host
pod        the Kubernetes pod; else the instance of the service

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
BEARER = (
    r"^([A-Za-z][A-Za-z0-9]*(?:-[A-Za-z0-9]+)*)_"  # ts-order-service_cpu, cartservice_latency-90
)
NONE = ""
"""Stands for a service or pod that is not known: joins and groups need a value."""


def with_component(t: ir.Table, all_events: ir.Table) -> ir.Table:
    """Adds `component` and `pod` to `t`; `all_events` may know which service a pod belongs to."""
    e = all_events.filter(all_events.metric_name.isnull())
    stated = e.filter(e.service.notnull() & e.k8s_pod.notnull())
    of_pod = stated.group_by("k8s_pod").agg(pod_service=stated.service.max())
    t = t.left_join(of_pod, "k8s_pod", rname="{name}_stated")
    is_point = t.metric_name.notnull()
    is_pods_own = t.k8s_pod.isnull() | t.k8s_pod.startswith(t.service)
    component = ibis.coalesce(
        ibis.ifelse(is_point, t.pod_service, t.service),
        ibis.ifelse(is_pods_own, t.service, None),
        t.pod_service,
        workload(t.k8s_pod),
        t.service,
        t.container,
        t.host,
        t.metric_name.re_extract(BEARER, 1).nullif(""),
        ibis.literal(NONE),
    )
    pod = ibis.coalesce(t.k8s_pod, t.service_instance, ibis.literal(NONE))
    return t.mutate(component=component, pod=pod)


def workload(pod: ir.Value) -> ir.StringValue:
    """The name of a pod without what Kubernetes adds to it."""
    return cast(ir.StringValue, pod).re_replace(POD_SUFFIX, "")
