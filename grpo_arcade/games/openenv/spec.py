"""What a server cannot tell about its game: what a spec says, and how it is written, a small TOML file.

::

    title = "Tic-tac-toe"                 # all in all; only [action] and [outcome] are needed
    about = "You play X and move first."  # for the prompt
    goal = "wins"                         # for the prompt: "Write a strategy that plays Tic-tac-toe and wins."
    recognise = {server = ["OpenSpielEnvironment"], state = {game_name = "tic_tac_toe"}}
    seeds = false                         # whether the server honours reset(seed)
    seed_bits = 31                        # how many bits of a seed it can take
    deterministic = false                 # whether nothing is random; without this or seeds no episode is replayable
    sessions = 8                          # games it plays at once; without it, as many as are asked for
    step_cap = 64                         # decisions, then the episode ends as capped
    frame_rate = 2.0                      # decisions a second, for people
    timeout_s = 10.0                      # the longest an answer may take
    failure_score = -1.0                  # what an episode counts for whose program fails: as bad as it can go

    [reset]                               # arguments of every reset beside the seed
    [action]
    field = "action_id"                   # where the action's value goes
    send = {game_name = "tic_tac_toe"}    # what goes with it every time
    names = ["A1", "A2", ...]             # the actions
    values = [0, 1, ...]                  # what is sent for each; without them 0, 1, 2 ... or, as text, the names
    legal = "legal_actions"               # where the observation lists the values that are legal now
    words = {W = "UP"}                    # more names for actions

    [see.board]                           # what a strategy gets, by name; if this is all, it gets it as such
    field = "info_state"                  # a path into the observation; or value = ..., or field = "legal" for names
    shape = [3, 3, 3]                     # of a flat list; or the path of a field that says it
    planes = [".", "O", "X"]              # the last step of a list of planes: which one is set, by name
    names = {0 = "."}                     # other names for single values
    whole = true                          # 2.0 is 2
    thin = [6, 5]                         # every sixth row and fifth column
    grey = true                           # of red, green and blue the luminance
    default = []                          # for servers that leave the field out
    meaning = "3 rows of 3 cells"         # for the prompt

    [outcome]                             # looked at in this order; each is a list of conditions that must all hold
    won = ["done", "reward > 0"]          # on done, reward, return (rewards so far), plies and observation fields;
    drawn = ["done", "reward == 0"]       # also max(board), min(), sum(), len(), a.b, a[0], not a
    lost = ["done"]                       # done without any of them is lost
    named = "outcome"                     # or: the field that holds the outcome's name
    score = "return"

    [opponent]
    policy = "random"                     # or first: we make the other side's moves; its rewards count negative

    [draw]
    kind = "board"                        # board, grid, rgb, text or twin
    cells = "board"                       # which [see] to draw; for rgb a path, with shape as above
    looks = {X = {shape = "cross", colour = "#2b6cb0"}}
    marks = [{row = "x", column = "y", look = "agent"}]   # things that lie on the cells
    rows = 5                              # where there are only marks
    columns = 5
    aspect = 1.3                          # width over height of the picture

    [like]                                # a game of ours that is the same: its prompt is used; with draw.kind = "twin"
    game = "2048"                         # it plays along to be drawn, for servers with the same seeds
    options = {size = 4}

A spec may come with a recording from anywhere, so it can express nothing but looking things up and comparing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from grpo_arcade.games.game import Outcome
from grpo_arcade.games.openenv.terms import Condition, Term

SHAPES = ("square", "disc", "ring", "cross", "number", "text", "none")


class SpecError(ValueError):
    """A spec makes no sense, in one line that says where."""


@dataclass(frozen=True, slots=True)
class Field:
    """One thing a strategy sees."""

    name: str
    term: Term | None
    """Where it is in the observation; None for a constant."""
    value: Any = None
    shape: tuple[int, ...] | Term | None = None
    planes: tuple[str, ...] = ()
    names: Mapping[str, str] = field(default_factory=dict)
    whole: bool = False
    thin: tuple[int, int] = (1, 1)
    grey: bool = False
    default: Any = None
    has_default: bool = False
    meaning: str = ""


@dataclass(frozen=True, slots=True)
class Look:
    """How a cell or a mark is drawn."""

    shape: str
    colour: int
    """0xRRGGBB."""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that lies on a cell."""

    row: Term | int
    column: Term | int
    look: str


@dataclass(frozen=True, slots=True)
class Draw:
    """How a position is drawn."""

    kind: str
    cells: str = ""
    """The :class:`Field` whose rows are the cells; empty if there is none."""
    pixels: Term | None = None
    shape: tuple[int, ...] | Term | None = None
    looks: Mapping[str, Look] = field(default_factory=dict)
    marks: tuple[Mark, ...] = ()
    rows: int = 0
    columns: int = 0
    aspect: float = 0.0
    """Width over height; 0 leaves it to rows and columns."""


@dataclass(frozen=True, slots=True)
class Spec:
    """A checked spec."""

    title: str
    about: str
    goal: str
    seeds: bool
    seed_bits: int
    deterministic: bool
    sessions: int | None
    step_cap: int
    frame_rate: float
    timeout_s: float
    failure_score: float
    reset: Mapping[str, Any]
    field: str
    send: Mapping[str, Any]
    names: tuple[str, ...]
    values: tuple[Any, ...]
    """One an action: what goes into ``field``, or, where that is empty, the fields themselves."""
    names_from: Term | None
    """Where a server says its actions' names; they are then not known until it was asked."""
    legal: Term | None
    words: Mapping[str, str]
    see: tuple[Field, ...]
    outcome: tuple[tuple[Outcome, tuple[Condition, ...]], ...]
    named: Term | None
    score: Term
    opponent: str | None
    draw: Draw
    like: Mapping[str, Any]
    recognise: Mapping[str, Any]
    mapping: Mapping[str, Any]
    """What it was made from; :func:`.spec_parser.parse` gives the same spec again."""

    @property
    def complete(self) -> bool:
        """Whether the actions are known without asking the server."""
        return bool(self.names)

    @property
    def roots(self) -> frozenset[str]:
        """The observation's fields that anything here looks at; empty if it looks at all of them."""
        terms: list[Any] = [self.legal, self.named, self.score, self.draw.pixels, self.draw.shape]
        terms += [each for seen in self.see for each in (seen.term, seen.shape)]
        terms += [condition.term for _, conditions in self.outcome for condition in conditions]
        terms += [place for mark in self.draw.marks for place in (mark.row, mark.column)]
        return frozenset() if self.draw.kind == "text" else frozenset(t.root for t in terms if isinstance(t, Term))
