"""Sigma over large cases: 45 web rules over a million requests, correlations over two million events,
and a folder of 4,000 rules.

python bench/sigma.py [rules] [correlations] [folder] [--requests N] [--events N]

Requests and events are rows made by DuckDB, so that what is measured is the rules and not the ingest:
half a million different URLs, one request in 500 an attack. A process's start is not in the figures.
Peak memory is that of the whole process.
"""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

sys.path.pop(0)  # this file bears the name of pySigma's package

import yaml

from clew.engines import duckdb
from clew.sigma.lint import lint
from clew.sigma.reading import read
from clew.sigma.running import run

T = TypeVar("T")
ATTACKS = {
    "sql_union": ["union select", "union%20select", "union+select", "union all select"],
    "sql_boolean": ["' or '1'='1", "%27%20or%20", "or 1=1--", "'%20and%20'", "having 1=1"],
    "sql_time": ["sleep(", "benchmark(", "pg_sleep", "waitfor delay", "dbms_pipe"],
    "sql_schema": ["information_schema", "sys.tables", "sqlite_master", "pg_catalog", "all_tables"],
    "sql_functions": ["concat(0x", "group_concat", "extractvalue(", "updatexml(", "load_file("],
    "xss_tags": ["<script", "%3cscript", "<img src=x", "<svg/onload", "%3csvg", "<iframe"],
    "xss_handlers": ["onerror=", "onload=", "onmouseover=", "onfocus=", "javascript:"],
    "xss_calls": ["alert(1)", "alert(document", "document.cookie", "prompt(1)", "confirm(1)"],
    "traversal_unix": ["../../", "..%2f..%2f", "%2e%2e%2f", "....//", "..%c0%af"],
    "traversal_windows": ["..\\..\\", "..%5c..%5c", "%255c..%255c", "\\windows\\win.ini"],
    "files_unix": ["/etc/passwd", "/etc/shadow", "/proc/self/environ", "/var/log/auth"],
    "files_windows": ["boot.ini", "win.ini", "system32/config", "\\sam"],
    "jndi": ["${jndi:", "%24%7bjndi", "${lower:j", "${::-j}", "ldap://", "rmi://"],
    "struts": ["%{(#", "ognl", "#_memberaccess", "@java.lang.runtime", "multipart/form-data%{"],
    "spring": ["class.module.classloader", "spring.cloud.function.routing", "t(java.lang.runtime)"],
    "shellshock": ["() { :;};", "() {:;}", "%28%29%20%7b%20%3a"],
    "commands_unix": [";cat ", "|cat ", "`id`", "$(id)", ";wget ", ";curl ", "&&whoami", "%3bid"],
    "commands_windows": ["cmd.exe", "powershell", "certutil", "bitsadmin", "%26dir%20"],
    "php_wrappers": ["php://input", "php://filter", "data://text", "expect://", "zip://", "phar://"],
    "php_code": ["eval(", "base64_decode(", "system(", "passthru(", "shell_exec(", "assert("],
    "webshell_names": ["c99.php", "r57.php", "wso.php", "b374k", "cmd.jsp", "shell.aspx", "alfa.php"],
    "webshell_calls": ["?cmd=", "&cmd=", "?exec=", "?pass=", "act=ls", "?command="],
    "ssti": ["{{7*7}}", "{{config", "<%= ", "#{7*7}", "{{self", "%7b%7b7*7"],
    "xxe": ["<!entity", "%3c!entity", "<!doctype+foo", "system+%22file"],
    "ssrf_clouds": ["169.254.169.254", "metadata.google.internal", "100.100.100.200", "/latest/meta-data"],
    "ssrf_local": ["url=http://localhost", "url=http://127", "dest=file://", "gopher://", "dict://"],
    "secrets_git": ["/.git/config", "/.git/head", "/.svn/entries", "/.hg/store"],
    "secrets_env": ["/.env", "/.aws/credentials", "/id_rsa", "/.ssh/", "/wp-config.php"],
    "backups": [".bak", ".old", ".swp", "backup.zip", "dump.sql", "db.sql.gz"],
    "wordpress": ["/wp-login.php", "/xmlrpc.php", "/wp-admin/install", "/wp-content/plugins/"],
    "admin_pages": ["/phpmyadmin", "/manager/html", "/admin.php", "/actuator/env", "/solr/admin"],
    "routers": ["/boaform/", "/cgi-bin/luci", "/goform/", "/hnap1", "/setup.cgi"],
    "exchange": ["/autodiscover.json", "/ecp/default.flt", "/owa/auth/x.js", "mapi/nspi"],
    "citrix": ["/vpn/../vpns", "/vpns/portal/scripts", "/citrix/%2f"],
    "confluence": ["/pages/doenterpagevariables", "queryString=%24%7b", "/server-info.action"],
    "jenkins": ["/script?println", "/securityrealm/user", "/descriptorbyname/"],
    "kubernetes": ["/api/v1/namespaces/kube", "/apis/apps/v1", "/.kube/config"],
    "docker": ["/containers/json", "/v1.24/images", "/var/run/docker.sock"],
    "model_servers": ["/api/pull", "/v2/repository/models", "/v1/load_lora", "/metrics/prometheus"],
    "template_paths": ["/vendor/phpunit", "eval-stdin.php", "/think/app", "invokefunction"],
}  # fmt: skip
AGENTS = {
    "agent_scanners": [
        "sqlmap",
        "nikto",
        "nmap",
        "masscan",
        "zgrab",
        "nuclei",
        "wpscan",
        "dirbuster",
    ],
    "agent_tools": ["hydra", "gobuster", "feroxbuster", "acunetix", "nessus", "openvas", "burp"],
    "agent_code": ["python-urllib/1", "go-http-client/0", "libwww-perl", "winhttp.winhttprequest"],
}
OTHERS = {
    "server_errors_of_posts": {
        "cs-method": "POST",
        "sc-status": [501, 505],
        "sc-bytes|gt": 900_000,
    },
    "odd_methods": {"cs-method": ["TRACE", "TRACK", "DEBUG", "PROPFIND", "SEARCH"]},
}
URL = """'/' || ['api', 'v1', 'static', 'shop', 'user', 'search', 'media'][1 + i % 7] || '/item' || (i % 50021) || '/'
    || hash(i % 500000)"""
