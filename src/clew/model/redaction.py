r"""What is taken out of events before they are stored, and what stands there instead.

    [secret:aws_access_key]   a secret: gone for good
    [email:4f1c09ab22de]      personal data: twelve hex digits of a keyed HMAC, the same for the same value

>>> Policy(what="secrets").takes_personal, Policy().takes_personal, Policy(what="prompts").prompts
(False, True, 'hash')
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, get_args

What = Literal["none", "secrets", "pii", "prompts"]
"""none; secrets; pii, which takes secrets too; prompts, which takes both and what people wrote."""
Prompts = Literal["keep", "hash", "drop"]
WHATS: tuple[str, ...] = get_args(What)
PROMPTS: tuple[str, ...] = get_args(Prompts)

MARK = r"\[(?:secret:[a-z0-9_]+|[a-z0-9_]+:[0-9a-f]{12})\]"
"""RE2 of any mark."""
SECRET_MARK = r"\[secret:[a-z0-9_]+\]"
"""RE2 of the mark of a secret."""
TOKEN_DIGITS = 12

CONTENT = (
    "prompt", "completion", "system_instructions", "input_messages", "output_messages", "tool_arguments",
    "tool_result", "retrieval_query", "retrieved_documents",
)  # fmt: skip
"""Columns that hold what people and models wrote."""


def secret_mark(kind: str) -> str:
    """What stands where a secret of this kind stood."""
    return f"[secret:{kind}]"


@dataclass(frozen=True, slots=True)
class Policy:
    """What an ingest takes out.

    what       none, secrets, pii or prompts, each with all before it
    prompts    what becomes of prompts and completions: keep, hash (a mark instead) or drop (nothing
               instead); `what="prompts"` hashes them unless it says drop
    addresses  whether IP addresses are personal data as well
    presidio   the extra that looks into prose: `patterns`, or an installed spaCy model; empty: off
    entities   what it takes, by Presidio's names; (): all that is personal
    key_file   file with the key; empty: beside the case
    key        the key itself; never shown, and no part of what is compared
    """

    what: What = "pii"
    prompts: Prompts = "keep"
    addresses: bool = False
    presidio: str = ""
    entities: tuple[str, ...] = ()
    key_file: str = ""
    key: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        if self.what == "prompts" and self.prompts == "keep":
            object.__setattr__(self, "prompts", "hash")
        if self.what == "none":
            object.__setattr__(self, "prompts", "keep")

    @property
    def takes_secrets(self) -> bool:
        """Whether secrets are taken out."""
        return self.what != "none"

    @property
    def takes_personal(self) -> bool:
        """Whether personal data are taken out."""
        return self.what in ("pii", "prompts")

    @property
    def analyses(self) -> bool:
        """Whether prose is analysed for names and the like."""
        return bool(self.presidio) and self.takes_personal

    @property
    def words(self) -> str:
        """The policy as the ledger notes it; the key's check is added to it."""
        taken: list[str] = [self.what if self.what != "prompts" else "pii"]
        taken += [f"prompts {self.prompts}"] if self.prompts != "keep" else []
        taken += ["addresses"] if self.addresses and self.takes_personal else []
        taken += [f"presidio {self.presidio}"] if self.analyses else []
        return ", ".join(taken)
