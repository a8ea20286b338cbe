"""What a child does: load one strategy once per game, then answer with one byte per observation until it is killed.

It keeps no secret: a strategy that takes over this process has gained its own actions and nothing else.
"""

from __future__ import annotations

import ast
import marshal
import mmap
import os
import sys
import time
import warnings
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

from . import namespace, seal, wire

_READ_BYTES = 1 << 16
_ACTIONS_NAMED = 20
"""Actions that the line about an answer that is none names."""

_unused: list[Any] = []
Answerer = Callable[[Any], Any]


class Channel:
    """The two descriptors of a child, and the page it shows its progress on."""

    def __init__(self, read_from: int, write_to: int, page: mmap.mmap | bytearray) -> None:
        self.read_from, self.write_to = read_from, write_to
        view = memoryview(page)
        self.now = view[: wire.PAGE_HEADER_BYTES].cast("I")
        self.spent = view[wire.PAGE_HEADER_BYTES :].cast("d")

    def receive(self) -> Any:
        """The next message; ends the process when there will be none."""
        data = os.read(self.read_from, _READ_BYTES)
        while len(data) < wire.LENGTH.size:
            data += self._more()
        need = wire.LENGTH.size + wire.LENGTH.unpack_from(data)[0]
        if len(data) < need:
            parts, have = [data], len(data)
            while have < need:
                parts.append(self._more())
                have += len(parts[-1])
            data = b"".join(parts)
        return marshal.loads(memoryview(data)[wire.LENGTH.size :])

    def _more(self) -> bytes:
        data = os.read(self.read_from, _READ_BYTES)
        if not data:
            os._exit(0)
        return data

    def reply(self, sequence: int, answers: bytes | bytearray, error: str) -> None:
        """Send one byte per answer, and what went wrong."""
        text = error.encode("utf-8", "replace")[: wire.MAX_ERROR_BYTES] if error else b""
        data = wire.REPLY.pack(sequence, len(answers), len(text)) + answers + text
        while data:
            data = data[os.write(self.write_to, data) :]


def describe(error: BaseException) -> str:
    """Type, message and line in the strategy; never raises for an ``Exception`` of the strategy's making."""
    name = type.__getattribute__(type(error), "__name__")
    try:
        text = str(error)[:300]
    except Exception:
        text = "(its message cannot be read)"
    line = None
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == wire.ENTRY_FILE:
            line = trace.tb_lineno
        trace = trace.tb_next
    if line is None and isinstance(error, SyntaxError):
        text, line = error.msg, error.lineno
    return f"{name}: {text}" + (f" (line {line})" if line else "") if text else f"{name} (line {line})"


def _plain(answer: Any) -> str | int | None:
    """A member of an enum that is a string or an integer counts as one; a truth value does not."""
    if isinstance(answer, bool):
        return None
    if isinstance(answer, str):
        return str.__str__(answer)
    if isinstance(answer, int):
        return int.__int__(answer)
    return None


class _ClassesByType(ast.NodeTransformer):
    """Reads ``x.__class__`` as ``type(x)``, which for a class is no metaclass."""

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        self.generic_visit(node)
        if node.attr != "__class__" or not isinstance(node.ctx, ast.Load):
            return node
        asked = ast.Name(namespace.CLASS_OF, ast.Load())
        return ast.fix_missing_locations(ast.copy_location(ast.Call(asked, [node.value], []), node))


def _compile(source: bytes, policy: bool, file: str = wire.ENTRY_FILE) -> bytes | str:
    try:
        # Decoded with surrogates, so that the compiler, not the decoder, says what is wrong.
        text = source.decode("utf-8", "surrogatepass")
        code: Any = compile(text, file, "exec", dont_inherit=True)
        if policy and ("__class__" in text or not text.isascii()):
            tree = _ClassesByType().visit(ast.parse(text, file))
            code = compile(tree, file, "exec", dont_inherit=True)
        # Each game gets a copy of its own: the interpreter's inline caches live in the code and hold for one namespace,
        # so games that share it would undo each other's (a tenth of a one-ply strategy's time on eight boards).
        return marshal.dumps(code)
    except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
        return describe(error)


def serve(channel: Channel) -> None:
    """Load the strategy the first message holds, then answer for ever."""
    setup: Mapping[str, Any] = channel.receive()
    count, entry, source = len(setup["first"]), setup["entry"], setup["source"]
    code = _compile(source, setup["policy"])
    if isinstance(code, str):
        channel.reply(0, bytes([wire.NOT_VALID]) * count, code)
        return
    tools = _compile(setup["toolbox"], False, wire.TOOLBOX_FILE)
    assert isinstance(tools, bytes)  # the game's own, which its tests have compiled
    # dataclasses looks up the module of a class that has annotations as text.
    sys.modules["strategy"] = ModuleType("strategy")
    functions: list[Answerer | None] = []
    answers, error = bytearray(), ""
    now, spent, clock = channel.now, channel.spent, time.perf_counter
    for index in range(count):
        now[0] = index
        now[1] += 1
        started = clock()
        function: Any = None
        seed = namespace.random_seed(source, setup["first"][index])
        try:
            names = namespace.namespace(seed) if setup["policy"] else namespace.unrestricted_namespace(seed)
            lent = namespace.lend(names, marshal.loads(tools))
            exec(marshal.loads(code), names)
            namespace.insist(names, lent)
            function = names.get(entry)
            answers.append(0 if callable(function) else wire.NO_ENTRY)
            if not callable(function):
                error = error or f"the program ran and left no function called {entry}"
        except BaseException as raised:
            answers.append(wire.CRASHED)
            error = error or describe(raised)
            del raised
        functions.append(function)
        spent[index] += clock() - started
    channel.reply(0, bytes(answers), error)
    _answer(channel, functions, setup["actions"])


