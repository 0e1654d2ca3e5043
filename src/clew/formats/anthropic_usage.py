"""Usage and cost reports of Anthropic's admin API: what the provider itself counted and billed.

Reads     {data: [{starting_at, ending_at, results: [...]}]}, buckets alone, one a line too; the console's
          tables of the same (CSV); results of messages and of cost
Returns   one event a result: the sum of many calls, with operation usage_report; it is the bill beside
          the calls, not a call. Input tokens include those read from and written to the cache
Units     amounts of the cost report are cents of the currency that they state, cost_usd of the table dollars
Blind to  single calls; byte offsets: `line` and `byte_offset` count results
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from clew.errors import InputError
from clew.formats import Settings
from clew.formats._calls.entries import documents_of, header_of, rows_of_table
from clew.formats._calls.parser import EntriesParser, of_entries
from clew.formats._calls.parts import Layout, counted, is_table
from clew.model.case import Sample

READ = counted("/cache_read_input_tokens", "/usage_input_tokens_cache_read")
FIVE = counted("/cache_creation/ephemeral_5m_input_tokens", "/usage_input_tokens_cache_write_5m")
HOUR = counted("/cache_creation/ephemeral_1h_input_tokens", "/usage_input_tokens_cache_write_1h")
FRESH = counted("/uncached_input_tokens", "/input_tokens", "/usage_input_tokens_no_cache")
WRITTEN = f"CASE WHEN coalesce({FIVE}, {HOUR}) IS NOT NULL THEN coalesce({FIVE}, 0) + coalesce({HOUR}, 0) END"
CENTS = "try_cast(document->>'amount' AS DECIMAL(24, 9)) / 100"
TABLES = (
    ("/usage_date_utc", "/usage_output_tokens"), ("/usage_date_utc", "/cost_usd"),
)  # fmt: skip
"""What the console's tables of tokens and of costs have."""
LAYOUT = Layout(
    keys=(("/starting_at",), *TABLES),
    tables=TABLES,
    names={
        "usage_date_utc": "timestamp", "model_version": "model", "usage_output_tokens": "output_tokens",
        "api_key": "api_key_hash", "workspace": "team", "usage_type": "", "cost_usd": "",
        "starting_at": "timestamp", "ending_at": "", "api_key_id": "api_key_hash", "workspace_id": "team",
        "currency": "", "amount": "", "description": "", "cost_type": "", "token_type": "", "context_window": "",
    },
    spent=("/uncached_input_tokens", "/cache_read_input_tokens", "/cache_creation",
           "/usage_input_tokens_no_cache", "/usage_input_tokens_cache_read", "/usage_input_tokens_cache_write_5m",
           "/usage_input_tokens_cache_write_1h"),
    derived={
        "input_tokens": f"{FRESH} + coalesce({READ}, 0) + coalesce({WRITTEN}, 0)",
        "cache_read_tokens": READ,
        "cache_write_tokens": WRITTEN,
        "cost_given_usd": "coalesce(try_cast(document->>'cost_usd' AS DECIMAL(18, 9)), CASE WHEN "
                          f"coalesce(document->>'currency', 'USD') IN ('USD', 'usd') THEN {CENTS} END)",
        "usage_details": f"CASE WHEN {WRITTEN} IS NOT NULL THEN json_object('cache_creation', json_object("
                         f"'ephemeral_5m_input_tokens', {FIVE}, 'ephemeral_1h_input_tokens', {HOUR})) END",
        "operation": "'usage_report'",
    },
    provider="anthropic",
)  # fmt: skip


def sniff(head: bytes) -> float:
    """High where buckets with a start, an end and results stand."""
    if is_table(LAYOUT, header_of(head)):
        return 0.99
    text = head[:8192].decode(errors="replace")
    return 0.99 if '"starting_at"' in text and '"results"' in text else 0.0


def parse(head: bytes, settings: Settings) -> EntriesParser:
    """A parser of results, or of the rows of a table."""
    entries = rows_of_table if is_table(LAYOUT, header_of(head)) else _results
    return of_entries(settings, LAYOUT, entries)


def _results(path: Path) -> Iterator[Any]:
    """Every result, with the times of its bucket."""
    for document in documents_of(path):
        buckets = document.get("data", [document]) if isinstance(document, dict) else document
        if not isinstance(buckets, list):
            raise InputError(f"{path.name} is JSON, but no usage report: it has no buckets.")
        for bucket in buckets:
            results = bucket.get("results") if isinstance(bucket, dict) else None
            if not isinstance(results, list):
                yield bucket
                continue
            times = {name: bucket.get(name) for name in ("starting_at", "ending_at")}
            for result in results:
                yield {**times, **result} if isinstance(result, dict) else result


SAMPLES = [
    Sample(
        '{"data":[{"starting_at":"2026-11-20T00:00:00Z","ending_at":"2026-11-21T00:00:00Z","results":['
        '{"uncached_input_tokens":1500,"cache_creation":{"ephemeral_1h_input_tokens":1000,"ephemeral_5m_input_tokens":500},'
        '"cache_read_input_tokens":200,"output_tokens":500,"api_key_id":"apikey_1","workspace_id":"wrkspc_1","model":'
        '"claude-sonnet-4-5","service_tier":"standard","context_window":"0-200k"},'
        '{"currency":"USD","amount":"123.45","workspace_id":"wrkspc_1","description":"Claude Sonnet 4.5 Usage"},'
        '{"currency":"EUR","amount":"1"}]}],"has_more":false}\n',
        [
            {
                "timestamp": "2026-11-20T00:00:00Z",
                "operation": "usage_report",
                "provider": "anthropic",
                "model": "claude-sonnet-4-5",
                "input_tokens": 3200,
                "cache_read_tokens": 200,
                "cache_write_tokens": 1500,
                "output_tokens": 500,
                "team": "wrkspc_1",
                "api_key_hash": "apikey_1",
                "service_tier": "standard",
            },
            {"cost_given_usd": 1.2345, "attributes.description": "Claude Sonnet 4.5 Usage"},
            {"cost_given_usd": None, "attributes.currency": "EUR", "attributes.amount": "1"},
        ],
        name="usage and cost, in two currencies",
    ),
    Sample(
        "usage_date_utc,model_version,api_key,workspace,usage_input_tokens_no_cache,usage_input_tokens_cache_write_5m,"
        "usage_input_tokens_cache_write_1h,usage_input_tokens_cache_read,usage_output_tokens\n"
        "2026-11-20,claude-sonnet-4-5,prod,Default,1500,500,1000,200,500\n",
        [{"timestamp": "2026-11-20T00:00:00Z", "operation": "usage_report", "model": "claude-sonnet-4-5",
          "input_tokens": 3200, "cache_read_tokens": 200, "cache_write_tokens": 1500, "output_tokens": 500,
          "team": "Default"}],
        name="a table of tokens",
    ),
    Sample(
        "usage_date_utc,model,workspace,token_type,cost_usd\n"
        "2026-11-20,Claude Sonnet 4.5,Default,input_no_cache,1.24\n",
        [{"operation": "usage_report", "cost_given_usd": 1.24, "attributes.token_type": "input_no_cache"}],
        name="a table of costs",
    ),
]  # fmt: skip
