"""`clew detect`: runs detections, or a folder of Sigma rules, over what the case already holds."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from clew.cli._request import (
    STORIES,
    Case,
    FailOn,
    StoryOutput,
    assignments,
    config,
    detection_options,
    keeping,
    output_of,
)
from clew.errors import ConfigError

if TYPE_CHECKING:
    from clew.config import Config
    from clew.model.finding import Investigation

Names = Annotated[
    list[str] | None,
    typer.Argument(metavar="DETECTION", help="Their names; without one, all of them."),
]
OptionPairs = Annotated[
    list[str] | None,
    typer.Option("--option", metavar="NAME=VALUE", help="An option of it; repeatable."),
]


RuleFolder = Annotated[
    str | None,
    typer.Option("--rules", metavar="DIR", help="Sigma rules, a folder or a file, instead."),
]


def detect(
    detections: Names = None,
    case: Case = None,
    rules: RuleFolder = None,
    option: OptionPairs = None,
    output: StoryOutput = None,
    fail_on: FailOn = None,
) -> int:
    """Run detections over the case and print ranked findings. 'clew list detections' names them."""
    settings = config()
    output = output_of(output, settings, STORIES)
    from clew.cli.render.findings import check_severity, is_reached, print_findings

    check_severity(fail_on)
    given = assignments(option)
    if given and (rules or len(detections or ()) != 1):
        raise ConfigError("--option belongs to one detection: name exactly one.")
    if rules is not None:
        found = _by_rules(rules, detections or [], case, settings)
    else:
        found = _by_detections(detections or [], case, settings, given)
    print_findings(found, output)
    return int(is_reached(found.findings, fail_on))


def _by_detections(
    names: list[str], case: str | None, settings: Config, given: dict[str, object]
) -> Investigation:
    from clew import investigation

    options = detection_options(settings, {names[0]: given} if given else {})
    with keeping(case, settings) as keep:
        return keep(investigation.detect(keep.engine, names, options))


def _by_rules(folder: str, kinds: list[str], case: str | None, settings: Config) -> Investigation:
    from clew.cli.render.escape import visible
    from clew.sigma.reading import read
    from clew.sigma.running import run

    rules = read(folder, settings.placeholders)
    for problem in rules.problems:
        print(visible(f"{problem}"), file=sys.stderr)
    known = {item.about.kind for item in rules.outputs()}
    if unknown := [kind for kind in kinds if kind not in known]:
        raise ConfigError(f"No rule below {folder} that can run is called '{unknown[0]}'.")
    with keeping(case, settings) as keep:
        return keep(run(keep.engine, rules, kinds=kinds))
