"""Labelled prompts out of a file: JSON lines or CSV with text, label and, where there is one, source or time."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from clew.errors import InputError

TEXTS = ("text", "prompt", "input")
LABELS = ("label", "is_attack", "class", "y")
SOURCES = ("source", "dataset", "origin")
TIMES = ("timestamp", "time", "date", "created_at")
ATTACKS = (
    "1",
    "true",
    "yes",
    "attack",
    "malicious",
    "injection",
    "prompt_injection",
    "jailbreak",
    "unsafe",
    "bad",
)
BENIGN = ("0", "false", "no", "benign", "safe", "innocent", "good", "ok", "none", "negative")
FEWEST = 20


@dataclass(frozen=True, slots=True)
class Labelled:
    """One prompt with its label. source and timestamp are None where the file does not say."""

    text: str
    is_attack: bool
    source: str | None
    timestamp: datetime | None


def read(path: Path) -> list[Labelled]:
    """The prompts of a file. Raises InputError that names the line."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path} cannot be read: {error}.") from error
    rows = _csv(text) if path.suffix.lower() == ".csv" else _json_lines(path, text)
    found = [_labelled(path, line, row) for line, row in rows]
    for wanted, word in ((True, "attacks"), (False, "benign prompts")):
        count = sum(one.is_attack == wanted for one in found)
        if count < FEWEST:
            raise InputError(f"{path} has {count:,} {word}; at least {FEWEST} are needed.")
    return found


def _csv(text: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    reader = csv.DictReader(text.splitlines(keepends=True))
    for row in reader:
        yield reader.line_num, row


def _json_lines(path: Path, text: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError as error:
            raise InputError(f"Line {number} of {path} is not JSON: {error}.") from error
        if not isinstance(row, dict):
            raise InputError(f"Line {number} of {path} is no JSON object.")
        yield number, row


def _labelled(path: Path, line: int, row: Mapping[str, Any]) -> Labelled:
    text, label = _first(row, TEXTS), _first(row, LABELS)
    if text is None or label is None:
        raise InputError(f"Line {line} of {path} has no text or no label: both columns are needed.")
    word = str(label).strip().lower().removesuffix(".0")
    if word not in ATTACKS and word not in BENIGN:
        raise InputError(
            f"Line {line} of {path}: the label '{label}' is neither 0 nor 1, benign nor attack."
        )
    source = _first(row, SOURCES)
    return Labelled(
        str(text),
        word in ATTACKS,
        None if source is None else str(source),
        _moment(_first(row, TIMES)),
    )


def _first(row: Mapping[str, Any], names: Iterable[str]) -> Any:
    for name in names:
        value = row.get(name)
        if value is not None and value != "":
            return value
    return None


def _moment(value: Any) -> datetime | None:
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment
