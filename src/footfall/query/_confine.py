"""What a worker gives up before it runs a statement: the third wall, held by the kernel.

Behind the guard and DuckDB's locked settings, the process itself can no longer write a file, start
a program, reach the network or use more than its share, whatever code runs in it. Limits are POSIX;
the rest is Landlock (Linux 5.13 and later), which needs no privilege. Where it is missing the first
two walls stand alone, and `Ready.is_confined` says so.

Source: landlock(7); include/uapi/linux/landlock.h.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import struct
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Final

_CREATE_RULESET: Final = 444
_ADD_RULE: Final = 445
_RESTRICT_SELF: Final = 446
_VERSION_FLAG: Final = 1
_RULE_PATH_BENEATH: Final = 1
_PR_SET_NO_NEW_PRIVS: Final = 38

_READ_FILE: Final = 1 << 2
_READ_DIR: Final = 1 << 3
_FS_RIGHTS: Final = {1: 13, 2: 14, 3: 15, 4: 15}
"""How many rights on files each version knows; from 5 on, 16."""
_NET_RIGHTS: Final = 0b11
"""Bind and connect TCP, from version 4 on."""
_SCOPES: Final = 0b11
"""Abstract sockets of, and signals to, processes outside; from version 6 on."""

_SYSTEM: Final = (
    "/usr",
    "/lib",
    "/lib64",
    "/etc/ld.so.cache",
    "/etc/localtime",
    "/dev/urandom",
    "/proc/meminfo",
    "/proc/self/cgroup",
    "/sys/fs/cgroup",
)
"""Where the interpreter and its libraries may still look: code, time zones, how much memory there
is. DuckDB aborts if its control group exists and cannot be read."""

_RESOLVER: Final = (
    "/etc/hosts",
    "/etc/host.conf",
    "/etc/nsswitch.conf",
    "/etc/resolv.conf",
    "/etc/gai.conf",
    "/run/systemd/resolve",
    "/etc/ssl",
    "/etc/pki",
)
"""What names of hosts are looked up by, and whose certificates are believed."""

ADDRESS_SPACE_EXTRA: Final = 3 << 30
"""Above the engine's memory: libraries, stacks, arenas and maps reserve far more than they use."""


def limit_resources(memory_max: int, *, is_final: bool = True) -> None:
    """Bound memory, files and core dumps for the rest of this process.

    Args:
        memory_max: Bytes that the engine may use.
        is_final: Memory can never be raised again.
    """
    space = memory_max + ADDRESS_SPACE_EXTRA
    _lower(resource.RLIMIT_AS, space, is_final=is_final)
    _lower(resource.RLIMIT_FSIZE, 0)
    _lower(resource.RLIMIT_CORE, 0)
    _, files_max = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (files_max, files_max))


def limit_cpu(seconds: int) -> None:
    """Let this process use `seconds` of processor time from now on; the kernel ends it then."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    soft = int(used.ru_utime + used.ru_stime) + 1 + seconds
    resource.setrlimit(
        resource.RLIMIT_CPU, (soft if hard == resource.RLIM_INFINITY else min(soft, hard), hard)
    )


def confine(readable: Iterable[Path], *, is_online: bool = False) -> bool:
    """Keep this process, from now on, from everything but reading below `readable`.

    With `is_online` it may reach the network, for data files that are there.

    Binds the calling thread and those it starts: call it before the engine starts its own.

    Returns:
        Whether the kernel could; nothing is changed if not.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    version = libc.syscall(_CREATE_RULESET, None, 0, _VERSION_FLAG)
    if version < 1:
        return False
    handled = (1 << _FS_RIGHTS.get(version, 16)) - 1
    attributes = struct.pack(
        "=QQQ",
        handled,
        _NET_RIGHTS if version >= 4 and not is_online else 0,
        _SCOPES if version >= 6 else 0,
    )
    size = 24 if version >= 6 else 16 if version >= 4 else 8
    ruleset = libc.syscall(_CREATE_RULESET, attributes, size, 0)
    if ruleset < 0:
        return False
    try:
        system = (*_SYSTEM, *_RESOLVER) if is_online else _SYSTEM
        for path in {*readable, *_interpreter(), *map(Path, system)}:
            _allow_reading(libc, ruleset, path)
        if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
            return False
        return bool(libc.syscall(_RESTRICT_SELF, ruleset, 0) == 0)
    finally:
        os.close(ruleset)


def _allow_reading(libc: ctypes.CDLL, ruleset: int, path: Path) -> None:
    with contextlib.suppress(FileNotFoundError):
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
        try:
            rights = _READ_FILE | _READ_DIR if path.is_dir() else _READ_FILE
            libc.syscall(
                _ADD_RULE, ruleset, _RULE_PATH_BENEATH, struct.pack("=Qi", rights, descriptor), 0
            )
        finally:
            os.close(descriptor)


def _interpreter() -> set[Path]:
    """Where modules may still be imported from."""
    return {Path(entry) for entry in (sys.prefix, sys.base_prefix, *sys.path) if entry}


def _lower(kind: int, value: int, *, is_final: bool = True) -> None:
    _, hard = resource.getrlimit(kind)
    value = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(kind, (value, value if is_final else hard))
