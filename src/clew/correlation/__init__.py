"""Correlation: which events belong together, as expressions over the views. Pure.

One request, seen by several
    ties             by the proxy, the application and its errors, on one clock
    clocks           how far the times of one source are from those of another
    exceptions       what was raised, each with the request that it belongs to
    credentials      who asked, from where, and whether they were let in
Spans
    span_tree        in their traces: who called whom, own time, what was critical
    span_places      the same by numpy, for the engines that keep the tree as a table
    calls_of_spans   as calls between services
    trace            one trace as a document, with its logs
AI calls
    calls_once       the same call in a gateway's log, a trace and an export is one
    call_outcomes    how they ended, each once
Causes
    components       which service and which pod an event belongs to
    metric_series    data points as series, and how far each leaves its usual range
    incident         two times to compare: when it went wrong, and when all was normal

`built` keeps expressions that many of them begin with.
"""