def _answer(channel: Channel, functions: list[Answerer | None], actions: Mapping[str | int, int]) -> None:
    now, spent, clock = channel.now, channel.spent, time.perf_counter
    action_of, illegal = actions.get, wire.ILLEGAL
    sequence, calls = 0, now[1]
    while True:
        indices, observations = channel.receive()
        sequence += 1
        calls &= 0x7FFFFFFF
        answers = bytearray()
        append, error = answers.append, ""
        started = clock()
        for index, observation in zip(indices, observations, strict=True):
            calls += 1
            now[0] = index
            now[1] = calls
            try:
                answer = functions[index](observation)
                kind: Any = type(answer)
                if kind is str or kind is int:
                    code = action_of(answer, illegal)
                else:
                    plain = _plain(answer)
                    code = illegal if plain is None else action_of(plain, illegal)
                if code == illegal:
                    error = error or (
                        f"the strategy returned {_show(answer)}, which is no action; the actions are {_named(actions)}"
                    )
                # A generator or an object of the strategy's may run code when it goes: on this game's time.
                answer = kind = None
            except BaseException as raised:
                code = wire.CRASHED
                error = error or describe(raised)
                functions[index] = None
                del raised
            append(code)
            ended = clock()
            spent[index] += ended - started
            started = ended
        observation = None
        channel.reply(sequence, answers, error)


def _named(actions: Mapping[str | int, int]) -> str:
    """The actions by the first word for each, as many as make a line."""
    words: dict[int, str] = {}
    for word, action in actions.items():
        if type(word) is str:
            words.setdefault(action, repr(word))
    first = list(words.values())[:_ACTIONS_NAMED]
    return ", ".join(first) + (f" and {len(words) - len(first)} more" if len(words) > len(first) else "")


def _show(answer: object) -> str:
    """A bounded picture of a wrong answer, without calling anything a strategy defined."""
    if type(answer) in (str, int, float, bool, type(None)):
        shown = repr(answer if not isinstance(answer, int) or abs(answer) < 10**30 else "a huge integer")
        return shown if len(shown) <= 60 else shown[:57] + "..."
    return f"a {type.__getattribute__(type(answer), '__name__')}"


def become_quiet(policy: bool) -> None:
    """No streams and, with the policy on, no way to look for a module on disk."""
    # What goes is kept alive, since freeing it would write to hundreds of pages this process shares with its siblings.
    _unused.extend((sys.stdin, sys.stdout, sys.stderr))
    sys.stdin = sys.stdout = sys.stderr = sys.__stdin__ = sys.__stdout__ = sys.__stderr__ = None  # type: ignore[misc]
    sys.unraisablehook = lambda _unraisable: None
    if policy:
        _unused.extend((sys.meta_path, sys.path, sys.path_hooks, sys.path_importer_cache))
        sys.meta_path, sys.path, sys.path_hooks, sys.path_importer_cache = [], [], [], {}


def load_lazy_modules() -> None:
    """Load what the interpreter would otherwise look for on disk in the middle of a game, and silence all warnings."""
    import decimal
    import reprlib
    import statistics
    import unicodedata

    seal.seal()
    decimal.getcontext()
    reprlib.repr([])
    statistics.mean([1, 2])
    unicodedata.name("a")
    for codec in ("utf-8", "ascii", "latin-1"):
        "".encode(codec)
    # Identifiers outside ASCII and \N{...} make the compiler itself import unicodedata.
    compile("é = '\\N{BULLET}'\n", wire.ENTRY_FILE, "exec")
    warnings.simplefilter("ignore")
    compile("1 is 1\n'\\d'\n", wire.ENTRY_FILE, "exec")


def portable_main() -> None:
    """A child for systems without the kernel's wall: standard input and output are its channel."""
    load_lazy_modules()
    read_from, write_to = os.dup(0), os.dup(1)
    if os.name == "nt":
        import msvcrt

        for descriptor in (read_from, write_to):
            msvcrt.setmode(descriptor, os.O_BINARY)  # type: ignore[attr-defined]
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    os.dup2(null, 1)
    become_quiet(policy=True)
    serve(Channel(read_from, write_to, bytearray(wire.PAGE_BYTES)))
