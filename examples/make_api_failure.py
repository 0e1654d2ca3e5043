"""Writes the example: two hours of a scoring API that fails for two reasons at once.

api-failure/app.log      the API's own log: Python's logging as text, key=value pairs, tracebacks
api-failure/access.log   nginx before it: combined, with times, upstream and request id behind
api-failure.truth.json   what was put in: the causes, their requests, times, callers, first lines

1. From 09:40 on, partner-7 leaves the field customer_age out: KeyError on /v1/predict.
2. At 10:05 version 3.2.0 is deployed. Its model file is damaged on two of the four workers, which
   load it at the first request that needs it: RuntimeError on /v1/risk.
Around them: scanners' 404s, callers with old keys (401), a few timeouts, warnings.

    python examples/make_api_failure.py [FOLDER]

The same seed writes the same bytes. Only the standard library is needed.
"""

from __future__ import annotations

import json
import random
import sys
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

SEED = 20261120
START = datetime(2026, 11, 20, 9, 0, 0)
END = START + timedelta(hours=2)
FIELD_MISSING_FROM = START + timedelta(minutes=40)
DEPLOYED = START + timedelta(minutes=65)
OLD_VERSION, NEW_VERSION = "3.1.4", "3.2.0"
UPSTREAM = "192.0.2.20:8000"
WORKERS = ("worker-1", "worker-2", "worker-3", "worker-4")
BROKEN_WORKERS = ("worker-2", "worker-4")
FIELDS = ("customer_age", "income", "tenure_months", "region", "products", "last_contact_days")
CALLERS = {
    "crm-web": ("198.51.100.10", "crm-web/5.2"),
    "mobile": ("198.51.100.24", "ScoringSDK/2.1 (iOS)"),
    "call-center": ("198.51.100.31", "python-requests/2.32.3"),
    "batch-night": ("198.51.100.77", "python-requests/2.32.3"),
    "partner-3": ("203.0.113.30", "partner-client/1.9"),
    "partner-7": ("203.0.113.70", "partner-client/2.0"),
}
SHARES = (30, 24, 18, 12, 12, 4)
SCANNERS = (
    "Mozilla/5.0 (compatible; CrawlerOne/1.0)",
    "Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/128.0",
    "Go-http-client/1.1",
    "curl/8.5.0",
)
SCANNED = ("/wp-login.php", "/.env", "/admin", "/favicon.ico", "/phpinfo.php", "/robots.txt")

PREDICT_TRACEBACK = """\
Traceback (most recent call last):
  File "/app/scoring/api.py", line 88, in predict
    features = build_features(payload)
  File "/app/scoring/features.py", line 41, in build_features
    age = payload["customer_age"]
          ~~~~~~~^^^^^^^^^^^^^^^^
KeyError: 'customer_age'
"""
MODEL_TRACEBACK = """\
Traceback (most recent call last):
  File "/app/scoring/models.py", line 57, in load
    return runtime.open(path)
  File "/usr/lib/python3.11/site-packages/boosting/runtime.py", line 212, in open
    raise CorruptFile("checksum mismatch at byte 1048576")
boosting.runtime.CorruptFile: checksum mismatch at byte 1048576

The above exception was the direct cause of the following exception:

Traceback (most recent call last):
  File "/app/scoring/api.py", line 131, in risk
    model = models.load(version)
  File "/app/scoring/models.py", line 59, in load
    raise RuntimeError(f"failed to load model {path}: {error}") from error
RuntimeError: failed to load model /models/churn-3.2.0.bin: checksum mismatch at byte 1048576
"""


@dataclass(frozen=True)
class Entry:
    """One record of a log: its time orders the file, its text may have several lines."""

    at: datetime
    text: str
    cause: str = ""


