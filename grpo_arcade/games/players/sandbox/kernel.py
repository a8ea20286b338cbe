"""Everything a child gives up before it reads its strategy, in the order in which it must be given up.

Works for an ordinary user; for root it also gives up the user id and every capability.
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


def give_up_resources(address_space_bytes: int, cpu_s: int) -> None:
    """Hard limits: address space, CPU time, and none of what a strategy has no use for."""
    limits = {
        resource.RLIMIT_AS: address_space_bytes,
        resource.RLIMIT_CPU: cpu_s,
        resource.RLIMIT_NPROC: 0,
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_MEMLOCK: 0,
        resource.RLIMIT_MSGQUEUE: 0,
        resource.RLIMIT_NOFILE: 0,
    }
    for which, value in limits.items():
        hard = resource.getrlimit(which)[1]
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(which, (value, value))


def confine(libc: ctypes.CDLL, filter_code: bytes, parent: int, memory_bytes: int, cpu_s: int) -> None:
    """Take every power from the calling process; only :data:`CHANNEL` must be open.

    Raises:
        OSError: a step without which nothing may run failed.
    """
    allowed = address_space() + memory_bytes
    for handled in (signal.SIGINT, signal.SIGTERM):
        signal.signal(handled, signal.SIG_DFL)
    # CPU scheduling class and niceness stay: they are the caller's choice.
    give_up_identity(libc)
    # After the change of user id, which would clear it.
    libc.prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
    if os.getppid() != parent:
        os._exit(0)
    if libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "the process stays open to debuggers")
    if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "no_new_privs is refused")
    landlock.deny_everything(libc)
    give_up_resources(allowed, cpu_s)
    seccomp.install(libc, filter_code)
