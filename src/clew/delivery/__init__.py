"""Delivery: what sinks write, on its way to a receiver that may be slow, down, or of another opinion.

    address    what --to says
    what       findings and events of the case, as items of a sink
    spool      items on disk beside the case, until a receiver has them: a killed export goes on from it
    sending    batches, trying again, waiting, halving, setting aside what is refused
    http, sockets, mail, file   the ways
    export     one export from case to receiver

At least once: an item leaves the spool when its receiver has taken or refused it, and not before. What
was under way when an export was killed is sent again, under the same id.
"""
