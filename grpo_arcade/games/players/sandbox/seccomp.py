"""A system call filter as a BPF program, built here and installed through ``prctl``.

What is left: read from and write to one descriptor, private anonymous memory that cannot be executed, waking (never
waiting on) a futex, the monotonic clock, and exit. Any other call, any other architecture's call numbers included,
kills the process at once with SIGSYS. Sources: Linux ``include/uapi/linux/{seccomp,bpf_common,audit}.h``.
"""

from __future__ import annotations

import ctypes
import platform
import struct
import sys

_LOAD = 0x20  # BPF_LD | BPF_W | BPF_ABS
_EQUAL = 0x15  # BPF_JMP | BPF_JEQ | BPF_K
_ANY_BIT = 0x45  # BPF_JMP | BPF_JSET | BPF_K
_RETURN = 0x06  # BPF_RET | BPF_K
_AND = 0x54  # BPF_ALU | BPF_AND | BPF_K

_ALLOW = 0x7FFF0000
_KILL_PROCESS = 0x80000000

_NUMBER, _ARCH, _ARGUMENTS = 0, 4, 16  # offsets in struct seccomp_data

_PR_SET_SECCOMP = 22
_SECCOMP_MODE_FILTER = 2

_PROT_EXEC = 4
_MAP_ANONYMOUS = 0x20
_FUTEX_WAKE = 1
_FUTEX_COMMAND = 0x7F  # without FUTEX_PRIVATE_FLAG and FUTEX_CLOCK_REALTIME
_CLOCK_MONOTONIC = 1
# MADV_DONTNEED, MADV_FREE, MADV_HUGEPAGE, MADV_NOHUGEPAGE: what allocators ask for.
_ADVICE = (4, 8, 14, 15)

_CALLS: dict[str, tuple[int, dict[str, int]]] = {
    "x86_64": (
        0xC000003E,
        {"read": 0, "write": 1, "mmap": 9, "mprotect": 10, "munmap": 11, "brk": 12, "rt_sigreturn": 15, "mremap": 25}
        | {"madvise": 28, "exit": 60, "futex": 202, "clock_gettime": 228, "exit_group": 231},
    ),
    "aarch64": (
        0xC00000B7,
        {"read": 63, "write": 64, "mmap": 222, "mprotect": 226, "munmap": 215, "brk": 214, "rt_sigreturn": 139}
        | {"mremap": 216, "madvise": 233, "exit": 93, "futex": 98, "clock_gettime": 113, "exit_group": 94},
    ),
}

Instruction = tuple[int, int, int, int]
"""code, jump if true, jump if false, operand."""


def _argument(index: int) -> int:
    # Low half of a 64-bit little-endian argument; the kernel looks only at it for every argument checked here.
    return _ARGUMENTS + 8 * index


def _when(number: int, checks: list[Instruction]) -> list[Instruction]:
    """Allow call ``number`` if ``checks`` fall through; they jump to the kill themselves."""
    body = [*checks, (_RETURN, 0, 0, _ALLOW), (_RETURN, 0, 0, _KILL_PROCESS)]
    return [(_EQUAL, 0, len(body), number), *body]


def _one_of(argument: int, values: tuple[int, ...], mask: int | None = None) -> list[Instruction]:
    checks: list[Instruction] = [(_LOAD, 0, 0, _argument(argument))]
    if mask is not None:
        checks.append((_AND, 0, 0, mask))
    for left, value in zip(range(len(values) - 1, -1, -1), values, strict=True):
        # A match skips the comparisons left and falls on "allow"; the last miss skips "allow".
        checks.append((_EQUAL, left, 0 if left else 1, value))
    return checks


def program(descriptor: int, machine: str) -> bytes:
    """The filter for one machine as an array of ``struct sock_filter``.

    Raises:
        OSError: no call numbers are known for ``machine``.
    """
    if machine not in _CALLS:
        raise OSError(f"no system call filter is written for {machine}; x86_64 and aarch64 have one")
    architecture, calls = _CALLS[machine]
    not_executable: list[Instruction] = [(_LOAD, 0, 0, _argument(2)), (_ANY_BIT, 1, 0, _PROT_EXEC)]
    code: list[Instruction] = [
        (_LOAD, 0, 0, _ARCH),
        (_EQUAL, 1, 0, architecture),
        (_RETURN, 0, 0, _KILL_PROCESS),
        # x32 calls carry bit 30 and so match no number below.
        (_LOAD, 0, 0, _NUMBER),
    ]
    for name in ("read", "write"):
        code += _when(calls[name], _one_of(0, (descriptor,)))
    for name in ("munmap", "brk", "mremap", "exit", "exit_group", "rt_sigreturn"):
        code += _when(calls[name], [])
    code += _when(
        calls["mmap"],
        [
            (_LOAD, 0, 0, _argument(2)),
            (_ANY_BIT, 3, 0, _PROT_EXEC),
            (_LOAD, 0, 0, _argument(3)),
            (_ANY_BIT, 0, 1, _MAP_ANONYMOUS),
        ],
    )
    code += _when(calls["mprotect"], not_executable)
    code += _when(calls["madvise"], _one_of(2, _ADVICE))
    code += _when(calls["futex"], _one_of(1, (_FUTEX_WAKE,), _FUTEX_COMMAND))
    code += _when(calls["clock_gettime"], _one_of(0, (_CLOCK_MONOTONIC,)))
    code.append((_RETURN, 0, 0, _KILL_PROCESS))
    return b"".join(struct.pack("<HBBI", *instruction) for instruction in code)


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))


def install(libc: ctypes.CDLL, code: bytes) -> None:
    """Put the filter on the calling process, for good. Needs no_new_privs.

    Raises:
        OSError: the kernel refuses.
    """
    buffer = ctypes.create_string_buffer(code, len(code))
    fprog = _Program(len(code) // 8, ctypes.addressof(buffer))
    if libc.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.byref(fprog), 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "the kernel refuses a system call filter")


def machine() -> str:
    """The name by which :func:`program` knows this machine."""
    name = platform.machine().lower()
    name = {"amd64": "x86_64", "arm64": "aarch64"}.get(name, name)
    # A 32-bit interpreter on a 64-bit kernel makes the other architecture's calls.
    return name if sys.maxsize > 2**32 else f"32-bit {name}"
