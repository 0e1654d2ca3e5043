"""A file: written beside its name, and put in its place once it is whole.

A killed export goes on where the spool knows the file to be: what stands behind is cut off, so that no
item stands in it twice. What is no plain file, such as a pipe or - for standard output, is written as it
comes.
"""

from __future__ import annotations

import mailbox
import os
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

from clew.delivery.sending import Reply
from clew.errors import ConfigError
from clew.sinks import TAKEN, Item


class FileTransport:
    """Lines, or an mbox, in a file."""

    confirm_every = 16

    def __init__(self, path: str, *, position: int, as_mbox: bool = False) -> None:
        self._path = Path(path)
        self._as_mbox = as_mbox
        if self._path.is_dir() or not self._path.parent.is_dir():
            raise ConfigError(f"--to {path}: there is no such place for a file.")
        self._is_plain = not self._path.exists() or stat.S_ISREG(self._path.stat().st_mode)
        self._draft = self._path.with_name(self._path.name + ".part")
        self._file: BinaryIO
        if path == "-":
            self._is_plain = False
            self._file = os.fdopen(os.dup(1), "wb")
            return
        if not self._is_plain:
            self._file = self._path.open("wb", buffering=0)
            return
        handle = os.open(self._draft, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._file = os.fdopen(handle, "r+b")
        self._file.truncate(position)
        self._file.seek(0, os.SEEK_END)

    def send(self, items: Sequence[Item]) -> Reply:
        """Writes the items."""
        for item in items:
            self._file.write(_mbox(item.payload) if self._as_mbox else item.payload + b"\n")
        return Reply([TAKEN] * len(items))

    def confirm(self) -> int:
        """Returns when it is on disk."""
        self._file.flush()
        if not self._is_plain:
            return 0
        os.fdatasync(self._file.fileno())
        return self._file.tell()

    def finish(self) -> None:
        """The file is whole: it takes its place."""
        self.close()
        if self._is_plain:
            self._draft.replace(self._path)

    def close(self) -> None:
        """Closes it; a second call does nothing."""
        self._file.close()


def _mbox(mail: bytes) -> bytes:
    """One mail as an mbox has it: lines that begin with From are quoted."""
    text = mailbox.mboxMessage(mail).as_bytes(unixfrom=False)
    lines = text.replace(b"\r\n", b"\n").split(b"\n")
    quoted = [b">" + line if line.lstrip(b">").startswith(b"From ") else line for line in lines]
    return b"From clew@clew.invalid Thu Jan  1 00:00:00 1970\n" + b"\n".join(quoted) + b"\n\n"
