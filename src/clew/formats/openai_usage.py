"""Usage and cost exports of OpenAI's organisation API: what the provider itself counted and billed.

Reads     pages {object: "page", data: [{object: "bucket", start_time, end_time, results: [...]}]},
          buckets alone, one a line too; the dashboard's tables of the same (CSV); results of completions,
          embeddings, images, audio and costs
Returns   one event a result: the sum of many calls, with operation usage_report and its requests in
          attributes; it is the bill beside the calls, not a call
Units     start_time is seconds since 1970; amounts are in the currency that they state
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
from clew.formats._calls.parts import Layout, is_table
from clew.model.case import Sample

TABLES = (("/start_time", "/num_model_requests"), ("/start_time", "/amount_value"))
"""What the dashboard's tables of usage and of costs have."""
LAYOUT = Layout(
    keys=(("/object", "/start_time"), *TABLES),
    tables=TABLES,
    names={
        "start_time": "timestamp", "end_time": "", "object": "", "num_model_requests": "", "project_id": "team",
        "project_name": "team", "organization_id": "tenant", "api_key_id": "api_key_hash", "user_id": "user_id",
        "input_cached_tokens": "cache_read_tokens", "input_audio_tokens": "audio_input_tokens",
        "output_audio_tokens": "audio_output_tokens", "line_item": "", "amount.currency": "", "batch": "",
        "amount.value": "cost_given_usd", "amount_value": "cost_given_usd", "amount_currency": "",
        "start_time_iso": "", "end_time_iso": "", "input_image_tokens": "image_input_tokens",
        "output_image_tokens": "image_output_tokens",
    },
    derived={
        "service_tier": "CASE WHEN lower(document->>'batch') = 'true' THEN 'batch' END",
        "model": "coalesce(nullif(document->>'model', ''), "
                 "nullif(regexp_extract(document->>'line_item', '^([^ ,]+[0-9][^ ,]*), ', 1), ''))",
        "operation": "'usage_report'",
        "event_name": "(document->>'object')",
    },
    provider="openai",
)  # fmt: skip


def sniff(head: bytes) -> float:
    """High where buckets with results of an organisation stand."""
    if is_table(LAYOUT, header_of(head)):
        return 0.99
    text = head[:8192].decode(errors="replace")
    return 0.99 if '"bucket"' in text and ('"organization.' in text or '"results"' in text) else 0.0


def parse(head: bytes, settings: Settings) -> EntriesParser:
    """A parser of results, or of the rows of a table."""
    entries = rows_of_table if is_table(LAYOUT, header_of(head)) else _results
    return of_entries(settings, LAYOUT, entries)


def _results(path: Path) -> Iterator[Any]:
    """Every result, with the times of its bucket."""
    for document in documents_of(path):
        pages = document if isinstance(document, list) else [document]
        for page in pages:
            if not isinstance(page, dict):
                raise InputError(f"{path.name} is JSON, but no usage export: it has no buckets.")
            buckets = page.get("data")
            for bucket in buckets if isinstance(buckets, list) else [page]:
                yield from _of_bucket(bucket)


def _of_bucket(bucket: Any) -> Iterator[Any]:
    results = bucket.get("results") if isinstance(bucket, dict) else None
    if not isinstance(results, list):
        yield bucket
        return
    times = {name: bucket.get(name) for name in ("start_time", "end_time")}
    for result in results:
        yield {**times, **result} if isinstance(result, dict) else result


SAMPLES = [
    Sample(
        '{"object":"page","data":[{"object":"bucket","start_time":1763596800,"end_time":1763683200,"results":['
        '{"object":"organization.usage.completions.result","input_tokens":1000,"output_tokens":500,'
        '"input_cached_tokens":800,"num_model_requests":5,"project_id":"proj_1","user_id":null,"api_key_id":"key_1",'
        '"model":"gpt-4o","batch":false},'
        '{"object":"organization.costs.result","amount":{"value":0.06,"currency":"usd"},"line_item":"gpt-4o",'
        '"project_id":"proj_1"}]}],"has_more":false}\n',
        [
            {
                "timestamp": "2025-11-20T00:00:00Z",
                "operation": "usage_report",
                "provider": "openai",
                "model": "gpt-4o",
                "input_tokens": 1000,
                "output_tokens": 500,
                "cache_read_tokens": 800,
                "team": "proj_1",
                "api_key_hash": "key_1",
                "attributes.num_model_requests": 5,
            },
            {"cost_given_usd": 0.06, "attributes.line_item": "gpt-4o"},
        ],
        name="a page of usage and cost",
    ),
    Sample(
        "start_time,end_time,start_time_iso,num_model_requests,project_id,model,batch,input_tokens,output_tokens,"
        "input_cached_tokens\n1763596800,1763683200,2025-11-20T00:00:00+00:00,500,proj_a,gpt-4o-2024-08-06,True,1000,50,"
        "200\n",
        [{"timestamp": "2025-11-20T00:00:00Z", "operation": "usage_report", "model": "gpt-4o-2024-08-06",
          "service_tier": "batch", "input_tokens": 1000, "cache_read_tokens": 200, "team": "proj_a",
          "attributes.num_model_requests": "500"}],
        name="a table of usage was a call a row",
    ),
    Sample(
        "start_time,end_time,amount_value,amount_currency,line_item,project_id\n"
        '1763596800,1763683200,2.75,usd,"gpt-4o-2024-08-06, input",proj_a\n'
        '1763596800,1763683200,9.5,eur,"gpt-4o-2024-08-06, output",proj_a\n',
        [
            {"operation": "usage_report", "model": "gpt-4o-2024-08-06", "cost_given_usd": 2.75},
            {"cost_given_usd": None, "attributes.usage_problem": "the cost is in eur"},
        ],
        name="a table of costs",
    ),
]  # fmt: skip
