"""What the tests of redaction share: texts that hold something, and what takes it out of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

from clew.model.redaction import Policy
from clew.redact import pii, secrets
from clew.redact._values import Texts

KEY = b"a key of tests, visibly false"
FOUND = [text for pattern in (*secrets.PATTERNS, *pii.PATTERNS) for text in pattern.found]


@contextmanager
def opened_texts() -> Iterator[Texts]:
    """The redaction of texts as it comes, on a bench of its own."""
    bench = duckdb.connect(config={"threads": 1})
    texts = Texts(bench, Policy(), KEY)
    texts.prepare()
    yield texts
    bench.close()
