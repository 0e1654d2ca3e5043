"""How well the prompt attack scores tell attacks from innocent texts, source by source.

    PYTHONPATH=src python bench/prompt_quality.py [FILE.jsonl...] [--missed] [--corpus NAME=FILE]...

A FILE has {"source", "label": benign, injection or jailbreak, "text", and "lang" where one has several} a line.
Without one, eight files of sentences that were written for this purpose, in up to 21 languages, many of the
innocent ones full of trigger words. None is split at random:

    prompt_attacks.jsonl           its sources were looked at while features were written
    prompt_attacks_held_out.jsonl  other sources, written before those features by who wrote them; their texts were
                                   not looked at, but their ways of speaking were known
    prompt_attacks_families.jsonl  written before its writer had seen a feature, and looked at afterwards
    prompt_attacks_kept.jsonl      written together with it; its texts were not looked at, their ways of speaking
                                   were known, and those in 20 languages helped to name families
    prompt_attacks_styles.jsonl    in the ways of public data sets, in own words; looked at
    prompt_attacks_unseen.jsonl    other sources, written when the features stood; nothing was changed for them
    prompt_attacks_styles_unseen.jsonl  sources in other ways of public data sets, written before its writer had seen
                                   a feature, and not looked at since
    prompt_attacks_strangers.jsonl  39 kinds of attack in 21 languages in ordinary users' words, and innocent texts
                                   full of trigger words; written before its writer had seen a feature

The weights of words are fitted to the first five and to prompt_phrases.txt (script/prompt_words --left-out tells how
well words alone rank a file by a fit to the others); the three unseen ones are what to expect of attacks in new words.
Of the strangers' innocent texts that were flagged at first, twenty were looked at, and phrases of their kind added. A
text counts as an attack where the higher of both scores reaches 0.5; the last line of a file tells how well scores
rank its texts, whatever the bound. --missed prints the wrong ones of the first file.

--corpus adds texts by other hands, from where they were unpacked; none is kept here. FILE is JSON lines (with
"text" or "prompt"; "label" where it has one), a JSON list of strings, or plain text with a blank line between
two. NAME says what they are where they do not: those of a NAME that begins with "benign" are innocent.
"""

from __future__ import annotations

import json
from argparse import ArgumentParser
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from pathlib import Path

import duckdb
import ibis

from clew.engines._duckdb_macros import MACROS
from clew.prompts.scores import scored

FOLDER = Path(__file__).parent
TUNED_ON = FOLDER / "prompt_attacks.jsonl"
HELD_OUT = FOLDER / "prompt_attacks_held_out.jsonl"
UNSEEN = FOLDER / "prompt_attacks_unseen.jsonl"
FAMILIES = FOLDER / "prompt_attacks_families.jsonl"
KEPT = FOLDER / "prompt_attacks_kept.jsonl"
STYLES = FOLDER / "prompt_attacks_styles.jsonl"
STYLES_UNSEEN = FOLDER / "prompt_attacks_styles_unseen.jsonl"
STRANGERS = FOLDER / "prompt_attacks_strangers.jsonl"
THRESHOLD = 0.5


def main(paths: Sequence[Path], corpora: Sequence[str], *, is_missed_shown: bool) -> None:
    files = [
        (path.name, [json.loads(line) for line in path.read_text().splitlines()]) for path in paths
    ]
    if corpora:
        files.append(("corpora", [row for corpus in corpora for row in _corpus(corpus)]))
    for number, (title, rows) in enumerate(files):
        scores = _scores([row["text"] for row in rows])
        found = [
            (row, max(score) >= THRESHOLD, score) for row, score in zip(rows, scores, strict=True)
        ]
        print(f"{title:27} attacks  found  recall  benign  flagged  benign FP  precision")
        for name in sorted({_part(row) for row in rows}):
            part = [(row["label"] != "benign", hit) for row, hit, _ in found if _part(row) == name]
            _print(name, part)
        _print("all", [(row["label"] != "benign", hit) for row, hit, _ in found])
        attacks = [max(score) for row, _, score in found if row["label"] != "benign"]
        benign = [max(score) for row, _, score in found if row["label"] == "benign"]
        if attacks and benign:
            print(f"{'all, by rank':27} {ranking(attacks, benign)}")
        if is_missed_shown and not number:
            for row, hit, score in found:
                if hit == (row["label"] == "benign"):
                    print(f"{row['source']} {row['label']} {score}: {row['text'][:110]!r}")


def ranking(attacks: Sequence[float], benign: Sequence[float]) -> str:
    """How well attacks stand above benign texts: the share of pairs in the right order, a tie being a half, and
    the share of attacks above all but one and five in a hundred benign ones."""
    lower = sorted(benign)
    pairs = sum(bisect_left(lower, one) + bisect_right(lower, one) for one in attacks) / 2
    words = [f"ROC AUC {pairs / len(attacks) / len(benign):.3f}"]
    for share in (0.01, 0.05):
        bound = lower[-1 - int(share * len(benign))]
        above = sum(one > bound for one in attacks) / len(attacks)
        words.append(f"{above:.0%} of attacks at {share:.0%} false positives")
    return ", ".join(words)


def _corpus(argument: str) -> list[dict[str, str]]:
    """The texts of NAME=FILE, each once, as rows of source, label and text."""
    name, _, file = argument.partition("=")
    kind = "benign" if name.startswith("benign") else "injection"
    text = Path(file).read_text(errors="replace")
    if file.endswith(".jsonl"):
        found = [json.loads(line) for line in text.splitlines() if line.strip()]
    elif file.endswith(".json"):
        found = json.loads(text)
    else:
        found = text.split("\n\n")
    rows = [row if isinstance(row, dict) else {"text": row} for row in found]
    told = {
        str(row.get("text") or row.get("prompt") or "").strip(): row.get("label", kind)
        for row in rows
    }
    return [
        {
            "source": name,
            "label": "benign" if label in ("benign", 0, "0") else "injection",
            "text": one,
        }
        for one, label in told.items()
        if one
    ]


def _part(row: dict[str, str]) -> str:
    """The source, and in a source of many languages the language."""
    is_many = row["source"].startswith(("world", "globe", "atlas", "nations", "markets", "harbour"))
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
    connection.execute(MACROS)
    connection.execute(
        "CREATE TABLE texts AS SELECT unnest(range(len(t))) AS n, unnest(t) AS text "
        "FROM (SELECT from_json(?, '[\"VARCHAR\"]') AS t)",
        [json.dumps(texts)],
    )
    t = scored(ibis.table({"n": "int64", "text": "string"}, name="texts"), "text").order_by("n")
    question = t.select("prompt_injection_score", "jailbreak_score")
    return connection.execute(str(ibis.to_sql(question, dialect="duckdb"))).fetchall()


if __name__ == "__main__":
    parser = ArgumentParser()
    parser.add_argument("files", nargs="*", type=Path)
    parser.add_argument("--corpus", action="append", default=[], metavar="NAME=FILE")
    parser.add_argument("--missed", action="store_true")
    asked = parser.parse_args()
    own = [TUNED_ON, HELD_OUT, UNSEEN, FAMILIES, KEPT, STYLES, STYLES_UNSEEN, STRANGERS]
    own = [] if asked.corpus else own
    main(asked.files or own, asked.corpus, is_missed_shown=asked.missed)
