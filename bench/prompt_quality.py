"""How well the prompt attack scores tell attacks from innocent texts, source by source.

    PYTHONPATH=src python bench/prompt_quality.py [FILE.jsonl] [--missed]

FILE has {"source", "label": benign, injection or jailbreak, "text"} a line; bench/prompt_attacks.jsonl
without one: sentences written for this purpose, many of the innocent ones full of trigger words.
The weights were set looking at the sources TUNED_ON; the other sources were held out. A text counts as
an attack where the higher of both scores reaches 0.5.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

import duckdb
import ibis

from clew.model.prompt_scores import scored

TUNED_ON = ("chat", "multilingual", "support_mail")
THRESHOLD = 0.5


def main(path: Path, *, is_missed_shown: bool) -> None:
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    scores = _scores([row["text"] for row in rows])
    found = [(row, max(score) >= THRESHOLD, score) for row, score in zip(rows, scores, strict=True)]
    print("source                    attacks  found  recall  benign  flagged  benign FP  precision")
    sources = sorted({row["source"] for row in rows})
    parts = [(name, [name]) for name in sources]
    held_out = [name for name in sources if name not in TUNED_ON]
    parts += [("all that was tuned on", list(TUNED_ON)), ("all that was held out", held_out)]
    for name, group in parts:
        _print(
            name,
            [(row["label"] != "benign", hit) for row, hit, _ in found if row["source"] in group],
        )
    if is_missed_shown:
        for row, hit, score in found:
            if hit == (row["label"] == "benign"):
                print(f"{row['source']} {row['label']} {score}: {row['text'][:110]!r}")


def _print(name: str, part: Sequence[tuple[bool, bool]]) -> None:
    attacks = sum(attack for attack, _ in part)
    benign = len(part) - attacks
    hits = sum(attack and hit for attack, hit in part)
    false = sum(hit and not attack for attack, hit in part)
    recall = f"{hits / attacks:.0%}" if attacks else "-"
    share = f"{false / benign:.1%}" if benign else "-"
    precision = f"{hits / (hits + false):.0%}" if hits + false else "-"
    print(
        f"{name:25} {attacks:7} {hits:6} {recall:>7} {benign:7} {false:8} {share:>10} {precision:>10}"
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
    default = Path(__file__).with_name("prompt_attacks.jsonl")
    main(Path(names[0]) if names else default, is_missed_shown="--missed" in sys.argv)
