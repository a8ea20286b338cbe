"""Any OpenEnv server as a game, and our games as OpenEnv servers.

``client`` talks to a server, ``spec`` says what the server cannot, ``spec_parser`` reads one, ``discovery`` finds the
one for a server, ``reading`` turns answers into what is seen and drawn, ``transcript`` keeps them for recordings. None
of these needs the library ``openenv``.
"""

from __future__ import annotations

import functools
import itertools
import os
import random
from collections.abc import Mapping
from typing import Any

from grpo_arcade.foreign_text import one_line as plain_line
from grpo_arcade.games.game import Baseline, Game, Outcome, Picture
from grpo_arcade.games.openenv import away, reading
from grpo_arcade.games.openenv.answers import ServerError
from grpo_arcade.games.openenv.client import Address, GoneError, NoFreeSessionError, Session, parse_addresses
from grpo_arcade.games.openenv.reading import Lines, RemoteView
from grpo_arcade.games.openenv.spec import Spec, SpecError
from grpo_arcade.games.openenv.spec_parser import load, shipped
from grpo_arcade.games.openenv.transcript import Transcript, TranscriptReader
from grpo_arcade.games.seeds import check_seed

__all__ = ["Remote", "RemoteView", "ServerError", "SpecError"]

STUCK_AFTER = 32
"""Impossible moves in a row, after which the episode ends as ``stuck``."""
_TROUBLE = 400
"""Characters of what a server did wrong that are kept and shown."""
_PATIENCE_S = 20.0
"""How long a free session is waited for."""


