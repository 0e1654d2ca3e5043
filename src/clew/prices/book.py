"""The price book: which prices a model has at a seller, and when each of them holds.

Reads     genai-prices (dated prices, retired models included), and a user's own TOML file before it
Units     USD a token, exact decimals; times UTC
Blind to  prices that depend on more than tokens, time, tier and input size, such as web searches
Source    https://github.com/pydantic/genai-prices
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from decimal import Decimal
from functools import cache, cached_property
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from clew.model.ai_names import FROM_CACHE
from clew.prices.own import OwnPrice, read_own

if TYPE_CHECKING:
    from genai_prices.types import ModelInfo, ModelPrice, PriceVariant, Provider

MILLION = 1_000_000
KINDS = {
    "input": ("input_tokens",),
    "output": ("output_tokens",),
    "cache_read": ("input_tokens", "cache_read_tokens"),
    "cache_write": ("input_tokens", "cache_write_tokens"),
    "cache_write_1h": ("input_tokens", "cache_write_tokens", "cache_write_1h_tokens"),
    "reasoning": ("output_tokens", "output_reasoning_tokens"),
    "audio_input": ("input_tokens", "input_audio_tokens"),
    "audio_output": ("output_tokens", "output_audio_tokens"),
    "image_input": ("input_tokens", "input_image_tokens"),
    "image_output": ("output_tokens", "output_image_tokens"),
}
"""Kind of token to the counts that one such token raises, as genai-prices calls them."""
INSIDE = {
    "cache_read": "input", "cache_write": "input", "cache_write_1h": "cache_write", "reasoning": "output",
    "audio_input": "input", "audio_output": "output", "image_input": "input", "image_output": "output",
}  # fmt: skip
"""Kind of token to the kind whose count has it too: its rate is what it costs beyond that."""
SELLERS = {
    "azure.ai.openai": "azure", "az.ai.openai": "azure", "azure.ai.inference": "azure",
    "az.ai.inference": "azure", "azure_openai": "azure", "azure_ai": "azure", "azureopenai": "azure",
    "aws.bedrock": "aws", "bedrock": "aws", "amazon_bedrock": "aws", "bedrock_converse": "aws",
    "gcp.vertex_ai": "google", "gcp.gemini": "google", "gcp.gen_ai": "google", "vertex_ai": "google",
    "vertexai": "google", "gemini": "google", "mistral_ai": "mistral", "mistralai": "mistral",
    "xai": "x-ai", "x_ai": "x-ai", "zhipu_ai": "zhipuai",
    "ibm.watsonx.ai": "ibm", "fireworks_ai": "fireworks", "together_ai": "together",
    "cohere_chat": "cohere", "text-completion-openai": "openai",
}  # fmt: skip
"""What sources call a seller, and what the book does."""
OWN_MACHINES = (
    "vllm", "hosted_vllm", "ollama", "ollama_chat", "tgi", "text-generation-inference", "llama.cpp",
    "llamacpp", "lmstudio", "lm_studio", "sglang", "localai", "local", "self-hosted", "triton",
)  # fmt: skip
"""Servers on a user's own machines: no list price is theirs."""
CHECKED = re.compile(r"\b(?:verified|checked) on (20[0-9]{2}-[0-9]{2}-[0-9]{2})")
BATCH, NOT_A_TIER = ("batch",), ("default", "standard", "auto", "on_demand", "on-demand", "")


@dataclass(frozen=True, slots=True)
class Call:
    """What decides the price of a call, beside its time and the size of its input.

    model   as answered; "" where it is not stated
    asked   the model as asked for: where no price of the other is known
    tier    service tier, such as batch or priority; "" for the usual one
    host    the address that was called, "" where it is not known
    """

    provider: str = ""
    model: str = ""
    asked: str = ""
    tier: str = ""
    host: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """The model as answered, then as asked for."""
        return tuple(dict.fromkeys(name for name in (self.model, self.asked) if name))


@dataclass(frozen=True, slots=True)
class Price:
    """One price of a model at a seller, and when it holds.

    since, until   UTC; None is no bound; `until` is not part of it
    day_since, day_until  hours of the day at which it holds (UTC); None is all day
    above_input    it holds for calls with more input tokens than this; -1 for all
    usd            kind of token to USD a token, what it costs beyond the kind it is inside of
    usd_per_hour   of the time that a call takes: a machine of one's own
    usd_per_call   for each call
    source         which price, of which date, from where
    """

    since: datetime | None
    until: datetime | None
    usd: dict[str, Decimal]
    source: str
    day_since: time | None = None
    day_until: time | None = None
    above_input: int = -1
    usd_per_hour: Decimal = Decimal(0)
    usd_per_call: Decimal = Decimal(0)


