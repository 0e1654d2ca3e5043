"""Documents of one tenant that were found for a caller of another.

Reads     events with retrieved_documents whose items or metadata state a tenant   retrieved_documents, tenant,
          user_id, trace_id, session_id, data_source_id, timestamp
Returns   one row for each tenant of callers, the most documents first
Units     documents: different ones of other tenants; retrievals: that found one; owners: tenants whose they are;
          users: that asked; wanted: retrievals with documents of the caller's own tenant; foreign_share: retrievals
          with foreign documents of all of this tenant, 0 to 1; shared_by: tenants from which on an owner
          counts as common
Method    the caller's tenant is the row's own, else that of its trace or session, where one alone is stated. Owners
          called public, shared, common, global or default, and those whose documents shared_by tenants and more
          find, belong to all
Blind to  documents that do not state whose they are; tenants under different names in the log and in the index
Mistakes  partners who may read each other's documents: name the common owner "shared"
Source    OWASP LLM08:2025 (vector and embedding weaknesses), API1:2023 (broken object level authorization)
"""

from __future__ import annotations

from typing import Any

import ibis
import ibis.expr.types as ir

from clew.correlation.call_outcomes import number
from clew.detections._documents import documents
from clew.detections._prompts import few, shown
from clew.detections._words import clock, many, share
from clew.model.case import Case
from clew.model.finding import Description

NEEDS = {"events": ("retrieved_documents", "timestamp")}
NEEDS_ROWS = {
    "tenant of callers": lambda e: e.tenant.notnull(),
    "a tenant in retrieved_documents": lambda e: e.retrieved_documents.lower().re_search(
        r"tenant|org_id|organization_id|customer_id|workspace_id|namespace"
    ),
}
SUBJECT = ("tenant", "user_id", "data_source_id")
MEASURES = (
    "documents",
    "retrievals",
    "owners",
    "users",
    "wanted",
    "foreign_share",
    "shared_by",
)
REFERENCES = ("owasp.llm08-2025", "owasp.api1-2023", "atlas.aml.t0057", "attack.t1213")
PLAYBOOK = "close the index to the tenant, notify both tenants' owners and data protection"
COMMON = ("public", "shared", "common", "global", "default", "all", "*", "")


def detect(events: ir.Table, *, shared_by: int = 4) -> ir.Table:
    t = documents(
        _with_tenant(events), "event_id", "timestamp", "tenant", "user_id", "data_source_id"
    )
    t = t.filter(t.owner.notnull(), t.tenant.notnull())
    t = t.mutate(owner=t.owner.lower().strip(), own=t.tenant.lower().strip())
    t = t.filter(~t.owner.isin(COMMON))
    readers = t.group_by("owner").agg(readers=t.own.nunique())
    t = t.anti_join(readers.filter(readers.readers >= shared_by), "owner")
    t = t.mutate(is_foreign=t.owner != t.own)
    foreign = t.filter(t.is_foreign)
    found = foreign.group_by("own").agg(
        tenant=foreign.tenant.min(),
        documents=foreign.document.nunique(),
        retrievals=foreign.event_id.nunique(),
        owners=foreign.owner.nunique(),
        users=foreign.user_id.nunique(),
        user_id=ibis.ifelse(
            foreign.user_id.nunique() == 1, foreign.user_id.max(), ibis.null("string")
        ),
        data_source_id=ibis.ifelse(
            foreign.data_source_id.nunique() == 1, foreign.data_source_id.max(), ibis.null("string")
        ),
        one_owner=foreign.owner.min(),
        one_document=foreign.document.min(),
        started=foreign.timestamp.min(),
        ended=foreign.timestamp.max(),
    )
    each = t.group_by("own", "event_id").agg(is_own=(~t.is_foreign).cast("int64").max())
    whole = each.group_by("own").agg(asked=each.count(), wanted=number(each.is_own == 1))
    found = found.join(whole, "own")
    order = [foreign.timestamp, foreign.event_id]
    foreign = foreign.group_by("own", "event_id").agg(timestamp=foreign.timestamp.min())
    order = [foreign.timestamp, foreign.event_id]
    found = found.join(few(foreign, foreign.event_id, order, ["own"]), "own")
    return found.mutate(
        foreign_share=found.retrievals / found.asked.cast("float64"), shared_by=ibis.literal(shared_by)
    ).drop("own", "asked").order_by(ibis.desc("documents"), ibis.desc("retrievals"), "tenant")  # fmt: skip


