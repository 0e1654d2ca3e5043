"""`clew doctor`: whether this machine, these settings and this case are fit for work."""

from __future__ import annotations

import os
import platform
import re
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from clew.cli._request import PLAIN, Case, PlainOutput, config, output_of
from clew.errors import ClewError, EngineError

PACKAGES = ("duckdb", "ibis-framework", "sqlglot", "numpy", "nanoarrow")
EXTRAS = {"clickhouse": "clickhouse-connect", "chdb": "chdb", "presidio": "presidio-analyzer"}
LEAST_FREE_BYTES = 1 << 30

State = Literal["ok", "missing", "wrong"]


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at. `missing` is no fault; `wrong` is."""

    name: str
    state: State
    found: str


def doctor(
    case: Case = None,
    output: PlainOutput = None,
) -> int:
    """Check versions, time zones, disk space, extras and the case. Exits 4 when one is wrong."""
    settings = config()
    output = output_of(output, settings, PLAIN)
    from clew.cli.render import json
    from clew.cli.render.escape import visible

    checks = list(examine(case or settings.case))
    if output == "json":
        sys.stdout.write(json.pretty([asdict(check) for check in checks]))
    else:
        for check in checks:
            print(f"{check.state:8} {check.name:17} {visible(check.found)}")
    return EngineError.exit_code if any(check.state == "wrong" for check in checks) else 0


def examine(case: str) -> Iterator[Check]:
    """Every check, in order."""
    from clew import __version__

    yield Check("clew", "ok", __version__)
    yield Check("python", "ok", f"{platform.python_version()} on {platform.platform()}")
    for package in PACKAGES:
        yield _package(package, "wrong", package)
    for extra, package in EXTRAS.items():
        yield _package(f"extra {extra}", "missing", package)
    yield _guarded("time zones", _time_zones)
    if "://" not in case:
        folder = Path(case).absolute().parent
        yield _guarded("disk", lambda: _disk(folder))
    yield _guarded("case", lambda: _case(case))


def _package(name: str, otherwise: State, package: str) -> Check:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return Check(name, "ok", version(package))
    except PackageNotFoundError:
        return Check(name, otherwise, f"{package} is not installed")


def _guarded(name: str, look: Callable[[], tuple[State, str]]) -> Check:
    try:
        return Check(name, *look())
    except ClewError as error:
        return Check(name, "wrong", str(error))
    except OSError as error:
        return Check(name, "wrong", error.strerror or str(error))


def _time_zones() -> tuple[State, str]:
    import zoneinfo

    count = len(zoneinfo.available_timezones())
    return ("ok" if count else "wrong"), f"{count} zones"


def _disk(folder: Path) -> tuple[State, str]:
    free = shutil.disk_usage(folder).free
    words = f"{folder}: {free / 1e9:.1f} GB free"
    if not os.access(folder, os.W_OK):
        return "wrong", f"{words}, and it cannot be written to"
    return ("ok" if free >= LEAST_FREE_BYTES else "wrong"), words


def _case(case: str) -> tuple[State, str]:
    from clew.pipeline import open_case

    if "://" not in case and not Path(case).exists():
        return "missing", f"there is no case at {case} yet"
    engine = open_case(case, write=False)
    try:
        count = engine.run("SELECT count(*) FROM events").rows[0][0]
        sources = engine.run("SELECT count(*) FROM sources").rows[0][0]
    finally:
        engine.close()
    return "ok", f"{_without_password(case)}: {count:,} events from {sources:,} sources"


def _without_password(case: str) -> str:
    """
    >>> _without_password("clickhouse://clew:not-a-key@db.example.com:8443/logs")
    'clickhouse://clew:***@db.example.com:8443/logs'
    """
    return re.sub(r"(//[^:/@]*):[^/]*@", r"\1:***@", case)