REQUESTS = f"""
SELECT 'web' AS root_id, 'web' AS source_id, 'nginx_access' AS source_format, i + 1 AS line, i * 200 AS byte_offset,
    0 AS part, make_timestamp(1793491200000000 + 80000 * i) AS timestamp,
    '198.51.' || (hash(i, 1) % 100) || '.' || (hash(i, 2) % 250) AS client_ip,
    CASE WHEN i % 9 = 0 THEN 'POST' ELSE 'GET' END AS http_method,
    CASE WHEN i % 500 = 0 THEN '/search' ELSE {URL} END AS url_path,
    CASE WHEN i % 500 = 0 THEN 'q=' || (?::VARCHAR[])[(1 + i // 500 % ?)::INTEGER]
        WHEN i % 3 = 0 THEN 'page=' || (i % 91) || '&session=' || hash(i) END AS url_query,
    [200, 200, 200, 304, 404, 500][(1 + hash(i, 3) % 6)::INTEGER] AS http_status, hash(i, 4) % 90000 AS response_bytes,
    'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/' || (100 + i % 40) || '.0'
        AS user_agent,
    'https://example.com/' || (i % 1000) AS referer
FROM range(?) AS given(i)
"""
EVENTS = """
SELECT 'app' AS root_id, 'app' AS source_id, 'jsonl' AS source_format, i + 1 AS line, i * 150 AS byte_offset,
    0 AS part, make_timestamp(1793491200000000 + 43200 * i) AS timestamp,
    'u' || (hash(i, 1) % ?) AS user_id, '198.51.' || (hash(i, 2) % 100) || '.' || (hash(i, 5) % 250) AS client_ip,
    CASE WHEN hash('status' || i) % 2 = 0 THEN 401 ELSE 200 END AS http_status,
    hash('tokens' || i) % 3000 AS input_tokens
FROM range(?) AS given(i)
"""
RULE = """
---
{{title: {name}, name: {name}, logsource: {{category: webserver}}, detection: {{s: {{{search}}}, condition: s}}}}"""
SEARCHES = {"failed": "sc-status: 401", "fine": "sc-status: 200", "any": "sc-status|exists: true"}
CORRELATIONS = {
    "event_count": "rules: [any], timespan: 10m, condition: {gte: 9}",
    "value_count": "rules: [any], timespan: 10m, condition: {gte: 8, field: client_ip}",
    "temporal_ordered": "rules: [failed, fine], timespan: 5s",
    "value_sum": "rules: [any], timespan: 10m, condition: {gte: 16000, field: input_tokens}",
}


def main(asked: list[str], requests: int, count: int, users: int) -> None:
    if "rules" in asked:
        web_rules(requests)
    if "correlations" in asked:
        correlations(count, users)
    if "folder" in asked:
        folder()


