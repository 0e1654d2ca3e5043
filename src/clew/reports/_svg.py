"""Charts as inline SVG: colours come from the page's style, words of sources are escaped.

bars       one horizontal bar a name
time_bars  one upright bar a stretch of time, where it lies in time
"""

from __future__ import annotations

from datetime import timedelta

from markupsafe import Markup

from clew.model.escape import visible
from clew.reports._document import Bars, TimeBars

WIDTH = 720
_ROW, _NAME, _SAID = 24, 210, 130
_HEIGHT, _FOOT, _HEAD = 150, 22, 18
_LETTERS = 30
"""Letters of a name that its place holds; the whole stands in the bar's title."""


def bars(chart: Bars) -> Markup:
    """
    >>> print(bars(Bars("cost", ["<a>"], [1.0], ["$1.00"])).count("&lt;a&gt;"))
    2
    """
    most = max((value for value in chart.values if value > 0), default=1.0)
    room = WIDTH - _NAME - _SAID
    rows = Markup("")
    for place, (name, value, said) in enumerate(
        zip(chart.names, chart.values, chart.said, strict=True)
    ):
        top = place * _ROW
        width = max(value, 0.0) / most * room
        rows += Markup(
            '<g><title>{whole}: {said}</title><text class="name" x="{name_x}" y="{base}">{name}</text>'
            '<rect x="{left}" y="{y}" width="{width}" height="{height}" rx="2"/>'
            '<text class="said" x="{end}" y="{base}">{said}</text></g>'
        ).format(
            whole=visible(name), said=visible(said), name=_short(visible(name)), name_x=_NAME - 8,
            base=top + 16, left=_NAME, y=top + 4, width=f"{width:.1f}", height=_ROW - 8,
            end=f"{_NAME + width + 6:.1f}",
        )  # fmt: skip
    return _picture(chart.label, len(chart.names) * _ROW, rows)


def time_bars(chart: TimeBars) -> Markup:
    """
    >>> from datetime import datetime
    >>> at = datetime(2026, 1, 2)
    >>> "2026-01-02 00:00" in time_bars(TimeBars("cost", "cost", [at], 60, [2.0], ["$2.00"]))
    True
    """
    first = min(chart.starts)
    last = max(chart.starts) + timedelta(seconds=chart.width_s)
    most = max((value for value in chart.values if value > 0), default=1.0)
    scale = WIDTH / (last - first).total_seconds()
    width = max(chart.width_s * scale * 0.86, 1.0)
    rows = Markup("")
    for start, value, said in zip(chart.starts, chart.values, chart.said, strict=True):
        height = max(value, 0.0) / most * _HEIGHT
        rows += Markup(
            '<rect x="{x}" y="{y}" width="{width}" height="{height}"><title>{when}: {said}</title></rect>'
        ).format(
            x=f"{(start - first).total_seconds() * scale:.2f}", y=f"{_HEAD + _HEIGHT - height:.2f}",
            width=f"{width:.2f}", height=f"{height:.2f}", when=f"{start:%Y-%m-%d %H:%M}",
            said=visible(said),
        )  # fmt: skip
    top = chart.said[max(range(len(chart.values)), key=lambda place: chart.values[place])]
    base = _HEAD + _HEIGHT
    rows += Markup(
        '<line x1="0" y1="{base}" x2="{width}" y2="{base}"/><text x="0" y="12">at most {top}</text>'
        '<text x="0" y="{foot}">{first}</text><text class="last" x="{width}" y="{foot}">{last}</text>'
    ).format(
        base=base, width=WIDTH, top=visible(top), foot=base + 16, first=f"{first:%Y-%m-%d %H:%M}",
        last=f"{last:%Y-%m-%d %H:%M} UTC",
    )  # fmt: skip
    return _picture(chart.label, base + _FOOT, rows)


def _picture(label: str, height: int, inside: Markup) -> Markup:
    return Markup(
        '<svg role="img" viewBox="0 0 {width} {height}" aria-label="{label}">{inside}</svg>'
    ).format(width=WIDTH, height=height, label=visible(label), inside=inside)


def _short(name: str) -> str:
    return name if len(name) <= _LETTERS else name[: _LETTERS - 1] + "…"
