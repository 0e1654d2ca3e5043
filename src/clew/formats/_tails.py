r"""What stands behind the user agent of an access log: it differs from site to site.

    rt=0.012 urt="0.010, 0.002" rid=4f2a          keys, found in the first lines
    "203.0.113.4" 0.250 0.249 4f2a...319c         values alone, told apart by their shape
    345 0.021 [default-svc-80] [] 192.0.2.9:8080 12 0.020 200 4f2a...319c

One pattern takes the whole tail apart. A tail that is not like the first lines' is looked through key
by key; what nobody can name stays in `attributes`: no value is lost.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from clew.formats._fields import quoted

MOST_KEYS = 40
KEY = r"[A-Za-z_][A-Za-z0-9_.-]*"
VALUE = r"[^\s\",|]+(?:(?:, | : )(?:-|[0-9\[][^\s\",|=]*))*"
PAIR = re.compile(rf"(?:^|[ ,|])({KEY})=(?:\"[^\"]*\"|{VALUE})?")
TOKEN = re.compile(rf"\"[^\"]*\"|\[[^\]]*\]|{VALUE}|\|")
SHAPES: dict[str, str] = {
    "nothing": r"-|",
    "count": r"\d+(?:(?:, | : )(?:\d+|-))*",
    "id": (
        r"[0-9a-fA-F]{16,40}|[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F-]{22}|req[-_][0-9A-Za-z_-]{6,}"
    ),
    "seconds": r"\d+\.\d+(?:(?:, | : )(?:\d+\.\d+|-))*",
    "pair": r"\d+/\d+",
    "socket": r"(?:[\d.]+|\[[0-9a-f:]+\]):\d+(?:(?:, | : ).*)?|unix:.*",
    "address": r"(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9a-f]*:[0-9a-f:]+)(?:, ?[0-9a-fA-F.:]+)*",
}
"""Shape to what all its values look like; the first that fits counts."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a variable of a format string, or a value of a tail, means.

    name  a canonical column, or the key of `attributes`
    unit  of a duration: s, ms, us; else ""
    """

    name: str
    unit: str = ""


Namer = Callable[[Sequence[str]], Sequence[Meaning]]
"""The shapes of all values of a tail, in order, to what they mean."""


@dataclass(frozen=True, slots=True)
class Tail:
    """A tail as the first lines have it.

    pattern   takes it apart; its groups are the values, two for one that may stand in quotes
    meanings  of the values, in order
    keys      of the values, in order; none where values stand alone
    """

    pattern: str
    meanings: tuple[Meaning, ...]
    keys: tuple[str, ...] = ()

    def source(self, source: str) -> str:
        """SQL of a relation with `tail` to one that has v0, v1 ..., and `left_over` too."""
        groups = [f"{side}{place}" for place in range(len(self.meanings)) for side in "qv"]
        names = ", ".join(quoted(name) for name in (*groups, "rest"))
        parts = (
            f"SELECT *, regexp_extract(tail, {quoted(self.pattern)}, [{names}]) AS t FROM {source}"
        )
        is_whole = " || ".join(f"t.{name}" for name in (*groups, "rest")) + " <> ''"
        values = [self._value(place) for place in range(len(self.meanings))]
        left_over = "CASE WHEN is_like THEN trim(t.rest) " + (
            "END" if self.keys else "ELSE trim(tail) END"
        )
        return (
            f"(SELECT *, {', '.join([*values, f'{left_over} AS left_over'])} "
            f"FROM (SELECT *, {is_whole} AS is_like FROM ({parts})))"
        )

    def _value(self, place: int) -> str:
        found = f"CASE WHEN is_like THEN t.q{place} || t.v{place}"
        if self.keys:
            alone = quoted(rf"(?:^|[ ,|]){_key_pattern(self.keys[place])}")
            found += f" ELSE regexp_extract(tail, {alone}, 1) || regexp_extract(tail, {alone}, 2)"
        return f"nullif(nullif({found} END, '-'), '') AS v{place}"


def find_tail(texts: Sequence[str], keys: Mapping[str, Meaning], namer: Namer) -> Tail | None:
    """The tail that most of these are like; None where there is none."""
    texts = [text for text in texts if text.strip()]
    if not texts:
        return None
    orders = Counter(tuple(m[1] for m in PAIR.finditer(text)) for text in texts)
    seen = dict.fromkeys(key for order, _ in orders.most_common() for key in order)
    if seen:
        usual = list(dict.fromkeys(orders.most_common(1)[0][0]))
        order = [*usual, *(key for key in seen if key not in usual)][:MOST_KEYS]
        pattern = "".join(rf"[ ,|]*{_key_pattern(key)}" for key in order)
        meanings = tuple(keys.get(key.lower(), Meaning(key)) for key in order)
        return Tail(rf"^{pattern}((?:[ ,|].*)?)$", meanings, tuple(order))
    return _by_shape(texts, namer)


def _key_pattern(key: str) -> str:
    return rf"{re.escape(key)}=(?:\"([^\"]*)\"|({VALUE})?)"


def _by_shape(texts: Sequence[str], namer: Namer) -> Tail | None:
    rows = [TOKEN.findall(text) for text in texts]
    width = Counter(len(row) for row in rows).most_common(1)[0][0]
    columns = list(zip(*(row for row in rows if len(row) == width), strict=True))
    columns = columns[:MOST_KEYS]
    if not columns:
        return None
    shapes = [_shape([value.strip('"[]') for value in column]) for column in columns]
    groups = []
    for column in columns:
        if all(value.startswith("[") for value in column):
            groups.append(r"(\[[^\]]*\])()")
        else:
            groups.append(rf"(?:\"([^\"]*)\"|({VALUE}))")
    return Tail(rf"^ *{' +'.join(groups)}((?: .*)?)$", tuple(namer(shapes)))


def _shape(values: Sequence[str]) -> str:
    """The shape of all values; what is not there has none."""
    there = [value for value in values if value not in ("", "-")]
    if not there:
        return "nothing"
    fits = (name for name, shape in SHAPES.items() if all(re.fullmatch(shape, v) for v in there))
    return next(fits, "word")
