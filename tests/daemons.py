"""Real receivers that Debian has, each on free ports of loopback, ended by the test that began it."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

UNPACKED = Path(__file__).parents[1] / ".debian"


def program(*names: str) -> str:
    """The program's path; the test skips where it is not there."""
    for name in names:
        found = shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin:/sbin")
        if found:
            return found
    pytest.skip(f"{names[0]} is not installed: script/packages installs it")


def free_port(kind: int = socket.SOCK_STREAM) -> int:
    """A port of loopback that nobody holds now."""
    with socket.socket(socket.AF_INET, kind) as held:
        held.bind(("127.0.0.1", 0))
        return int(held.getsockname()[1])


@contextlib.contextmanager
def running(
    command: list[str], port: int, environment: dict[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """A daemon that listens; SIGTERM at the end."""
    log = subprocess.PIPE
    process = subprocess.Popen(
        command, stdout=log, stderr=subprocess.STDOUT, env={**os.environ, **(environment or {})}
    )
    try:
        deadline = time.monotonic() + 30
        while not _listens(port):
            if process.poll() is not None or time.monotonic() > deadline:
                process.kill()
                said = process.communicate()[0].decode(errors="replace")
                raise AssertionError(f"{command[0]} does not listen: {said[-2000:]}")
            time.sleep(0.05)
        yield process
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdout:
            process.stdout.close()


def _listens(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 0.2):
        return True
    return False


def eventually(what: Callable[[], bool], seconds: float = 30) -> bool:
    """Whether it comes true in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if what():
            return True
        time.sleep(0.1)
    return what()


@contextlib.contextmanager
def syslog_ng(folder: Path, port: int, output: Path) -> Iterator[None]:
    """syslog-ng with the syslog protocol over TCP: a JSON line a message."""
    binary = UNPACKED / "usr/sbin/syslog-ng"
    if not binary.exists():
        pytest.skip("syslog-ng is not unpacked: script/packages does it")
    libraries = UNPACKED / "usr/lib/syslog-ng"
    modules = next(path for path in libraries.iterdir() if path.is_dir())
    config = folder / "syslog-ng.conf"
    config.write_text(
        f"""@version: {modules.name}
options {{ keep-hostname(yes); }};
source s {{ syslog(ip("127.0.0.1") port({port}) transport("tcp")); }};
destination d {{ file("{output}" template("$(format-json HOST MSGID PRIORITY FACILITY MSG .SDATA.*)\\n")); }};
log {{ source(s); destination(d); }};
"""
    )
    places = [libraries, modules, *(UNPACKED / d for d in ("usr/lib", "lib"))]
    places += [path for place in places[2:] for path in place.glob("*-linux-gnu")]
    command = [
        str(binary), "-F", "-f", str(config), f"--module-path={modules}", "-R", str(folder / "persist"),
        "-p", str(folder / "pid"), "-c", str(folder / "control"),
    ]  # fmt: skip
    environment = {"LD_LIBRARY_PATH": ":".join(map(str, places))}
    with running(command, port, environment):
        yield


@contextlib.contextmanager
def rsyslog(
    folder: Path, output: Path, *, tcp: int, udp: int, tls: tuple[int, Path, Path] | None = None
) -> Iterator[None]:
    """rsyslog with TCP (octet counting), UDP and, where it is told, TLS: a JSON line a message."""
    properties = {
        "host": "hostname", "app": "app-name", "msgid": "msgid", "severity": "syslogseverity",
        "facility": "syslogfacility-text", "data": "structured-data", "msg": "msg",
    }  # fmt: skip
    fields = "\n".join(
        f'  property(outname="{name}" name="{source}" format="jsonf")'
        + ("" if name == "msg" else '\n  constant(value=", ")')
        for name, source in properties.items()
    )
    lines = [
        f'global(workDirectory="{folder}" parser.escapeControlCharactersOnReceive="off")',
        'module(load="imtcp" maxSessions="50")' if not tls else
        f'global(defaultNetstreamDriverCAFile="{tls[1]}" defaultNetstreamDriverCertFile="{tls[1]}" '
        f'defaultNetstreamDriverKeyFile="{tls[2]}")\n'
        'module(load="imtcp" streamDriver.name="gtls" streamDriver.mode="1" streamDriver.authMode="anon")',
        'module(load="imudp")',
        f'template(name="parsed" type="list") {{\n  constant(value="{{")\n{fields}\n'
        '  constant(value="}\\n")\n}',
        f'input(type="imtcp" address="127.0.0.1" port="{tls[0] if tls else tcp}")',
        f'input(type="imudp" address="127.0.0.1" port="{udp}" rcvbufSize="4m")',
        f'action(type="omfile" file="{output}" template="parsed")',
    ]  # fmt: skip
    config = folder / "rsyslog.conf"
    config.write_text("\n".join(lines) + "\n")
    command = [program("rsyslogd"), "-n", "-f", str(config), "-i", str(folder / "rsyslog.pid")]
    with running(command, tls[0] if tls else tcp):
        yield