@dataclass(frozen=True)
class Book:
    """The prices of genai-prices, and before them a user's own."""

    own: Sequence[OwnPrice] = ()
    _known: dict[Call, tuple[Price, ...]] = field(default_factory=dict, repr=False, compare=False)

    def prices(self, call: Call) -> tuple[Price, ...]:
        """All prices of such calls, later ones before earlier ones and own ones first; () for none."""
        if call not in self._known:
            own = [price for mine in self.own if mine.fits(call) for price in _own(mine)]
            self._known[call] = (*own, *self._listed(call))
        return self._known[call]

    @cached_property
    def edition(self) -> str:
        """What the prices are from, and the last day on which it says that they were checked."""
        name = f"genai-prices {version('genai-prices')}"
        return f"{name} of {day}" if (day := _last_checked()) else name

    def _listed(self, call: Call) -> Iterator[Price]:
        if call.tier == FROM_CACHE:
            free = dict.fromkeys(KINDS, Decimal(0))
            yield Price(None, None, free, "not charged: answered from the gateway's cache")
            return
        found = _find(call)
        if found is None:
            return
        seller, model, is_guess = found
        said = f"{self.edition}: {seller.id}/{model.id}"
        if is_guess:
            named = call.provider.strip()
            said += f", {named} is not in the book" if named else ", the seller is not stated"
        for since, begin, end, listed in _periods(model):
            price, note = _of_tier(listed, model, call.tier)
            when = f" since {since:%Y-%m-%d}" if since else _until(model)
            for above, plain in _by_input(price):
                yield Price(
                    since=since,
                    until=None,
                    usd=_usd(plain),
                    source=f"{said}{when}{note}",
                    day_since=begin,
                    day_until=end,
                    above_input=above,
                    usd_per_call=_of_a_call(plain),
                )


@cache
def listed_book() -> Book:
    """The book without a user's own prices."""
    return Book()


def book_with(price_file: str | None) -> Book:
    """The book, with the prices of a user's file before it. Raises ConfigError."""
    return Book(read_own(Path(price_file))) if price_file else listed_book()


def _own(mine: OwnPrice) -> Iterator[Price]:
    said = f"own prices: {mine.source or mine.model}"
    said += f" since {mine.since:%Y-%m-%d}" if mine.since else ""
    said += f" until {mine.until:%Y-%m-%d}" if mine.until else ""
    usd = {kind: Decimal(0) for kind in KINDS}
    for kind, per_million in mine.usd_per_million.items():
        usd[kind] = per_million / MILLION
    for kind, outer in INSIDE.items():
        given = mine.usd_per_million.get(kind)
        usd[kind] = Decimal(0) if given is None else (given - _of(mine, outer)) / MILLION
    yield Price(
        mine.since, mine.until, usd, said,
        usd_per_hour=mine.usd_per_hour, usd_per_call=mine.usd_per_call,
    )  # fmt: skip


def _of(mine: OwnPrice, kind: str) -> Decimal:
    """What a million tokens of that kind cost, by their own price or that of the kind around them."""
    while kind not in mine.usd_per_million and kind in INSIDE:
        kind = INSIDE[kind]
    return mine.usd_per_million.get(kind, Decimal(0))


def _find(call: Call) -> tuple[Provider, ModelInfo, bool] | None:
    """The seller, the model, and whether the seller is only inferred from the model's name."""
    from genai_prices.data_snapshot import find_provider_by_id, get_snapshot

    shelf = get_snapshot()
    named = call.provider.lower().strip()
    if named in OWN_MACHINES:
        return None
    seller = find_provider_by_id(shelf.providers, SELLERS.get(named, named)) if named else None
    if seller is None and call.host:
        try:
            address = call.host if "://" in call.host else f"https://{call.host}"
            seller = shelf.find_provider(None, None, address)
        except LookupError:
            pass
    for name in (name for model in call.names for name in _spellings(model)):
        if seller is not None:
            if model := seller.find_model(name, all_providers=shelf.providers):
                return seller, model, False
            continue
        first, slash, rest = name.partition("/")
        known = find_provider_by_id(shelf.providers, SELLERS.get(first, first)) if slash else None
        try:
            return *shelf.find_provider_model(
                rest if known else name, known, None, None
            ), known is None
        except LookupError:
            continue
    return None


