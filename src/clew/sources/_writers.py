r"""Who wrote a log whose lines do not say it: the service that the name of its file or folder means.

    checkout.log, checkout-2026-11-20.log.gz, checkout-access.log      checkout
    checkout-6d4b75cb6d-hx2kp.log                                      checkout      (of a pod)
    /var/log/nginx/access.log                                          nginx
    logs/payments-api/app.log                                          payments-api
    /var/log/pods/shop_cart-6d4b75cb6d-hx2kp_<uid>/server/0.log        cart
    app.log, access.log.1, stdout, 2026-11-20.txt, llm_calls.jsonl     nobody

Words that any log may be called by, dates, numbers, ids of pods and the endings of rotation say nothing. A
folder says it where the file's name does not, and only if it is a service's: it stands in a folder of
logs, is named as services are, or one of several that each hold a file of this name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import PurePath


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


ENDING = re.compile(
    r"(?i)(?:[.](?:gz|zst|bz2|xz|log|logs|txt|text|json|jsonl|ndjson|csv|out|err|stdout|stderr|old|bak|current)"
    r"|[-_.]+(?:\d{4}-\d\d-\d\d|\d{8})(?:[-_.T]?\d\d(?:[-_.:]?\d\d){0,2})?(?:Z|[+-]\d{4})?"
    r"|[-_.]+\d{1,14}|(?<=[A-Za-z])0\d)$"
)
"""What rotation, compression and numbers of instances add: `.log.1.gz`, `-2026-11-20`, `_3`, `web01`."""
BEGINNING = re.compile(r"^(?:\d{4}-\d\d-\d\d|\d{8})(?:[T_-]?\d\d[-:]?\d\d(?:[-:]?\d\d)?)?[-_.]+")
POD = re.compile(
    r"(?:-(?=[a-z]*\d)[0-9a-z]{6,10}-[bcdfghjklmnpqrstvwxz2456789]{5}"  # -6d4b75cb6d-hx2kp
    r"|-[bcdfghjklmnpqrstvwxz]*[2456789][bcdfghjklmnpqrstvwxz2456789]*(?<=-.{5})"  # -x7k2p
    r"|[-_.](?=[0-9a-f]*\d)(?=\d*[a-f])[0-9a-f]{4,64}"  # -7d9f
    r"|[-_.][0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})$"
)
"""What Kubernetes and other runtimes add to the name of a workload."""
POD_FOLDER = re.compile(r"^([a-z0-9-]+)_([a-z0-9.-]+)_[0-9a-f-]{32,36}$")
"""Namespace, pod and uid: a folder of /var/log/pods."""
CONTAINER_FILE = re.compile(r"^([a-z0-9.-]+)_([a-z0-9-]+)_([a-z0-9.-]+)-[0-9a-f]{64}\.log$")
"""Pod, namespace, container and its id: a file of /var/log/containers."""
STREAMS = _words("""
    access acces error errors err out stdout stderr output log logs console debug info warn warning
    trace json current combined all ssl
""")
"""Words behind or before a service's name that say which of its logs a file is."""
CONTENTS = _words("""
    calls call requests request responses response spans span traces trace events event metrics metric
    usage billing cost costs prompts prompt completions messages message conversations conversation
    chats records predictions prediction feedback evals eval dataset runs results result rows exchanges
    deployments deployment changes change releases findings alerts entries lines transactions sessions
    users keys documents features labels inferences generations feedbacks audit export exports dump
    download downloads sample samples example examples report history stats statistics query explore
    insights viewer
""")
"""Words that say what is in a file, where they end its name: `llm_calls.jsonl` is no service's log."""
ANYONES = (
    STREAMS
    | CONTENTS
    | _words("""
    app apps application server service services main root system sys syslog messages user daemon kern
    gc spring mail journal dmesg boot nohup python java node process program job task script run test
    tests testing tmp temp data file files input stream stdin default local localhost host hosts
    instance instances replica container containers pod pods log-events lines text raw full big small
    large mixed first second last before after baseline current previous old new part chunk day week
    month today yesterday incident prod production staging stage dev development qa uat live blue green
    canary ip var logging uvicorn gunicorn hypercorn uwsgi werkzeug django flask fastapi catalina
    supervisord pm2 docker compose docker-compose kubectl stern journal journalctl fluentd fluentbit vector
    promtail loki logcli grafana cloudwatch heroku syslog downloaded collected llm ai openai
    anthropic bedrock azure aws gcp gemini
    mistral cohere primary secondary left right source sources home work desktop documents
""")
)
"""Words that name no service."""
SERVICE_FOLDER = re.compile(
    r"(?i)[-_.](?:api|app|svc|service|server|worker|gateway|backend|frontend|proxy|web|consumer|scheduler|ui|db)$"
    r"|^(?:nginx|apache2?|httpd|haproxy|traefik|envoy|caddy|postgres(?:ql)?|mysql|mongodb|redis|kafka|rabbitmq"
    r"|elasticsearch|opensearch|vllm|litellm|ollama|triton|airflow|celery)$"
)
"""How folders are named that hold the logs of one service."""
FOLDERS_OF_LOGS = frozenset(("log", "logs"))
ID = re.compile(r"(?i)(?=.*\d)[0-9a-f-]{12,}")
NAME = re.compile(r"(?=[^A-Za-z]*[A-Za-z][^A-Za-z]*[A-Za-z])[A-Za-z0-9][\w.-]{1,79}")


