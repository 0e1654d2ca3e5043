"""A user's own prices: contracts, and models on one's own machines.

[[price]]
model = "gpt-4o*"            # a name, or a pattern with * and ?
provider = "azure"           # optional; as the calls state it
since = 2026-01-01           # optional: from this day on
until = 2026-07-01           # optional: up to this day, which is not part of it
input = 2.10                 # USD a million tokens; also output, cache_read, cache_write,
output = 8.40                #   cache_write_1h, reasoning, audio_input, ... as model tokens are
call = 0.001                 # optional: USD for each call
source = "contract 2026-17"  # optional: what price_source says

[[price]]
model = "llama-3.3-70b"
gpu_hour = 2.50              # USD for an hour of one GPU
gpus = 4                     # that serve the model together
concurrency = 8              # calls that they serve at a time
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any

from clew.errors import ConfigError
from clew.model.ai_names import provider_name

if TYPE_CHECKING:
    from clew.prices.book import Call

TOKENS = (
    "input", "output", "cache_read", "cache_write", "cache_write_1h", "reasoning", "audio_input",
    "audio_output", "image_input", "image_output",
)  # fmt: skip
WORDS = ("model", "provider", "source", "tier")
DAYS = ("since", "until")
NUMBERS = (*TOKENS, "call", "gpu_hour", "gpus", "concurrency")


@dataclass(frozen=True, slots=True)
class OwnPrice:
    """One [[price]] of a user's file; see the top of this page."""

    model: str
    provider: str = ""
    tier: str = ""
    since: datetime | None = None
    until: datetime | None = None
    usd_per_million: dict[str, Decimal] = field(default_factory=dict)
    usd_per_hour: Decimal = Decimal(0)
    usd_per_call: Decimal = Decimal(0)
    source: str = ""

    def fits(self, call: Call) -> bool:
        """Whether it is the price of such a call."""
        return (
            any(fnmatchcase(name.lower(), self.model.lower()) for name in call.names)
            and (not self.provider or _is_same(self.provider, call.provider))
            and self.tier.lower() in ("", call.tier.lower())
        )


def _is_same(mine: str, stated: str) -> bool:
    """Whether two names are of one seller: a price for `azure` holds for calls of azure.ai.openai."""
    return provider_name(mine).lower() == provider_name(stated).lower()


def read_own(path: Path) -> list[OwnPrice]:
    """The prices of a TOML file. Raises ConfigError with one sentence."""
    import tomllib

    try:
        tree = tomllib.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
    except OSError as error:
        raise ConfigError(f"The price file {path} cannot be read: {error.strerror}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"The price file {path} is not TOML: {error}.") from error
    tables = tree.pop("price", None)
    if tree or not isinstance(tables, list) or not all(isinstance(item, dict) for item in tables):
        raise ConfigError(
            f"The price file {path} must hold tables called [[price]], and nothing else."
        )
    return [_own(path, number, item) for number, item in enumerate(tables, 1)]


def _own(path: Path, number: int, item: dict[str, Any]) -> OwnPrice:
    where = f"The price {number} of {path}"
    for name in item:
        if name not in (*WORDS, *DAYS, *NUMBERS):
            import difflib

            close = difflib.get_close_matches(name, (*WORDS, *DAYS, *NUMBERS), 1, 0.5)
            guess = f" Did you mean '{close[0]}'?" if close else ""
            raise ConfigError(f"{where} has '{name}', which is not one of its keys.{guess}")
    words = {name: _word(where, name, item[name]) for name in WORDS if name in item}
    if not words.get("model"):
        raise ConfigError(f"{where} names no model.")
    numbers = {name: _number(where, name, item[name]) for name in NUMBERS if name in item}
    if not numbers:
        raise ConfigError(f"{where} has no price: give input and output, call, or gpu_hour.")
    hour = numbers.get("gpu_hour", Decimal(0)) * numbers.get("gpus", Decimal(1))
    return OwnPrice(
        model=words["model"],
        provider=words.get("provider", ""),
        tier=words.get("tier", ""),
        since=_day(where, "since", item.get("since")),
        until=_day(where, "until", item.get("until")),
        usd_per_million={name: numbers[name] for name in TOKENS if name in numbers},
        usd_per_hour=hour / (numbers.get("concurrency") or Decimal(1)),
        usd_per_call=numbers.get("call", Decimal(0)),
        source=words.get("source", ""),
    )


def _word(where: str, name: str, value: Any) -> str:
    if not isinstance(value, str):
        raise ConfigError(f"{where}: {name} must be a text, not {value!r}.")
    return value


def _number(where: str, name: str, value: Any) -> Decimal:
    try:
        number = Decimal(value) if not isinstance(value, bool) else Decimal("NaN")
    except (InvalidOperation, TypeError, ValueError):
        number = Decimal("NaN")
    if not number.is_finite() or number < 0:
        raise ConfigError(f"{where}: {name} must be a number of at least 0, not {value!r}.")
    return number


def _day(where: str, name: str, value: Any) -> datetime | None:
    if value is None:
        return None
    if isinstance(value, str):
        try:
            value = date.fromisoformat(value)
        except ValueError:
            value = None
    if isinstance(value, datetime):
        from datetime import UTC

        return value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day)
    raise ConfigError(f"{where}: {name} must be a day, as {name} = 2026-01-31.")
