"""A report as one HTML page: charts as SVG, dark and light, no script, nothing from another place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from clew.model.escape import visible
from clew.reports import _svg
from clew.reports._document import Bars, Document, Proof, Table, TimeBars
from clew.reports._findings import excerpt, facts, moment, place, window

ENDINGS = (".html", ".htm")
_KINDS = {str: "sentence", Table: "table", Bars: "bars", TimeBars: "time_bars", Proof: "proof"}


def written(document: Document) -> str:
    """The page. Its policy forbids scripts and loading; every text of a source is escaped."""
    import jinja2

    environment = jinja2.Environment(
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_harmless,
    )
    page = (Path(__file__).parent / "report.html").read_text(encoding="utf-8")
    return environment.from_string(page).render(
        document=document,
        kind=lambda block: _KINDS[type(block)],
        bars=_svg.bars,
        time_bars=_svg.time_bars,
        window=window,
        facts=facts,
        place=place,
        excerpt=excerpt,
        moment=moment,
    )


def _harmless(value: Any) -> Any:
    """Text with what acts on a reader's screen shown as escapes; markup is made of such text."""
    if isinstance(value, str) and not hasattr(value, "__html__"):
        return visible(value)
    return value
