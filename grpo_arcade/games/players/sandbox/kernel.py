"""Everything the fork server and its children give up before a strategy is read, in the order it must be given up.

Works for an ordinary user; root also gives up its user id and every capability.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import signal

from . import landlock, seccomp

_PR_SET_PDEATHSIG = 1
_PR_SET_DUMPABLE = 4
_PR_CAPBSET_DROP = 24
_PR_SET_NO_NEW_PRIVS = 38
_PR_CAP_AMBIENT = 47
_PR_CAP_AMBIENT_CLEAR_ALL = 4
_CAPABILITY_VERSION_3 = 0x20080522
_ADDR_NO_RANDOMIZE = 0x0040000
_NOBODY = 65534

CHANNEL = 3
"""Descriptor of the one thing a child may read and write."""


def load_libc() -> ctypes.CDLL:
    """The C library of this process."""
    return ctypes.CDLL(None, use_errno=True)


def stop_randomising_addresses(libc: ctypes.CDLL) -> bool:
    """Ask for fixed addresses after the next exec; True if they were random and now will not be.

    Hashes of None (before 3.12), functions and plain objects come from addresses, and with them the order of sets: a
    strategy should play the same twice. Container runtimes may refuse; then only that luck is left.
    """
    current = libc.personality(ctypes.c_ulong(0xFFFFFFFF))
    if current < 0 or current & _ADDR_NO_RANDOMIZE:
        return False
    return bool(libc.personality(ctypes.c_ulong(current | _ADDR_NO_RANDOMIZE)) != -1)


def give_up_identity(libc: ctypes.CDLL) -> None:
    """Root becomes nobody, and everybody loses the capabilities a process may have been given."""
    if os.geteuid() == 0:
        with contextlib.suppress(OSError):  # no such id in this user namespace, or no right to change
            os.setgroups([])
            os.setresgid(_NOBODY, _NOBODY, _NOBODY)
            os.setresuid(_NOBODY, _NOBODY, _NOBODY)
    libc.prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)
    for capability in range(64):
        if libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0) != 0:
            break
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    libc.capset(header, (ctypes.c_uint32 * 6)())


def address_space() -> int:
    """Bytes of address space this process has today."""
    with open("/proc/self/statm", "rb") as statm:
        return int(statm.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")


def give_up_rights(libc: ctypes.CDLL) -> None:
    """What the fork server gives up for itself and all its children, once everything is loaded.

    Raises:
        OSError: a step without which nothing may run failed.
    """
    give_up_identity(libc)
    if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "no_new_privs is refused")
    landlock.deny_everything(libc)
    close_to_debuggers(libc)


def close_to_debuggers(libc: ctypes.CDLL) -> None:
    """Nobody of the same user may trace this process or read its memory."""
    if libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "the process stays open to debuggers")


def confine(libc: ctypes.CDLL, filter_code: bytes, parent: int, address_space_bytes: int, cpu_s: int) -> None:
    """Take every power that is left from the calling process; only :data:`CHANNEL` must be open.

    Address space and CPU time get hard limits, and so does all that a strategy has no use for.

    Raises:
        OSError: a step without which nothing may run failed.
    """
    libc.prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
    if os.getppid() != parent:
        os._exit(0)
    close_to_debuggers(libc)
    for which, value in (*_RESOURCES, (resource.RLIMIT_AS, address_space_bytes), (resource.RLIMIT_CPU, cpu_s)):
        with contextlib.suppress(ValueError):  # already lower than that, for this user
            resource.setrlimit(which, (value, value))
    seccomp.install(libc, filter_code)


_RESOURCES = tuple(
    (getattr(resource, name), 0)
    for name in (
        "RLIMIT_NPROC",
        "RLIMIT_FSIZE",
        "RLIMIT_CORE",
        "RLIMIT_MEMLOCK",
        "RLIMIT_MSGQUEUE",
        "RLIMIT_NOFILE",
    )
)