def _spellings(model: str) -> list[str]:
    """The names under which a model may stand in the book.

    >>> _spellings("publishers/google/models/gemini-2.0-flash")
    ['publishers/google/models/gemini-2.0-flash', 'gemini-2.0-flash']
    """
    name = model.lower().strip()
    return list(dict.fromkeys([name, name.rsplit("/models/", 1)[-1], name.rsplit("/", 1)[-1]]))


def _periods(
    model: ModelInfo,
) -> Iterator[tuple[datetime | None, time | None, time | None, ModelPrice]]:
    """Each price of a model with the day, or the hours of the day, from which and in which it holds;
    of two that hold, the first given here counts."""
    from genai_prices.types import ModelPrice, StartDateConstraint, TimeOfDateConstraint

    if isinstance(model.prices, ModelPrice):
        yield None, None, None, model.prices
        return
    for priced in reversed(model.prices):
        rule = priced.constraint
        if isinstance(rule, StartDateConstraint):
            yield _midnight(rule.start_date), None, None, priced.prices
        elif isinstance(rule, TimeOfDateConstraint):
            yield None, _utc(rule.start_time), _utc(rule.end_time), priced.prices
        else:
            yield None, None, None, priced.prices
    yield None, None, None, model.prices[0].prices


def _until(model: ModelInfo) -> str:
    """The day on which the first price of a model ended, in words; "" where none followed."""
    listed = model.prices if isinstance(model.prices, list) else []
    days = [day for price in listed if (day := getattr(price.constraint, "start_date", None))]
    return f" until {min(days):%Y-%m-%d}" if days else ""


@cache
def _last_checked() -> str:
    """The last day that the book's comments name as one on which prices were checked."""
    from genai_prices.data_snapshot import get_snapshot

    said = [model.price_comments or "" for p in get_snapshot().providers for model in p.models]
    return max((day for text in said for day in CHECKED.findall(text)), default="")


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day)


def _utc(moment: time) -> time:
    if moment.tzinfo is None:
        return moment
    return datetime.combine(date(2026, 1, 1), moment).astimezone(UTC).time()


def _of_tier(listed: ModelPrice, model: ModelInfo, tier: str) -> tuple[ModelPrice, str]:
    """The price of a service tier, and what is to be said of it.

    The book dates a tier's price by when it was checked; it is taken for calls before that too.
    """
    tier = tier.lower().strip()
    if tier in NOT_A_TIER:
        return listed, ""
    when = {"processing": "batch"} if tier in BATCH else {"service_tier": tier}
    fitting = [variant for variant in model.price_variants or () if variant.when == when]
    if not fitting:
        return listed, f", no price of {tier} is known: the usual one"
    variant: PriceVariant = fitting[-1]
    changed = {key: value for key, value in variant.prices.__dict__.items() if value is not None}
    day = getattr(variant.constraint, "start_date", None)
    note = f", {tier}" + (f" as of {day}" if day else "")
    return _changed(listed, changed), note


def _changed(listed: ModelPrice, changed: dict[str, Any]) -> ModelPrice:
    """The price with these parts changed; ModelPrice is no dataclass."""
    from genai_prices.types import ModelPrice

    return ModelPrice(**{**listed.__dict__, **changed})


def _by_input(price: ModelPrice) -> Iterator[tuple[int, ModelPrice]]:
    """The price for calls above each size of input, the largest first."""
    from genai_prices.types import TieredPrices

    tiered = {
        key: value for key, value in price.__dict__.items() if isinstance(value, TieredPrices)
    }
    starts = sorted({tier.start for value in tiered.values() for tier in value.tiers})
    for start in [*reversed(starts), -1]:
        fixed = {
            key: next((t.price for t in reversed(value.tiers) if start >= t.start), value.base)
            for key, value in tiered.items()
        }
        yield start, _changed(price, fixed) if tiered else price


def _usd(price: ModelPrice) -> dict[str, Decimal]:
    """USD a token of each kind, beyond the kind it is inside of, as genai-prices works it out."""
    from genai_prices import Usage

    def cost(counts: Sequence[str]) -> Decimal:
        usage = Usage(**dict.fromkeys(counts, MILLION))
        return Decimal(price.calc_price(usage)["total_price"]) - _of_a_call(price)

    whole = {kind: cost(counts) for kind, counts in KINDS.items()}
    return {
        kind: (usd - whole[INSIDE[kind]] if kind in INSIDE else usd) / MILLION
        for kind, usd in whole.items()
    }


def _of_a_call(price: ModelPrice) -> Decimal:
    per_thousand = price.__dict__.get("requests_kcount")
    return per_thousand / 1000 if isinstance(per_thousand, Decimal) else Decimal(0)