def evidence(events: ir.Table, row: dict[str, Any]) -> ir.Table:
    """The first retrievals with a foreign document."""
    return shown(events, row)


def describe(row: dict[str, Any], details: dict[str, list[dict[str, Any]]]) -> Description:
    who = (
        f"User {row['user_id']} of tenant {row['tenant']}"
        if row["user_id"]
        else f"Tenant {row['tenant']}"
    )
    is_filter = row["foreign_share"] >= 0.9
    return Description(
        title=f"{who} was given {many(row['documents'], 'document')} of {many(row['owners'], 'other tenant')}",
        severity="critical" if row["documents"] >= 10 or row["owners"] > 1 else "high",
        confidence=0.6 if is_filter and not row["wanted"] else 0.9,
        why=(
            f"{many(row['retrievals'], 'retrieval')} ({share(row['foreign_share'])} of those of the tenant) between "
            f"{clock(row['started'])} and {clock(row['ended'])} found documents that state another tenant, such as "
            f"{row['one_document']} of {row['one_owner']}.",
            f"{many(row['wanted'], 'retrieval')} found documents of the caller's own tenant."
            + (
                " None did: the two may only be called differently in the log and in the index."
                if not row["wanted"]
                else ""
            ),
        ),
        recommendations=(
            "Filter by the tenant in the query to the index itself, from the session and not from the prompt.",
            "Tell the owners of the documents, and read the answers that were given from them.",
        ),
    )


def _with_tenant(events: ir.Table) -> ir.Table:
    """Retrievals with the tenant of their row, trace or session."""
    t = events.filter(events.retrieved_documents.notnull(), events.timestamp.notnull())
    for key in ("trace_id", "session_id"):
        told = events.filter(events[key].notnull(), events.tenant.notnull())
        told = told.group_by(told_key=told[key]).agg(
            told_tenant=ibis.ifelse(
                told.tenant.nunique() == 1, told.tenant.max(), ibis.null("string")
            )
        )
        t = t.left_join(told, t[key] == told.told_key).drop("told_key")
        t = t.mutate(tenant=ibis.coalesce(t.tenant, t.told_tenant)).drop("told_tenant")
    return t


def _found(minute: int, tenant: str | None, *owners: str, **columns: Any) -> dict[str, Any]:
    items = ", ".join(
        f'{{"id": "doc-{name}", "content": "text", "metadata": {{"tenant_id": "{name}"}}}}'
        for name in owners
    )
    return {
        "timestamp": f"2026-11-20T10:{minute:02}:00Z", "data_source_id": "kb", "tenant": tenant, "user_id": "ann",
        "retrieved_documents": f"[{items}]", **columns,
    }  # fmt: skip


CASES = [
    Case(
        "a document of another tenant among one's own",
        rows=[
            _found(1, "acme", "acme", "initech"),
            _found(2, "acme", "acme"),
            _found(3, "initech", "initech"),
        ],
        expect=[
            {
                "tenant": "acme",
                "user_id": "ann",
                "documents": 1,
                "retrievals": 1,
                "owners": 1,
                "wanted": 2,
                "foreign_share": 0.5,
            }
        ],
    ),
    Case(
        "the caller's tenant stands in another span of the trace",
        rows=[
            _found(1, None, "initech", trace_id="t1"),
            {"timestamp": "2026-11-20T10:00:00Z", "trace_id": "t1", "tenant": "acme"},
        ],
        expect=[{"tenant": "acme", "documents": 1}],
    ),
    Case(
        "public documents, and one's own in capitals",
        rows=[_found(1, "Acme", "ACME", "public"), _found(2, "initech", "shared")],
        expect=[],
    ),
    Case(
        "documents that all tenants find are common",
        rows=[_found(n, f"tenant-{n}", "handbook") for n in range(6)],
        expect=[],
    ),
    Case(
        "documents and callers that state no tenant",
        rows=[
            _found(1, None, "acme"),
            _found(2, "acme", retrieved_documents='[{"id": "a", "content": "b"}]'),
        ],
        expect=[],
    ),
]