def services_of(paths: Iterable[str]) -> dict[str, str]:
    """Each path to the service that its name means; paths that mean none are left out.

    >>> services_of(["logs/checkout.log.1", "logs/app.log", "-"])
    {'logs/checkout.log.1': 'checkout'}
    """
    given = [(path, PurePath(path)) for path in dict.fromkeys(paths) if path != "-"]
    folders: dict[tuple[PurePath, str], set[str]] = {}
    for _, path in given:
        folder = _folder(path)
        folders.setdefault((folder.parent, path.name), set()).add(folder.name)
    found = {}
    for text, path in given:
        folder = _folder(path)
        is_one_of_several = len(folders[folder.parent, path.name]) > 1
        if name := _of_pod(path) or _of_file(path.name) or _of_folder(folder, is_one_of_several):
            found[text] = name
    return found


def _folder(path: PurePath) -> PurePath:
    """The folder that a file is in, without one that only says that it holds logs."""
    folder = path.parent
    return folder.parent if folder.name.lower() in FOLDERS_OF_LOGS else folder


def _of_pod(path: PurePath) -> str:
    """The container's name, or the workload's where any container may be called so."""
    of_file = CONTAINER_FILE.match(path.name)
    of_folder = POD_FOLDER.match(path.parent.parent.name)
    if of_file:
        pod, container = of_file[1], of_file[3]
    elif of_folder:
        pod, container = of_folder[2], path.parent.name
    else:
        return ""
    return _telling(container) or _telling(_bare(pod))


def _of_file(name: str) -> str:
    return _telling(_bare(name))


def _of_folder(folder: PurePath, is_one_of_several: bool) -> str:
    is_in_logs = folder.parent.name.lower() in FOLDERS_OF_LOGS
    if is_in_logs or is_one_of_several or SERVICE_FOLDER.search(folder.name):
        return _telling(_bare(folder.name))
    return ""


def _bare(name: str) -> str:
    """The name without what rotation and runtimes added, and without which of the service's logs it is."""
    before = ""
    while name != before:
        before = name
        name = BEGINNING.sub("", POD.sub("", ENDING.sub("", name)))
        head, _, tail = _split_last(name)
        if head and tail.lower() in STREAMS:
            name = head
        first, _, rest = _split_first(name)
        if rest and first.lower() in STREAMS:
            name = rest
    return name


def _split_last(name: str) -> tuple[str, str, str]:
    found = re.match(r"(.+)([-_.])([^-_.]*)$", name)
    return (found[1], found[2], found[3]) if found else ("", "", name)


def _split_first(name: str) -> tuple[str, str, str]:
    found = re.match(r"([^-_.]+)([-_.])(.+)$", name)
    return (found[1], found[2], found[3]) if found else (name, "", "")


def _telling(name: str) -> str:
    """The name, if it may be a service's; else ""."""
    if not NAME.fullmatch(name) or ID.fullmatch(name):
        return ""
    words = [re.sub(r"\d+$", "", word).lower() for word in re.split(r"[-_.]+", name)]
    if words[-1] in CONTENTS or all(not word or word in ANYONES for word in words):
        return ""
    return name
