"""A trained detector beside its case, and what it fills into events in place of the table of features."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import ibis
import numpy as np

from clew.detector.linear import Linear
from clew.detector.words import WIDTH, rows_of
from clew.engines import Engine
from clew.errors import ConfigError, InputError
from clew.model.fill import Fill
from clew.model.views import events
from clew.prompts.scores import SCORES

VERSION = 1
AT_ONCE = 2_000
"""Prompts that are scored, and handed to the engine, together."""
DIGITS = 6
"""Characters of a score as it stands before its prompt."""


def place(case: str, detection: str) -> Path:
    """The file that holds the detector of a case for one detection."""
    if "://" in case:
        raise ConfigError(f"{case} is no file: a detector is kept beside a case that is one.")
    path = Path(case).resolve()
    return path.with_name(f"{path.name}.{detection}.detector.json")


def keep(case: str, detection: str, model: Linear, facts: dict[str, Any]) -> Path:
    """Writes the detector as a whole; a process that reads it sees the old one or the new one."""
    path = place(case, detection)
    weights = base64.b64encode(model.weights.astype("<f4").tobytes()).decode()
    text = json.dumps({"version": VERSION, **facts, "bias": model.bias, "weights": weights})
    draft = path.with_name(path.name + ".new")
    draft.write_text(text)
    draft.replace(path)
    return path


def found(case: str, detection: str) -> tuple[Linear, str] | None:
    """The detector of a case and its maker's name; None where there is none. Raises InputError."""
    if "://" in case or not (path := place(case, detection)).exists():
        return None
    text = path.read_text()
    try:
        told = json.loads(text)
        weights = np.frombuffer(base64.b64decode(told["weights"]), "<f4").astype(np.float64)
        if told["version"] != VERSION or len(weights) != WIDTH:
            raise ValueError(f"it is of version {told['version']}")
        model = Linear(weights, float(told["bias"]))
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"{path} is no detector that this Clew reads: {error}. Train it again."
        ) from error
    return model, f"detector {hashlib.sha256(text.encode()).hexdigest()[:12]}"


def fills(engine: Engine, detection: str, model: Linear, maker: str) -> Iterator[Fill]:
    """The scores of prompts that have none, some thousands at a time; to be filled one after another."""
    column = SCORES[detection]
    yield Fill(column, "prompt", _table([], []), maker)  # what another maker has filled goes first
    t = events.filter(events.prompt.notnull(), events[column].isnull())
    texts = [row[0] for row in engine.run(t.select("prompt").distinct()).rows]
    for start in range(0, len(texts), AT_ONCE):
        some = texts[start : start + AT_ONCE]
        yield Fill(column, "prompt", _table(some, model.scores(rows_of(some)).tolist()), maker)


def _table(texts: list[str], scores: list[float]) -> Any:
    """A table of these values that any engine makes of its SQL."""
    pairs = [f"{score:.4f}{text}" for text, score in zip(texts, scores, strict=True)]
    one = (
        ibis.array(pairs or [ibis.null("string")])
        .cast("array<string>")
        .unnest()
        .name("pair")
        .as_table()
    )
    one = one.filter(one.pair.notnull())
    return one.select(prompt=one.pair.substr(DIGITS), value=one.pair.left(DIGITS).cast("float64"))
