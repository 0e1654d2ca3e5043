"""A line that names no service gets it from the name of its file, where that is a service's."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.engines import Bench

from clew import pipeline
from clew.correlation.ties import observed, requests
from clew.engines.duckdb import open_case
from clew.formats import Settings
from clew.model.redaction import Policy
from clew.model.views import events
from clew.sources._writers import services_of

ID = "0123456789abcdef" * 4
POD = "cart-6d4b75cb6d-hx2kp"
SETTINGS = Settings(redaction=Policy(key="a key of tests, visibly false"))


@pytest.mark.parametrize(
    ("path", "service"),
    [
        ("checkout.log", "checkout"),
        ("checkout.log.1.gz", "checkout"),
        ("checkout.log-20261120", "checkout"),
        ("checkout.2026-11-20T09.log", "checkout"),
        ("2026-11-20-checkout.log", "checkout"),
        ("checkout-access.log", "checkout"),
        ("error_checkout.txt", "checkout"),
        ("svc-checkout-7d9f.log", "svc-checkout"),
        (f"{POD}.log", "cart"),
        ("agent-x7k2p.log", "agent"),
        ("web-1.log", "web"),
        ("web01.log", "web"),
        ("llama3-server-v2.log", "llama3-server-v2"),
        ("/var/log/nginx/access.log", "nginx"),
        ("/var/log/nginx/shop.example.com.access.log", "shop.example.com"),
        ("/var/log/payments/app.log", "payments"),
        ("payments-api/app.log", "payments-api"),
        ("payments-api/logs/app.log.2", "payments-api"),
        (f"/var/log/pods/shop_{POD}_0a1b2c3d-1111-2222-3333-444455556666/server/0.log", "cart"),
        (f"/var/log/pods/shop_{POD}_0a1b2c3d-1111-2222-3333-444455556666/ui/0.log", "ui"),
        (f"/var/log/containers/{POD}_shop_app-{ID}.log", "cart"),
    ],
)
def test_a_name_of_a_service_is_found(path: str, service: str) -> None:
    assert services_of([path]) == {path: service}


@pytest.mark.parametrize(
    "path",
    [
        "-", "app.log", "app.log.1", "app-2026-11-20.log.gz", "access.log", "error.log.2", "server.log",
        "log.txt", "stdout", "20261120.txt", "0.log", "a.log", "llm_calls.jsonl", "prompts.jsonl",
        "trace-0001.jsonl", "api-failure/app.log", "before/app.log", "/tmp/x/access.log", "my file.log",
        "downloaded-logs-20261120-090000.json", "gunicorn.log", "kubectl.log", "logs/host1/app.log",
        f"/var/lib/docker/containers/{ID}/{ID}-json.log",
    ],
)  # fmt: skip
def test_a_name_that_any_log_may_have_names_nobody(path: str) -> None:
    assert services_of([path]) == {}


def test_folders_beside_each_other_that_hold_the_same_file_are_services() -> None:
    found = services_of(["x/cart/app.log", "x/pay/app.log", "x/after/app.log", "x/app.log"])
    assert found == {"x/cart/app.log": "cart", "x/pay/app.log": "pay"}
    assert services_of(["x/cart/app.log"]) == {}


def test_a_service_that_a_line_names_counts_before_the_one_of_its_file(tmp_path: Path) -> None:
    lines = [
        '{"time":"2026-11-20T09:00:00Z","msg":"a"}',
        '{"time":"2026-11-20T09:00:01Z","msg":"b","service":"billing"}',
        '{"time":"2026-11-20T09:00:02Z","msg":"c","container":"cart"}',
        '{"time":"2026-11-20T09:00:03Z","prediction":"yes"}',
    ]
    for name in ("orders.jsonl", "stock.jsonl"):
        (tmp_path / name).write_text("\n".join([*lines, f'{{"msg":"{name}"}}', ""]))
    alone = tmp_path / "alone.duckdb"
    together = tmp_path / "together.duckdb"
    pipeline.ingest([str(tmp_path / "orders.jsonl")], case=str(alone), settings=SETTINGS)
    pipeline.ingest([str(tmp_path)], case=str(together), settings=SETTINGS)
    asked = (
        "SELECT line, service, service_source FROM events JOIN sources USING (source_id) "
        "WHERE uri LIKE '%{}%' ORDER BY line"
    )
    for case, name in ((alone, "orders"), (together, "orders"), (together, "stock")):
        engine = open_case(str(case), write=False)
        rows = engine.run(asked.format(name)).rows
        engine.close()
        assert rows == [
            (1, name, "file name"), (2, "billing", None), (3, None, None), (4, None, None),
            (5, name, "file name"),
        ]  # fmt: skip
    assert pipeline.verify(str(together)).ok


def _request(source: str, n: int, **more: object) -> dict[str, object]:
    service = source.removesuffix("-access")
    is_proxy = source.endswith("-access")
    return {
        "source_id": source, "source_format": "nginx_access" if is_proxy else "python_logging",
        "timestamp": f"2026-11-20T09:00:0{n}Z", "http_status": 500 if n == 3 else 200,
        "url_path": f"/{service}", "service": service, "service_source": "file name", **more,
    }  # fmt: skip


def _counted(bench: Bench) -> dict[str, tuple[int, int]]:
    """Service to its requests and those that failed."""
    counted = requests(observed(events))
    sums = counted.group_by("service").agg(
        n=counted.count(), failed=counted.failed.cast("int64").sum()
    )
    return {row["service"]: (row["n"], row["failed"]) for row in bench.engine.run(sums).dicts()}


def test_a_request_in_the_access_log_of_its_service_is_counted_once(duckdb: Bench) -> None:
    """checkout-access.log and checkout.log tell of the same requests; so do those of payments."""
    sources = ("checkout", "checkout-access", "payments", "payments-access")
    duckdb.fill(_request(source, n) for source in sources for n in range(5))
    assert _counted(duckdb) == {"checkout": (5, 1), "payments": (5, 1)}


def test_a_deployment_of_the_one_service_means_the_log_whatever_its_file_is_called(
    duckdb: Bench,
) -> None:
    change = {
        "source_id": "deploys", "source_format": "csv", "timestamp": "2026-11-20T08:59:59Z",
        "service": "checkout-api", "change_type": "deployment", "change_version": "2.0",
    }  # fmt: skip
    duckdb.fill([change, *(_request("checkout", n) for n in range(5))])
    assert _counted(duckdb) == {"checkout-api": (5, 1)}


def test_each_container_of_one_log_is_a_writer_of_its_own(duckdb: Bench) -> None:
    """The proxy's lines, those of the service behind it and those of a worker come from one command."""
    rows = [
        _request("shop", n, service=service, service_source=None, source_format=format)
        for service, format in (("proxy", "nginx_access"), ("web", "python_logging"))
        for n in range(5)
    ]
    failed = {
        "source_id": "shop", "source_format": "jsonl", "timestamp": "2026-11-20T09:00:05Z",
        "service": "worker", "severity": "ERROR", "message": "lost a job",
    }  # fmt: skip
    duckdb.fill([*rows, failed])
    assert _counted(duckdb) == {"proxy": (5, 1), "web": (5, 1), "worker": (1, 1)}
