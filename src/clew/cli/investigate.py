"""`clew investigate`: ingests what is new, runs every detection, prints ranked findings."""

from __future__ import annotations

from clew.cli._request import (
    STORIES,
    Case,
    FailOn,
    Format,
    LogFormat,
    Paths,
    Redact,
    Since,
    StoryOutput,
    TimeZone,
    Until,
    case_of,
    config,
    detection_options,
    moment,
    opened,
    output_of,
)
from clew.cli.ingest import parse_settings, progress_bar


def investigate(
    paths: Paths,
    case: Case = None,
    output: StoryOutput = None,
    fail_on: FailOn = None,
    format: Format = None,
    timezone: TimeZone = None,
    log_format: LogFormat = None,
    redact: Redact = None,
    since: Since = None,
    until: Until = None,
) -> int:
    """Ingest what is new, run every detection whose inputs exist, print ranked findings."""
    settings = config()
    output = output_of(output, settings, STORIES)
    from clew import pipeline
    from clew.cli.render.findings import check_severity, is_reached, print_findings
    from clew.cli.render.ledger import print_problems
    from clew.model.finding import Investigation
    from clew.query.traces import example_of

    check_severity(fail_on)
    with progress_bar() as progress:
        found, ledger = pipeline.investigate(
            paths,
            case=case_of(case, settings),
            settings=parse_settings(settings, timezone, log_format, redact),
            format=format,
            options=detection_options(settings, {}),
            since=moment(since),
            until=moment(until),
            progress=progress,
        )
    if not found.findings and all(row.status == "failed" for row in ledger.sources):
        found = Investigation(())  # what is lacking to look at would hide why nothing was read
    example = None
    if output in ("text", "md") and found.findings:
        with opened(case, settings) as engine:
            example = example_of(engine, found.findings, timeout_s=settings.limits.seconds or None)
    print_findings(found, output, ledger, example)
    print_problems(ledger)
    return ledger.exit_code or int(is_reached(found.findings, fail_on))
