"""`clew detect`: runs detections over what the case already holds."""

from __future__ import annotations

from typing import Annotated

import typer

from clew.cli._request import (
    STORIES,
    Case,
    FailOn,
    StoryOutput,
    assignments,
    config,
    detection_options,
    opened,
    opened_to_fill,
    output_of,
)
from clew.errors import ConfigError

Names = Annotated[
    list[str] | None,
    typer.Argument(metavar="DETECTION", help="Their names; without one, all of them."),
]
OptionPairs = Annotated[
    list[str] | None,
    typer.Option("--option", metavar="NAME=VALUE", help="An option of it; repeatable."),
]


def detect(
    detections: Names = None,
    case: Case = None,
    option: OptionPairs = None,
    output: StoryOutput = None,
    fail_on: FailOn = None,
) -> int:
    """Run detections over the case and print ranked findings. 'clew list detections' names them."""
    settings = config()
    output = output_of(output, settings, STORIES)
    from clew import investigation
    from clew.cli.render.findings import check_severity, is_reached, print_findings
    from clew.model.prompt_scores import SCORES

    check_severity(fail_on)
    given = assignments(option)
    if given and len(detections or ()) != 1:
        raise ConfigError("--option belongs to one detection: name exactly one.")
    options = detection_options(settings, {detections[0]: given} if given and detections else {})
    names = set(detections or SCORES)
    with (opened_to_fill if names & set(SCORES) else opened)(case, settings) as engine:
        found = investigation.detect(engine, detections or (), options)
    print_findings(found, output)
    return int(is_reached(found.findings, fail_on))
