"""`clew train-detector`: a detector of prompt attacks from the user's own labelled prompts, beside the case."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from clew.cli._request import PLAIN, Case, PlainOutput, case_of, config, one_of, output_of

if TYPE_CHECKING:
    from clew.detector.report import Held

File = Annotated[
    Path, typer.Argument(metavar="FILE", help="JSON lines or CSV: text, label, and source or time.")
]
Detection = Annotated[
    str, typer.Option("--for", metavar="DETECTION", help="prompt_injection or jailbreak.")
]


def train_detector(
    file: File,
    case: Case = None,
    detection: Detection = "prompt_injection",
    output: PlainOutput = None,
) -> int:
    """Train a detector of prompt attacks on labelled prompts; 'clew detect' then uses it for this case."""
    settings = config()
    output = output_of(output, settings, PLAIN)
    from clew.detector import beside, labelled, linear, report, words
    from clew.prompts.scores import SCORES

    one_of("for", detection, tuple(SCORES))
    name = case_of(case, settings)
    beside.place(name, detection)  # one that cannot be kept is told before it is trained
    prompts = labelled.read(file)
    by, held = report.held_out(prompts)
    import numpy as np

    attacks = np.array([one.is_attack for one in prompts])
    model = linear.fitted(words.rows_of([one.text for one in prompts]), attacks)
    facts = {"prompts": len(prompts), "attacks": int(attacks.sum()), "held_out_by": by}
    path = beside.keep(name, detection, model, facts)
    _print({"detector": str(path), **facts}, held, output)
    return 0


def _print(facts: dict[str, Any], held: list[Held], output: str) -> None:
    rows = [
        {
            "held_out": part.part,
            "attacks": part.attacks,
            "recall": part.recall,
            "precision": part.precision,
            "benign": part.benign,
            "flagged_share": part.flagged_share,
        }
        for part in held
    ]
    if output == "json":
        from clew.cli.render import json

        sys.stdout.write(json.pretty([{**facts, "held_out": rows}]))
        return
    from clew.cli.render.escape import visible

    print(
        f"{facts['prompts']:,} prompts, {facts['attacks']:,} of them attacks: {facts['detector']}"
    )
    if not rows:
        print("Its quality was not measured: that takes two sources, or a time for every prompt.")
    for row in rows:
        shares = {
            name: "-" if row[name] is None else f"{row[name]:.0%}"
            for name in ("recall", "precision", "flagged_share")
        }
        print(
            f"held out {visible(str(row['held_out']))}: {row['attacks']:,} attacks, recall {shares['recall']}, "
            f"precision {shares['precision']}; {row['benign']:,} benign, {shares['flagged_share']} wrongly flagged"
        )
