"""How well the prompt attack scores tell attacks from innocent texts, source by source.

    PYTHONPATH=src python bench/prompt_quality.py [FILE.jsonl...] [--missed]

A FILE has {"source", "label": benign, injection or jailbreak, "text", and "lang" where one has several} a line.
Without one, three files of sentences that were written for this purpose, in fifteen languages, many of the
innocent ones full of trigger words. None is split at random:

    prompt_attacks.jsonl           its sources were looked at while features were written
    prompt_attacks_held_out.jsonl  other sources, written before those features by who wrote them; their texts were
                                   not looked at, but their ways of speaking were known
    prompt_attacks_unseen.jsonl    other sources again, written when the features stood; nothing was changed for them

The last one is what to expect of attacks in new words. A text counts as an attack where the higher of both
scores reaches 0.5. --missed prints the wrong ones of the first file.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

import duckdb
import ibis

from clew.model.prompt_scores import scored

FOLDER = Path(__file__).parent
TUNED_ON = FOLDER / "prompt_attacks.jsonl"
HELD_OUT = FOLDER / "prompt_attacks_held_out.jsonl"
UNSEEN = FOLDER / "prompt_attacks_unseen.jsonl"
THRESHOLD = 0.5


def main(paths: Sequence[Path], *, is_missed_shown: bool) -> None:
    for number, path in enumerate(paths):
        rows = [json.loads(line) for line in path.read_text().splitlines()]
        scores = _scores([row["text"] for row in rows])
        found = [
            (row, max(score) >= THRESHOLD, score) for row, score in zip(rows, scores, strict=True)
        ]
        print(f"{path.name:27} attacks  found  recall  benign  flagged  benign FP  precision")
        for name in sorted({_part(row) for row in rows}):
            part = [(row["label"] != "benign", hit) for row, hit, _ in found if _part(row) == name]
            _print(name, part)
        _print("all", [(row["label"] != "benign", hit) for row, hit, _ in found])
        if is_missed_shown and not number:
            for row, hit, score in found:
                if hit == (row["label"] == "benign"):
                    print(f"{row['source']} {row['label']} {score}: {row['text'][:110]!r}")


def _part(row: dict[str, str]) -> str:
    """The source, and in a source of many languages the language."""
    is_many = row["source"].startswith(("world", "globe", "atlas", "nations"))
    return f"{row['source']}, {row['lang']}" if is_many else row["source"]


def _print(name: str, part: Sequence[tuple[bool, bool]]) -> None:
    attacks = sum(attack for attack, _ in part)
    benign = len(part) - attacks
    hits = sum(attack and hit for attack, hit in part)
    false = sum(hit and not attack for attack, hit in part)
    recall = f"{hits / attacks:.0%}" if attacks else "-"
    share = f"{false / benign:.1%}" if benign else "-"
    precision = f"{hits / (hits + false):.0%}" if hits + false else "-"
    print(
        f"{name:27} {attacks:7} {hits:6} {recall:>7} {benign:7} {false:8} {share:>10} {precision:>10}"
    )


def _scores(texts: Sequence[str]) -> list[tuple[float, float]]:
    connection = duckdb.connect()
    connection.execute(
        "CREATE TABLE texts AS SELECT unnest(range(len(t))) AS n, unnest(t) AS text "
        "FROM (SELECT from_json(?, '[\"VARCHAR\"]') AS t)",
        [json.dumps(texts)],
    )
    t = scored(ibis.table({"n": "int64", "text": "string"}, name="texts"), "text").order_by("n")
    question = t.select("prompt_injection_score", "jailbreak_score")
    return connection.execute(str(ibis.to_sql(question, dialect="duckdb"))).fetchall()


if __name__ == "__main__":
    names = [name for name in sys.argv[1:] if not name.startswith("--")]
    main(
        [Path(name) for name in names] or [TUNED_ON, HELD_OUT, UNSEEN],
        is_missed_shown="--missed" in sys.argv,
    )