class Logs:
    """Collects the entries of both logs."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.app: list[Entry] = []
        self.access: list[Entry] = []

    def say(
        self, at: datetime, level: str, worker: str, logger: str, message: str, cause: str = ""
    ) -> None:
        stamp = f"{at:%Y-%m-%d %H:%M:%S},{at.microsecond // 1000:03d}"
        self.app.append(Entry(at, f"{stamp} {level} [{worker}] {logger}: {message}", cause))

    def answer(
        self, at: datetime, who: tuple[str, str], request: str, status: int, seconds: float,
        rid: str, *, size: int = 180, upstream: str = UPSTREAM, cause: str = "",
    ) -> None:  # fmt: skip
        done = at + timedelta(seconds=seconds)
        behind = f"{max(seconds - 0.002, 0.001):.3f}" if upstream != "-" else "-"
        self.access.append(
            Entry(
                done,
                f"{who[0]} - - [{done:%d/%b/%Y:%H:%M:%S} +0000] "
                f'"{request} HTTP/1.1" {status} {size} "-" "{who[1]}" '
                f"rt={seconds:.3f} urt={behind} upstream={upstream} rid={rid}\n",
                cause,
            )
        )


def main(folder: Path) -> None:
    rng = random.Random(SEED)
    logs = Logs(rng)
    start_up(logs, START - timedelta(seconds=20), OLD_VERSION)
    start_up(logs, DEPLOYED, NEW_VERSION)
    requests: list[dict[str, object]] = []
    at = START
    while (at := at + timedelta(seconds=rng.expovariate(0.2))) < END:
        requests.append(scoring_request(logs, at))
    background(logs)
    logs_folder = folder / "api-failure"
    logs_folder.mkdir(exist_ok=True)
    app = written(logs_folder / "app.log", logs.app)
    access = written(logs_folder / "access.log", logs.access)
    truth = told(requests, app, access)
    told_in = folder / "api-failure.truth.json"
    told_in.write_text(json.dumps(truth, indent=2) + "\n", encoding="utf-8")


def start_up(logs: Logs, at: datetime, version: str) -> None:
    for n, (logger, message) in enumerate(
        (
            ("uvicorn.error", "Started server process [4242]"),
            ("scoring.api", f"starting scoring-api version {version}"),
            ("scoring.models", f"model registry ready default=churn-{version}"),
            ("uvicorn.error", "Application startup complete."),
        )
    ):
        logs.say(at + timedelta(seconds=0.4 * n), "INFO", "main", logger, message + "\n")


def scoring_request(logs: Logs, at: datetime) -> dict[str, object]:
    """One request of a known caller, as both logs saw it; returns the truth about it."""
    rng = logs.rng
    caller = rng.choices(tuple(CALLERS), SHARES)[0]
    path = rng.choices(("/v1/predict", "/v1/risk", "/v1/segments"), (60, 25, 15))[0]
    worker = rng.choice(WORKERS)
    rid = f"{rng.getrandbits(128):032x}"
    fields = list(FIELDS)
    if caller == "partner-7" and path == "/v1/predict" and at >= FIELD_MISSING_FROM:
        fields.remove("customer_age")
    seconds = min(rng.lognormvariate(-3.1, 0.4), 2.0)
    ids = f"request_id={rid} method=POST path={path} user_id={caller} fields={','.join(fields)}"
    end = at + timedelta(seconds=seconds * 0.9)
    cause = ""
    if "customer_age" not in fields:
        cause = "missing_field"
        text = f"prediction failed {ids}\n{PREDICT_TRACEBACK}"
        logs.say(end, "ERROR", worker, "scoring.api", text, cause)
        again = end + timedelta(milliseconds=2)
        repeated = f"Exception in ASGI application\n{PREDICT_TRACEBACK}"
        logs.say(again, "ERROR", worker, "uvicorn.error", repeated, cause)
    elif path == "/v1/risk" and at >= DEPLOYED and worker in BROKEN_WORKERS:
        cause = "model_file"
        logs.say(
            end, "ERROR", worker, "scoring.api", f"risk failed {ids}\n{MODEL_TRACEBACK}", cause
        )
    else:
        if rng.random() < 0.02:
            logs.say(end, "WARNING", worker, "scoring.cache", f"cache miss request_id={rid}\n")
        took = f"status=200 duration_ms={seconds * 900:.1f}"
        logs.say(end, "INFO", worker, "scoring.api", f"request done {ids} {took}\n")
    status = 500 if cause else 200
    size = 34 if cause else rng.randint(120, 900)
    logs.answer(at, CALLERS[caller], f"POST {path}", status, seconds, rid, size=size, cause=cause)
    return {"at": at, "path": path, "caller": caller, "cause": cause}


def background(logs: Logs) -> None:
    """What every such log also holds, and what is no cause of anything."""
    rng = logs.rng

    def moment() -> datetime:
        return START + timedelta(seconds=rng.uniform(0, (END - START).total_seconds()))

    def rid() -> str:
        return f"{rng.getrandbits(128):032x}"

    for n in range(480):
        at = START + timedelta(seconds=15 * n + rng.random())
        probe = ("192.0.2.5", "kube-probe/1.31")
        logs.answer(at, probe, "GET /healthz", 200, 0.001 + rng.random() / 500, rid(), size=2)
    for _ in range(34):
        scanner = (f"203.0.113.{rng.randint(100, 250)}", rng.choice(SCANNERS))
        request = f"GET {rng.choice(SCANNED)}"
        logs.answer(moment(), scanner, request, 404, 0.001, rid(), size=153, upstream="-")
    for _ in range(14):
        client = (f"198.51.100.{rng.randint(120, 200)}", "ScoringSDK/1.8 (Android)")
        at, name = moment(), rid()
        logs.answer(at, client, "POST /v1/predict", 401, 0.004, name, size=41)
        message = f"key refused request_id={name} method=POST path=/v1/predict status=401\n"
        logs.say(at, "WARNING", rng.choice(WORKERS), "scoring.auth", message)
    for _ in range(3):
        logs.answer(moment(), CALLERS["crm-web"], "POST /v1/segments", 504, 30.0, rid(), size=160)
    for n in range(24):
        at = START + timedelta(minutes=5 * n, seconds=7)
        logs.say(at, "INFO", "main", "scoring.metrics", f"queue_depth={rng.randint(0, 4)}\n")


def written(path: Path, entries: list[Entry]) -> dict[str, object]:
    """Writes a log in the order of time; returns its lines, and the first line of each cause."""
    entries.sort(key=lambda entry: entry.at)
    line, first = 1, dict[str, int]()
    for entry in entries:
        if entry.cause:
            first.setdefault(entry.cause, line)
        line += entry.text.count("\n")
    text = "".join(entry.text for entry in entries)
    path.write_text(text, encoding="utf-8", newline="\n")
    return {"lines": line - 1, "records": len(entries), "first_line": first}


def told(
    requests: list[dict[str, object]], app: dict[str, object], access: dict[str, object]
) -> dict[str, object]:
    missing = [request for request in requests if request["cause"] == "missing_field"]
    broken = [request for request in requests if request["cause"] == "model_file"]
    risk = [request for request in requests if request["path"] == "/v1/risk"]
    after = [request for request in risk if _at(request) >= DEPLOYED]
    return {
        "seed": SEED,
        "files": {"app.log": app, "access.log": access},
        "causes": [
            {
                "kind": "recurring_exception", "exception_type": "KeyError",
                "url_path": "/v1/predict", "missing_field": "customer_age", "caller": "partner-7",
                "affected_requests": len(missing), "events": 2 * len(missing), **_span(missing),
            },
            {
                "kind": "recurring_exception", "exception_type": "RuntimeError",
                "url_path": "/v1/risk", "affected_requests": len(broken), "events": len(broken),
                **_span(broken),
            },
            {
                "kind": "deployment_regression", "service_version": NEW_VERSION,
                "url_path": "/v1/risk", "deployed": f"{DEPLOYED.isoformat()}Z",
                "requests_after": len(after), "errors_after": len(broken), "errors_before": 0,
            },
        ],
    }  # fmt: skip


def _span(requests: list[dict[str, object]]) -> dict[str, str]:
    """First and last begin of these requests, in UTC."""
    times = [_at(request) for request in requests]
    return {"first": f"{min(times).isoformat()}Z", "last": f"{max(times).isoformat()}Z"}


def _at(request: dict[str, object]) -> datetime:
    at = request["at"]
    assert isinstance(at, datetime)
    return at


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
