"""Landlock: no file, no TCP port, no signal or abstract socket beyond the process, whatever the filter lets through.

It is the second wall behind seccomp, and is skipped where the kernel has none.
Source: Linux ``include/uapi/linux/landlock.h``; the rights known to each ABI version are those of its documentation.
"""

from __future__ import annotations

import ctypes
import os
import struct

# The same numbers on every architecture.
_CREATE_RULESET = 444
_RESTRICT_SELF = 446
_VERSION_FLAG = 1

# Number of file system rights by ABI version; later versions added none.
_FILE_RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}


def abi(libc: ctypes.CDLL) -> int:
    """The kernel's Landlock version, 0 where it has none."""
    version = libc.syscall(ctypes.c_long(_CREATE_RULESET), None, ctypes.c_size_t(0), ctypes.c_uint(_VERSION_FLAG))
    return max(0, int(version))


def deny_everything(libc: ctypes.CDLL) -> bool:
    """Put a rule set without exceptions on the calling thread, which needs no_new_privs. False where there is none."""
    version = abi(libc)
    if version == 0:
        return False
    rights = (1 << _FILE_RIGHTS.get(version, 16)) - 1
    attributes = struct.pack("<Q", rights)
    if version >= 4:
        attributes += struct.pack("<Q", 0b11)  # bind and connect TCP
    if version >= 6:
        attributes += struct.pack("<Q", 0b11)  # abstract unix sockets and signals
    ruleset = libc.syscall(
        ctypes.c_long(_CREATE_RULESET), attributes, ctypes.c_size_t(len(attributes)), ctypes.c_uint(0)
    )
    if ruleset < 0:
        return False
    done = libc.syscall(ctypes.c_long(_RESTRICT_SELF), ctypes.c_int(ruleset), ctypes.c_uint(0)) == 0
    os.close(ruleset)
    return done
