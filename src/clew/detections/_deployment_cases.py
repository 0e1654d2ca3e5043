"""What deployment_regression finds and what not, as rows of logs."""

from __future__ import annotations

from typing import Any

from clew.model.case import Case


def served(minute: int, n: int, *, fails: bool = False, **columns: Any) -> dict[str, Any]:
    return {
        "source_id": "access", "source_format": "nginx_access", "url_path": "/v1/score",
        "timestamp": f"2026-11-20T{10 + minute // 60:02}:{minute % 60:02}:{n * 6:02}Z",
        "http_status": 500 if fails else 200, "duration_ms": 40.0 + n, **columns,
    }  # fmt: skip


def log(minute: int, message: str, **columns: Any) -> dict[str, Any]:
    return {
        "source_id": "app", "source_format": "python_logging", "service": "scoring",
        "severity": "INFO", "message": message,
        "timestamp": f"2026-11-20T{10 + minute // 60:02}:{minute % 60:02}:00Z", **columns,
    }  # fmt: skip


DEPLOYMENT_CASES = [
    *(
        Case(
            f"errors that begin with '{line}' begin with a change",
            rows=[
                log(60, line),
                *[served(m, n, fails=m >= 60 and n < 3) for m in range(120) for n in range(10)],
            ],
            expect=[{"service": "scoring", "service_version": None, "errors_after": 180}],
        )
        for line in (
            "SIGHUP received, reloading routes",
            "feature flag `parallel_tools` enabled for 100% of sessions",
            "Running upgrade 3f1a -> 77bc, rename customer_age",
            "config reloaded",
        )
    ),
    Case(
        "a start-up line that names its file of settings names its version all the same",
        rows=[
            log(60, "Starting gunicorn 23.0.0"),
            log(60, "scoring-api version 4.8.0 started, settings=prod config=/etc/scoring.yaml"),
            *[served(m, n, fails=m >= 60 and n < 3) for m in range(120) for n in range(10)],
        ],
        expect=[{"service": "scoring", "service_version": "4.8.0", "errors_after": 180}],
    ),
    Case(
        "a machine's own log beside it does not part a service from its proxy",
        rows=[
            log(60, "scoring 4.8.0 starting", source_id="journal"),
            log(60, "Started scoring.service", source_id="journal", service="systemd"),
            *[served(m, n, fails=m >= 60 and n < 3) for m in range(120) for n in range(10)],
        ],
        expect=[{"service": "scoring", "service_version": "4.8.0", "errors_after": 180}],
    ),
    Case(
        "errors that begin with a start-up line name the version it states",
        rows=[
            log(60, "deploying version 3.2.0"),
            *[
                served(minute, n, fails=minute >= 60 and n < 3)
                for minute in range(120)
                for n in range(10)
            ],
        ],
        expect=[
            {
                "service": "scoring", "service_version": "3.2.0", "model_version": None,
                "requests_before": 600, "errors_before": 0, "errors_after": 180,
                "error_share_after": 0.3, "started": "2026-11-20T11:00:00Z",
            }
        ],
    ),
    Case(
        "a file of deployments names service and version, although the log calls itself otherwise",
        rows=[
            {"source_id": "deploys", "source_format": "jsonl", "service": "churn-api",
             "service_version": version, "timestamp": f"2026-11-20T{hour:02}:00:00Z"}
            for version, hour in (("1.8.1", 2), ("1.8.2", 11))
        ]
        + [log(m, "ok", service=None, logger="churn_api.access") for m in range(0, 120, 10)]
        + [served(m, n, fails=m >= 60 and n < 3) for m in range(120) for n in range(10)],
        expect=[{"service": "churn-api", "service_version": "1.8.2", "errors_after": 180}],
    ),
    Case(
        "a rolling deployment is compared by version, although old and new overlap",
        rows=[
            served(
                minute, n, source_id="app", source_format="jsonl", service="scoring",
                service_version="1.1" if n < minute // 6 else "1.0",
                fails=n < minute // 6 and minute % 4 == 0,
            )
            for minute in range(60)
            for n in range(10)
        ],
        expect=[{"service_version": "1.1", "by_version": True, "errors_before": 0}],
    ),
    Case(
        "a model that made answers slow is named by its version",
        rows=[
            log(60, "model v3 loaded"),
            *[
                served(minute, n, duration_ms=(90.0 if minute >= 60 else 40.0) + n)
                for minute in range(120)
                for n in range(10)
            ],
        ],
        expect=[
            {
                "service": "scoring", "model_version": "v3", "service_version": None,
                "median_before_ms": 44.5, "median_after_ms": 94.5, "slower": True,
                "more_errors": False,
            }
        ],
    ),
    Case(
        "a deployment after which all is as before is no finding",
        rows=[
            log(60, "deploying version 3.2.0"),
            *[served(minute, n, fails=n == 0) for minute in range(120) for n in range(10)],
        ],
        expect=[],
    ),
    Case(
        "errors that begin half an hour after a restart are not laid to it",
        rows=[
            log(60, "Application startup complete"),
            *[
                served(minute, n, fails=minute >= 90 and n < 3)
                for minute in range(120)
                for n in range(10)
            ],
        ],
        expect=[],
    ),
    Case(
        "errors that begin half an hour after a new version took over are not laid to it",
        rows=[
            served(
                minute, n, source_id="app", source_format="jsonl", service="scoring",
                service_version="1.1" if minute >= 40 else "1.0", fails=minute >= 75 and n < 6,
            )
            for minute in range(120)
            for n in range(10)
        ],
        expect=[],
    ),
    Case(
        "answers that become slow half an hour after a new version took over are not laid to it",
        rows=[
            served(
                minute, n, source_id="app", source_format="jsonl", service="scoring",
                service_version="1.1" if minute >= 40 else "1.0",
                duration_ms=(90.0 if minute >= 65 else 40.0) + n,
            )
            for minute in range(120)
            for n in range(10)
        ],
        expect=[],
    ),
    Case(
        "errors that begin with a change of configuration name the service, and no version",
        rows=[
            log(60, "Configuration reloaded: max_tokens 4096 -> 512, threshold 0.5"),
            *[
                served(minute, n, fails=minute >= 60 and n < 3)
                for minute in range(120)
                for n in range(10)
            ],
        ],
        expect=[{"service": "scoring", "service_version": None, "model_version": None, "errors_after": 180}],
    ),
    Case(
        "errors without any change are not laid to one",
        rows=[served(m, n, fails=m >= 60 and n < 3) for m in range(120) for n in range(10)],
        expect=[],
    ),
]  # fmt: skip