class Remote(Game):
    """A game that an OpenEnv server plays: ``make("openenv:ws://localhost:8000", spec="tic_tac_toe")``.

    Args:
        title: the server's address. ``ws://localhost:8001-8004`` are four of it, each on a port of its own, where one
            plays few games at once: a game is played by whichever is free.
        spec: the name of one of our specs, the path of a TOML file, or what such a file holds; by default what the
            server itself says, and if it names itself, our spec for it.
        step_cap: decisions until an episode ends as ``capped``, at most as many as the spec says.

    Actions are those of the spec. One that is not legal is not sent: it takes a ply, adds to :attr:`wasted`, and 32 of
    them in a row end the episode as ``stuck``. A server that fails ends it as ``disconnected``, :attr:`trouble` says
    why, and nothing raises.

    Whatever the server says is kept (:meth:`kept`), so that recordings can be shown without it; where the spec says
    that the same seed and actions give the same episode, :attr:`replayable` is set too.
    """

    rules_version = 1
    palettes: tuple[str, ...] = ("classic",)

    def __init__(self, title: str, spec: str | Mapping[str, Any] | None = None, step_cap: int | None = None) -> None:
        self._addresses = parse_addresses(title)
        self.address = self._addresses[0]
        self.name = f"openenv:{_several(self._addresses)}"
        if spec is None:
            from grpo_arcade.games.openenv.discovery import discover

            spec = discover(self.address)
        self.spec = load(spec)
        if not self.spec.complete:
            from grpo_arcade.games.openenv.discovery import completed

            self.spec = completed(self.spec, self.address)
            spec = self.spec.mapping
        # A path would mean nothing elsewhere, so a spec of one's own goes with the options whole.
        named = isinstance(spec, str) and not spec.endswith(".toml")
        self.options: Mapping[str, Any] = {"spec": spec if named else self.spec.mapping}
        self.actions = self.spec.names
        self.aliases = _aliases(self.spec)
        self.frame_rate = self.spec.frame_rate
        self.step_cap = self.spec.step_cap
        if step_cap is not None:
            if isinstance(step_cap, bool) or not isinstance(step_cap, int) or not 1 <= step_cap <= self.step_cap:
                raise ValueError(f"step_cap must be a whole number from 1 to {self.step_cap}, not {step_cap!r}")
            self.step_cap = step_cap
            self.options = {**self.options, "step_cap": step_cap}
        self.failure_score = self.spec.failure_score
        self.replayable = self.spec.seeds or self.spec.deterministic
        self.most_at_once = self.spec.sessions
        self._session: Session | None = None
        self._reader: TranscriptReader | None = None
        self._recalled: bytes | None = None
        self._begun: int | None = None
        self._twin: Game | None = None
        if self.spec.draw.kind == "twin":
            from grpo_arcade.games.openenv.discovery import twin_of

            self._twin = twin_of(self.spec.like)
            self.palettes = self._twin.palettes
            self.clock_driven, self.controls = self._twin.clock_driven, self._twin.controls
            self.failure_score, self.human_score = self._twin.failure_score, self._twin.human_score
            self.baselines = {name: functools.partial(_by_twin, name) for name in self._twin.baselines}
        self._clear(0)

    @classmethod
    def recorded(cls, title: str, spec: str | Mapping[str, Any] | None = None, step_cap: int | None = None) -> Remote:
        """A game whose recording is to be shown: with a spec that leaves nothing to be asked, and is no file."""
        if spec is None or (isinstance(spec, str) and spec not in shipped()) or not load(spec).complete:
            raise ValueError(f"the recording of openenv:{title} does not say how it is to be read")
        return cls(title, spec, step_cap)

    def _clear(self, seed: int) -> None:
        self.score: float = 0.0
        self.outcome = None
        self.plies = 0
        self.wasted = 0
        self.trouble = ""
        self._idle = 0
        self._total = 0.0
        self._begun = None
        self._scope: Mapping[str, Any] = {}
        self._legal: tuple[int, ...] = ()
        self._seen: Any = None
        self._seed = seed
        self._sent = bytearray()
        self._gone = False
        self._twin_at: int | None = None
        self._opponent = random.Random(f"opponent {seed}")
        self._transcript = Transcript()

    def reset(self, seed: int) -> None:
        """Start an episode; ``seed`` goes to the server, if the spec says that it honours seeds."""
        check_seed(seed)
        if self._begun is not None:
            self._hang_up()  # the answer to a move that was sent ahead would be taken for the new episode's
        self._clear(seed)
        if self._recalled is not None:
            self._reader = TranscriptReader(self._recalled)
            if not self._recalled:
                return
        arguments = dict(self.spec.reset)
        if self.spec.seeds:
            arguments["seed"] = seed & (1 << self.spec.seed_bits) - 1
        try:
            self._take(self._ask("reset", arguments), 1.0)
            if self.outcome is not None and not self._scope["done"]:
                self.outcome = None  # nothing has been won before the first move
        except ServerError as error:
            self._lose(error)

    def begin(self, action: int) -> None:
        """Send the action ahead, if it is legal, so that several games are under way at once."""
        if self._session is None or self._reader is not None or self.outcome is not None or self._begun is not None:
            return
        if action in self._legal:
            try:
                self._session.send("step", self._payload(action))
            except ServerError:
                pass  # the session is closed now, as step() will find
            else:
                self._begun = action

    def step(self, action: int) -> None:
        """Take one action id. Raises ``ValueError`` for an id out of range or after the end."""
        if self.outcome is not None:
            raise ValueError(f"the episode has ended ({self.outcome}); reset() starts another")
        if not 0 <= action < len(self.actions):
            raise ValueError(f"action must be 0 to {len(self.actions) - 1}, not {action!r}")
        self.plies += 1
        if action in self._legal:
            self._idle = 0
            try:
                self._take(self._moved(action), 1.0)
                self._sent.append(action)
                if self.outcome is None and self.spec.opponent and self._legal:
                    reply = self._opponent.choice(self._legal) if self.spec.opponent == "random" else self._legal[0]
                    self._take(self._ask("step", self._payload(reply)), -1.0)
            except ServerError as error:
                self._lose(error)
        else:
            self.wasted += 1
            self._idle += 1
            if self._idle == STUCK_AFTER:
                self.outcome = Outcome.STUCK
        if self.outcome is None and self.plies >= self.step_cap:
            self.outcome = Outcome.CAPPED
        if self.outcome not in (None, Outcome.DISCONNECTED):
            away.ended_well(self.address)

    def _moved(self, action: int) -> dict[str, Any]:
        """The answer to an action, which may be under way already."""
        begun, self._begun = self._begun, None
        if begun is None or self._session is None:
            return self._ask("step", self._payload(action))
        if begun != action:
            raise ServerError(f"action {begun} was sent ahead, not {action}")
        return self._session.receive("step")

    def _payload(self, action: int) -> dict[str, Any]:
        value = self.spec.values[action]
        return {**self.spec.send, **({self.spec.field: value} if self.spec.field else value)}

    def _ask(self, kind: str, data: Mapping[str, Any]) -> dict[str, Any]:
        """The server's answer, or the one that was kept."""
        if self._reader is not None:
            answer = self._reader.read()
            if answer is None:
                raise ServerError("the recording ends here")
            if "end" in answer:
                raise ServerError(str(answer["end"]))
            return answer
        if kind == "reset":
            return self._reset(data)
        if self._session is None:
            raise ServerError(f"{self.address}: there is no session")
        return self._session.request(kind, data)

    def _reset(self, data: Mapping[str, Any]) -> dict[str, Any]:
        import time

        if self._session is not None and self._session.is_open:
            try:
                return self._session.request("reset", data)
            except ServerError:
                pass  # servers hang up on those who are silent for long
        until = time.monotonic() + _PATIENCE_S
        # Every process begins elsewhere, so that they seldom ask one that is playing.
        first = (os.getpid() + next(_asked)) % len(self._addresses)
        while True:
            failed: list[ServerError] = []
            for address in (*self._addresses[first:], *self._addresses[:first]):
                try:
                    self.address = address
                    self._session = Session(address, self.spec.timeout_s)
                    return self._session.request("reset", data)
                except (NoFreeSessionError, GoneError) as error:
                    failed.append(error)
            full = [error for error in failed if isinstance(error, NoFreeSessionError)]
            if not full or time.monotonic() > until:
                raise (full or failed)[0]
            time.sleep(0.05)

    def _take(self, answer: Mapping[str, Any], sign: float) -> None:
        """Read an answer; ``sign`` is -1 where the reward is the opponent's."""
        kept = self._reduced(answer)
        scope = reading.scope_of(kept, 0.0, self.plies)
        scope["reward"] *= sign
        self._total += scope["reward"]
        scope["return"] = self._total
        legal = reading.legal_of(self.spec, scope)
        outcome = reading.outcome_of(self.spec, scope)
        score = reading.number_of(self.spec.score, scope)
        # Worked out now, so that a server that sends nonsense is found out here and nowhere else.
        self._seen = reading.seen(self.spec, scope, legal)
        self._scope, self._legal, self.outcome, self.score = scope, legal, outcome, score
        if outcome is None and not legal:
            self.outcome = Outcome.STUCK
        if self._reader is None:
            self._transcript.write(kept)
            if self._transcript.full and self.outcome is None:
                self._lose(ServerError("more was said than a recording holds"))

    def _reduced(self, answer: Mapping[str, Any]) -> dict[str, Any]:
        """Of an answer what the spec looks at."""
        observation = answer.get("observation")
        if not isinstance(observation, dict):
            raise ServerError("the server's answer holds no observation")
        roots = self.spec.roots
        if "metadata" not in observation and isinstance(answer.get("metadata"), dict):
            observation = {**observation, "metadata": answer["metadata"]}
        if roots:
            observation = {name: value for name, value in observation.items() if name in roots}
        return {"observation": observation, "reward": answer.get("reward"), "done": answer.get("done", False)}

    def _lose(self, error: ServerError) -> None:
        self.outcome = Outcome.DISCONNECTED
        self.trouble = plain_line(error, _TROUBLE)
        self._gone = isinstance(error, GoneError)
        self._transcript.end(self.trouble)
        self._hang_up()

    def comes_back(self, others_went_on: bool = False) -> bool:
        """After ``disconnected``: whether the server, which was away, can be asked again; waits for it."""
        if not self._gone or self._reader is not None:
            return False
        return away.wait_for(self.address, self.trouble, self.spec.timeout_s, if_away=others_went_on)

    def _hang_up(self) -> None:
        if self._session is not None:
            self._session.close()
            self._session = None

    def legal_actions(self) -> tuple[int, ...]:
        """The actions the server would accept now, ascending; empty after the end."""
        return self._legal if self.outcome is None else ()

    def observation(self) -> Any:
        """What the spec lets a strategy see; None before the first answer."""
        seen, self._seen = self._seen, None
        if seen is None and self._scope:
            seen = reading.seen(self.spec, self._scope, self._legal)
        return seen

    def view(self) -> Any:
        """The position as the spec lets it be drawn: a :class:`RemoteView`, or what the game that plays along shows."""
        if self._twin is not None:
            return self.twin().view()
        try:
            shown = reading.shown(self.spec, self._scope, self._legal) if self._scope else Lines((self.trouble,))
        except ServerError as error:
            shown = Lines((str(error),))
        return RemoteView(shown, self.score, self.outcome, self.plies)

    def twin(self) -> Game:
        """The game of ours that plays along, in the present position. Only where ``draw.kind`` is ``twin``."""
        twin = self._twin
        assert twin is not None
        if self._twin_at is None:
            twin.reset(self._seed)
            self._twin_at = 0
        for action in self._sent[self._twin_at :]:
            if twin.outcome is None:
                twin.step(action)
        self._twin_at = len(self._sent)
        return twin

    def kept(self) -> bytes:
        """What the server said, for recordings."""
        return self._transcript.kept() if self._recalled is None else self._recalled

    def recall(self, kept: bytes) -> None:
        """From now on show the episode that was kept, and never ask the server."""
        self._recalled = kept

    def picture(self, palette: str = "classic") -> Picture:
        """The picture the spec asks for."""
        if palette not in self.palettes:
            raise ValueError(f"palette must be one of {', '.join(self.palettes)}, not {palette!r}")
        if self._twin is not None:
            return self._twin.picture(palette)
        from grpo_arcade.games.openenv.picture import RemotePicture

        return RemotePicture(self.spec)

    def prompt(self) -> str:
        """The user message that asks for a strategy, from the spec."""
        from grpo_arcade.games.openenv.prompt import prompt

        return prompt(self.spec, STUCK_AFTER)

    def baseline_scores(self) -> Mapping[str, Any] | None:
        """Those of the game that plays along; nothing is known of what another server does."""
        return self._twin.baseline_scores() if self._twin is not None else None

    baselines: Mapping[str, Baseline] = {
        "first": lambda game, rng: game.legal_actions()[0],
        "random": lambda game, rng: rng.choice(game.legal_actions()),
    }


_asked = itertools.count()
"""Sessions that this process has asked for."""


def _several(addresses: tuple[Address, ...]) -> str:
    """The address of one server, or of several as it is written."""
    first, last = addresses[0], addresses[-1]
    return str(first) if first == last else str(first).replace(f":{first.port}", f":{first.port}-{last.port}", 1)


def _by_twin(name: str, game: Game, rng: random.Random) -> int:
    assert isinstance(game, Remote)
    twin = game.twin()
    return twin.baselines[name](twin, rng)


def _aliases(spec: Spec) -> dict[str | int, int]:
    """Names, ids and other words; a name wins over an id that looks the same."""
    aliases: dict[str | int, int] = {}
    for place in range(len(spec.names)):
        aliases[place] = aliases[str(place)] = place
    for word, name in spec.words.items():
        aliases[word] = spec.names.index(name)
    aliases.update({name: place for place, name in enumerate(spec.names)})
    return aliases