def web_rules(requests: int) -> None:
    engine = duckdb.open_case(":memory:", write=True)
    needles = [text for texts in ATTACKS.values() for text in texts]
    _fill(engine, REQUESTS, [needles, len(needles), requests])
    with tempfile.TemporaryDirectory() as place:
        for name, document in rule_documents().items():
            (Path(place) / f"{name}.yml").write_text(yaml.safe_dump(document))
        rules = read(place)
        assert not rules.problems, rules.problems
        found = _measure(
            f"{len(rules.rules)} web rules, {requests:,} requests", lambda: run(engine, rules)
        )
    kinds = {finding.kind for finding in found.findings}
    print(f"  {len(found.findings):,} findings of {len(kinds)} rules; {found.not_evaluable}")


def rule_documents() -> dict[str, dict[str, object]]:
    """45 rules in the manner of web rules: texts in the URL or the agent, a method, a filter."""
    made = {}
    for name, texts in ATTACKS.items():
        made[name] = {"a": {"cs-uri-query|contains": texts}, "f": {"sc-status": 404}}
    for name, texts in AGENTS.items():
        made[name] = {"a": {"c-useragent|contains": texts}, "f": {"c-ip|cidr": "10.0.0.0/8"}}
    for name, search in OTHERS.items():
        made[name] = {"a": search, "f": {"c-useragent|startswith": "kube-probe"}}
    return {
        name: {
            "title": name,
            "logsource": {"category": "webserver"},
            "detection": {**searches, "condition": "a and not f"},
            "level": "high",
        }
        for name, searches in made.items()
    }


def correlations(count: int, users: int) -> None:
    engine = duckdb.open_case(":memory:", write=True)
    _fill(engine, EVENTS, [users, count])
    for kind, said in CORRELATIONS.items():
        text = f"{{title: c, correlation: {{type: {kind}, group-by: [user_id], {said}}}}}"
        text += "".join(RULE.format(name=n, search=s) for n, s in SEARCHES.items() if n in said)
        with tempfile.TemporaryDirectory() as place:
            path = Path(place) / f"{kind}.yml"
            path.write_text(text)
            rules = read(str(path))
        assert not rules.problems, rules.problems
        found = _measure(f"{kind}, {count:,} events", lambda rules=rules: run(engine, rules))
        print(f"  {len(found.findings):,} findings {found.annotations}")


def folder(rules: int = 4_000, bad: int = 30, requests: int = 200_000) -> None:
    with tempfile.TemporaryDirectory() as place:
        documents = list(rule_documents().values())
        for number in range(rules):
            document = dict(documents[number % len(documents)], title=f"rule {number}")
            text = yaml.safe_dump(document)
            if number % (rules // bad) == 7 and number // (rules // bad) < bad:
                text = text.replace("detection:", "detection: [")
            (Path(place) / f"rule_{number}.yml").write_text(text)
        verdicts = _measure(f"reading and checking {rules:,} files", lambda: lint(place))
        wrong = sum(verdict.status == "error" for verdict in verdicts)
        print(f"  {len(verdicts):,} rules, {wrong} errors")
        engine = duckdb.open_case(":memory:", write=True)
        needles = [text for texts in ATTACKS.values() for text in texts]
        _fill(engine, REQUESTS, [needles, len(needles), requests])
        found = _measure(
            f"running them over {requests:,} requests", lambda: run(engine, read(place))
        )
        kinds = {finding.kind for finding in found.findings}
        print(f"  {len(found.findings):,} findings of {len(kinds):,} rules")


def _fill(engine: duckdb.DuckDBEngine, sql: str, given: list[object]) -> None:
    columns = [row[0] for row in engine.workbench.execute(f"DESCRIBE {sql}", given).fetchall()]
    names = [name for name in columns if name not in ("root_id", "part")]
    engine.add_columns(names)
    engine.workbench.execute(f"INSERT INTO event_rows BY NAME {sql}", given)
    engine.workbench.executemany(
        "INSERT INTO fields VALUES ('x', ?, false, 1, NULL)", [[name] for name in names]
    )


def _measure(what: str, does: Callable[[], T]) -> T:
    began, cpu = time.perf_counter(), time.process_time()
    answer = does()
    wall, spent = time.perf_counter() - began, time.process_time() - cpu
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"{what}: {wall:.2f} s, {spent:.2f} CPU s, {memory:,} MB", flush=True)
    return answer


if __name__ == "__main__":
    reader = argparse.ArgumentParser()
    reader.add_argument("asked", nargs="*", default=["rules", "correlations", "folder"])
    reader.add_argument("--requests", type=int, default=1_000_000)
    reader.add_argument("--events", type=int, default=2_000_000)
    reader.add_argument("--users", type=int, default=20_000)
    told = reader.parse_args()
    main(told.asked, told.requests, told.events, told.users)
