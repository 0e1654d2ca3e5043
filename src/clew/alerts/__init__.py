"""Alerts: rules on a schedule, what they find with its state, and who is told.

    observing   a rule asked of a case: what it finds now
    following   Sigma rules of a rule: what is new since they looked last
    states      pending, firing, resolved: pure
    store       the tables `alerts` and `silences` of the case
    notifying   findings to sinks, once for each state
    round       all of it once, and again and again
    prometheus  the same rules for Prometheus, and the numbers they ask of

The state is in the case: whoever is killed goes on without telling anyone twice.
"""
