"""Secrets and personal data in texts: the marks that redaction leaves, and what was never redacted.

A secret became `[secret:TYPE]`, personal data `[TYPE:TOKEN]` with a token of twelve hex digits that is the same
for the same value. What was ingested without redaction is found by its shape, without checksums.
"""

from __future__ import annotations

from typing import cast

import ibis
import ibis.expr.types as ir

_LETTER = r"[^\s\"'<>{}\[\]()$*]"
_SIGN = r"[0-9!@#%^&]"
"""A password has one: your_api_key, os.environ and settings.password stand for one."""
SECRETS: dict[str, str] = {
    "aws_access_key": r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b",
    "google_api_key": r"\bAIza[A-Za-z0-9_-]{35}",
    "azure_key": r"AccountKey=[A-Za-z0-9+/=]{40,}",
    "github_token": r"\b(?:gh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{40})",
    "gitlab_token": r"\bglpat-[A-Za-z0-9_-]{20}",
    "slack_token": r"\bxox[abprs]-[A-Za-z0-9-]{10}",
    "stripe_key": r"\b[sr]k_(?:live|test)_[A-Za-z0-9]{16}",
    "sendgrid_key": r"\bSG\.[A-Za-z0-9_-]{20}[A-Za-z0-9_-]*\.[A-Za-z0-9_-]{20}",
    "npm_token": r"\bnpm_[A-Za-z0-9]{36}",
    "pypi_token": r"\bpypi-[A-Za-z0-9_-]{16}",
    "anthropic_key": r"\bsk-ant-[A-Za-z0-9_-]{16}",
    "openai_key": r"\bsk-(?:proj-)?[A-Za-z0-9]{20}",
    "hugging_face_token": r"\bhf_[A-Za-z0-9]{30}",
    "groq_key": r"\bgsk_[A-Za-z0-9]{20}",
    "jwt": r"\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.",
    "private_key": r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----",
    "url_password": r"[a-z][a-z0-9+.-]*://[^\s:/@]+:[^\s:/@]{3,}@[a-zA-Z0-9]",
    "authorization": r"(?i)authorization:\s*(?:bearer|basic)\s+[A-Za-z0-9+/=._-]{12,}",
    "password": r"(?i)\b(?:password|passwd|pwd|api[_-]?key|secret[_-]?key|access[_-]?token)[\"']?\s*[:=]\s*[\"']?"
    rf"(?:{_LETTER}{{0,24}}{_SIGN}{_LETTER}{{9,}}|{_LETTER}{{5,24}}{_SIGN}{_LETTER}{{4,}}|{_LETTER}{{9,}}{_SIGN})",
}  # fmt: skip
PERSONAL: dict[str, str] = {
    "email": r"\b[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}\b",
    "iban": r"\b[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]{4}){3,7}(?: ?[A-Z0-9]{1,3})?\b",
    "card": r"\b(?:4[0-9]{3}|5[1-5][0-9]{2}|3[47][0-9]{2}|6011)[ -]?[0-9]{4}[ -]?[0-9]{4}[ -]?[0-9]{3,4}\b",
    "us_ssn": r"\b[0-8][0-9]{2}-[0-9]{2}-[0-9]{4}\b",
    "phone": r"(?:\+[1-9][0-9]{0,2}[ .-]?(?:\([0-9]{1,4}\)[ .-]?)?[0-9][0-9 .-]{7,13}[0-9])",
}  # fmt: skip
GRAVE = (
    "card",
    "payment_card",
    "iban",
    "us_ssn",
    "uk_nino",
    "es_dni",
    "br_cpf",
    "ssn",
    "nino",
    "dni",
    "cpf",
)
"""Kinds of personal data whose loss harms."""
MARK = r"^([a-z_]{2,30}:[0-9a-f]{12})\]"
SECRET_MARK = r"^(?:secret:)([a-z0-9_]{2,40})\]"


def kinds_of_secrets(text: ir.StringValue) -> ir.ArrayValue:
    """The kinds of secrets that a text holds as they are, as a list with NULLs."""
    none = ibis.null("string")
    found = [
        ibis.ifelse(text.re_search(pattern).fill_null(False), ibis.literal(kind), none)
        for kind, pattern in SECRETS.items()
    ]
    return cast(ir.ArrayValue, ibis.array(found))


def has_secret(text: ir.StringValue) -> ir.BooleanValue:
    """A cheap look: whether a text may hold a secret or the mark of one."""
    found = text.re_search(r"\[secret:|" + "|".join(list(SECRETS.values())[:-2])) | text.re_search(
        "|".join(list(SECRETS.values())[-2:])
    )
    return cast(ir.BooleanValue, found.fill_null(False))


def secrets_in(t: ir.Table, column: str, *kept: str) -> ir.Table:
    """A row for each kind of secret of each text: `kept` columns, kind, is_redacted."""
    t = t.filter(has_secret(t[column]))
    raw = t.select(
        *kept, kind=kinds_of_secrets(t[column]).unnest(), is_redacted=ibis.literal(False)
    )
    marks = t.select(*kept, part=t[column].split("[").unnest())
    marks = marks.select(
        *kept, kind=marks.part.re_extract(SECRET_MARK, 1), is_redacted=ibis.literal(True)
    )
    found = raw.filter(raw.kind.notnull()).union(marks.filter(marks.kind != ""))
    return found.distinct()


def personal_in(t: ir.Table, column: str, *kept: str) -> ir.Table:
    """A row for each piece of personal data: `kept` columns, kind, value (the mark, or what stood there)."""
    marks = t.filter(t[column].re_search(r"\[[a-z_]{2,30}:[0-9a-f]{12}\]"))
    marks = marks.select(*kept, part=marks[column].split("[").unnest())
    marks = marks.mutate(value=marks.part.re_extract(MARK, 1))
    marks = marks.filter((marks.value != "") & ~marks.value.startswith("secret:"))
    parts = [marks.select(*kept, kind=marks.value.re_extract(r"^([a-z_]+):", 1), value="value")]
    for kind, pattern in PERSONAL.items():
        value = t[column].re_extract(f"({pattern})", 1)
        raw = t.select(*kept, kind=ibis.literal(kind), value=value)
        parts.append(raw.filter((raw.value != "").fill_null(False)))
    return ibis.union(*parts).distinct()
