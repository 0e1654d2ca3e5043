"""Documents that retrieval found, a row each: what they are called, what they say, whose they are."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from clew.model.json_lists import first_key, json_items

NAMES = (
    "id",
    "document_id",
    "doc_id",
    "metadata.id",
    "metadata.document_id",
    "metadata.source",
    "document.id",
    "source",
    "uri",
)
TEXTS = ("content", "text", "page_content", "document.content", "body", "chunk")
OWNERS = (
    "tenant", "tenant_id", "metadata.tenant", "metadata.tenant_id", "metadata.org_id", "metadata.organization_id",
    "metadata.customer_id", "metadata.workspace_id", "metadata.namespace", "org_id", "organization_id", "namespace",
    "document.metadata.tenant", "document.metadata.tenant_id",
)  # fmt: skip


def documents(t: ir.Table, *kept: str) -> ir.Table:
    """`kept` columns, document (a name), text and owner (a tenant) of each document of each row.

    A list of plain texts gives documents whose name is the text's MD5.
    """
    t = t.filter(t.retrieved_documents.notnull())
    t = t.select(*kept, one=json_items(t.retrieved_documents).unnest())
    is_text = t.one.startswith('"')
    text = ibis.ifelse(is_text, t.one, first_key(t.one, *TEXTS)).fill_null("")
    text = text.replace("\\n", "\n").replace('\\"', '"')
    t = t.mutate(
        text=text, name=ibis.ifelse(is_text, ibis.null("string"), first_key(t.one, *NAMES))
    )
    owner = ibis.ifelse(is_text, ibis.null("string"), first_key(t.one, *OWNERS))
    return t.select(
        *kept, "text", document=ibis.coalesce(t.name, t.text.hexdigest("md5").left(12)), owner=owner
    )
