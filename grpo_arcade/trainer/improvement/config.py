"""Everything about an improvement that can be set. Where training has the same setting it goes by the same name."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Self

from annotated_types import Ge, Gt, Interval

from grpo_arcade.games.players.limits import LONGEST_S, MOST_MEMORY_MB
from grpo_arcade.games.seeds import LARGEST_SEED
from grpo_arcade.games.toolbox import OPTION as TOOLBOX
from grpo_arcade.recordings.runs.kind import RunKind
from grpo_arcade.trainer.bounds import COUNT, ConfigError, Hint, Settings
from grpo_arcade.trainer.config import REWARDS, TrainConfig, parse_options
from grpo_arcade.trainer.pools import check_pool
from grpo_arcade.trainer.question import prompt_text, takes_toolbox

if TYPE_CHECKING:
    from grpo_arcade.recordings.runs.reader import RunReader


@dataclass
class ImproveConfig(Settings):
    """One search for a better program."""

    command: ClassVar[str] = "improve"

    game: str = "2048"
    """What is played."""
    size: int | None = None
    """The board's width and height in cells; the game's own default when absent."""
    target: int | None = None
    """The tile that wins; the game's own default when absent."""
    game_options: tuple[str, ...] = ()
    """Further options of the game, each as name=value."""
    toolbox: bool | None = None
    """Lend strategies the game's toolbox, and tell of it in the prompt; when absent as suits the model."""
    prompt: str = "game"
    """What the model is asked before anything is told of earlier programs: game, its own words; tutorial, the same
    without a toolbox; or a text file."""

    model: tuple[str, ...] = ("pocket",)
    """Who writes, one or several: an OpenAI-compatible endpoint http://host:port/v1#model, a folder, a .gguf file, a
    name on the hub, a run, or pocket."""
    model_weights: tuple[float, ...] = ()
    """How often each of several models is asked; alike when empty."""
    temperature: Annotated[float, Ge(0)] = 1.0
    """Sampling temperature."""
    max_completion_length: Annotated[int | None, Ge(8)] = None
    """Tokens after which an answer is cut off; when absent 1,024, or 4,096 from an endpoint."""
    context_length: Annotated[int | None, Ge(256)] = None
    """Tokens of prompt and answer together; when absent what the model's files or the server's refusals say. What is
    told of earlier programs is shortened to fit, the game's own words never. Say it for a server that cuts without a
    word, as Ollama does."""
    parallel: Annotated[int, Ge(0)] = 0
    """Questions an endpoint is asked at a time. 0: one where it runs on this machine, else a whole round's."""
    patience: Annotated[float, Ge(0)] = 30.0
    """Minutes to wait for an endpoint that goes away before the run stops, to be resumed."""
    stop: tuple[str, ...] = ()
    """Words at which an answer ends."""

    rounds: Annotated[int, Ge(1)] = 20
    """Rounds at most."""
    minutes: Annotated[float, Ge(0)] = 0.0
    """Minutes at most, those before a resume included; 0 for no limit."""
    tokens: Annotated[int, Ge(0)] = 0
    """Tokens asked and answered at most; 0 for no limit."""
    price_in: Annotated[float, Ge(0)] = 0.0
    """What a million tokens of prompt cost, in your currency."""
    price_out: Annotated[float, Ge(0)] = 0.0
    """What a million tokens of answer cost."""

    candidates: Annotated[int, COUNT] = 8
    """Programs asked for in a round; all play the same seeds, and so do those they come from."""
    islands: Annotated[int, COUNT] = 2
    """Groups of programs that go their own ways; now and then the best program moves into the one that is behind."""
    island_size: Annotated[int, COUNT] = 8
    """Programs an island keeps."""
    programs: Annotated[int, Ge(0)] = 2
    """Earlier programs a prompt shows at most. 0 shows none: the best of so many independent answers."""
    fresh: Annotated[float, Interval(ge=0, le=1)] = 0.25
    """Share of a round's programs that are at least asked for without any earlier one, so that new ideas go on coming;
    more are where that finds the better programs for its tokens. 0: never."""
    shorter: bool = False
    """Ask for programs that are shorter and score no less; of two that score alike the shorter is the better."""
    explain: bool = False
    """Ask for a sentence or two before the program, on what lost the games and what is changed."""

    train_seeds: Annotated[int, COUNT] = 0
    """Games each program plays in a round. 0: as suits the game, 4, or 2 for Atari."""
    eval_steps: Annotated[int, Ge(0)] = 5
    """Rounds between held-out evaluations of the champion; 0 evaluates only at the end. The model is told nothing of
    them."""
    eval_seeds: Annotated[int, Interval(ge=1, le=100), Hint("the published held-out seeds")] = 0
    """Held-out seeds, up to 100. 0: as suits the game, 16, or 4 for Atari."""
    champion_seeds: Annotated[int, COUNT] = 0
    """Games in which a new champion must beat the last. 0: as suits the game, 16, or 8 for Atari."""
    rewards: tuple[str, ...] = ()
    """Reward functions by which answers are judged in the records; those of training when empty. The search goes by
    scores alone."""

    move_cpu_s: Annotated[float | None, Interval(gt=0, le=LONGEST_S)] = None
    """CPU seconds a strategy may take for one move; the sandbox's own limit when absent."""
    game_cpu_s: Annotated[float | None, Interval(gt=0, le=LONGEST_S)] = None
    """CPU seconds for one game; the sandbox's own limit when absent."""
    match_cpu_s: Annotated[float | None, Interval(gt=0, le=LONGEST_S)] = None
    """CPU seconds for all games of a match; the sandbox's own limit when absent."""
    memory_mb: Annotated[int | None, Interval(gt=0, le=MOST_MEMORY_MB)] = None
    """Memory a strategy may use, in MiB; the sandbox's own limit when absent."""
    workers: Annotated[int | None, Gt(0)] = None
    """Matches played at once, at low priority; as many as there are cores when absent."""
    ray_address: str = ""
    """A Ray cluster whose cores play the matches; this machine's when empty."""
    threads: Annotated[int | None, Gt(0)] = None
    """Threads a model in this process computes with; one core is left to the person at the desk when absent."""
    vllm_gpu_memory_utilization: Annotated[float, Gt(0)] = 0.8
    """Share of a card's memory for vLLM, which writes where it is installed and the model is not small."""
    seed: Annotated[int, Interval(ge=0, le=LARGEST_SEED)] = 0
    """Seeds the model's sampling and the choice of parents, but not the games."""
    run_key: str = ""
    """Hex key from which the training seeds derive; drawn anew when empty."""
    output_dir: str = "outputs"
    """Where run folders go."""
    run_name: str = ""
    """The run folder's name; <game>-<model>-<time> when empty."""

    @property
    def label(self) -> str:
        """The models' short names."""
        return "+".join(dict.fromkeys(map(_label, self.model)))

    @property
    def options(self) -> dict[str, Any]:
        """The game's options, as :func:`grpo_arcade.games.make` takes them."""
        options: dict[str, Any] = parse_options(self.game_options, "game_options")
        for name in ("size", "target"):
            if (value := getattr(self, name)) is not None:
                options[name] = value
        if self.toolbox is not None:
            options[TOOLBOX] = self.toolbox
        return options

    def resolved(self) -> Self:
        """With a value wherever the default depends on the game or the model, and the text of a prompt's file.

        Raises:
            ConfigError: there is no such file.
        """
        usual = TrainConfig(game=self.game, toolbox=False).resolved()
        seeds = ("train_seeds", "eval_seeds", "champion_seeds")
        chosen: dict[str, Any] = {name: getattr(usual, name) for name in seeds if getattr(self, name) == 0}
        if not self.rewards:
            chosen["rewards"] = REWARDS
        if self.toolbox is None:
            chosen["toolbox"] = self._has_toolbox() and any(map(takes_toolbox, self.model))
        try:
            return replace(self, prompt=prompt_text(self.prompt), **chosen)
        except ValueError as error:
            raise ConfigError(str(error)) from error

    def _has_toolbox(self) -> bool:
        from grpo_arcade.games import make

        try:
            return make(self.game, **self.options).toolbox is not None
        except ValueError:
            return False  # which check() says better

    def check(self) -> None:
        """Refuse what cannot work, before anything slow starts; of a resolved configuration.

        Raises:
            ConfigError: in one line, what is wrong and what would work.
        """
        from grpo_arcade.games import make
        from grpo_arcade.trainer import rewards

        super().check()
        if not self.model:
            raise ConfigError("model names nobody; for example --model http://localhost:11434/v1#qwen2.5-coder:7b")
        if self.model_weights and len(self.model_weights) != len(self.model):
            raise ConfigError(f"{len(self.model_weights)} model_weights for {len(self.model)} models; give one a model")
        if any(weight < 0 for weight in self.model_weights) or (self.model_weights and not any(self.model_weights)):
            raise ConfigError("model_weights are numbers of 0 or more, and not all 0")
        check_pool(self)
        try:
            if len(make(self.game, **self.options).seats) > 1:
                raise ConfigError(
                    f"{self.game} needs a player at each of its seats; arcade improve asks for one player"
                )
            rewards.load(self.rewards)
        except ConfigError:
            raise
        except ValueError as error:
            raise ConfigError(str(error)) from error

    def defaults(self) -> dict[str, Any]:
        """As :meth:`to_dict`, with every setting as this game has it when nobody says otherwise."""
        return ImproveConfig(game=self.game).resolved().to_dict() | {"game": ImproveConfig.game}

    @classmethod
    def of(cls, run: RunReader) -> ImproveConfig:
        """The configuration a run was made with.

        Raises:
            RunFolderError: the run's ``config.json`` cannot be read.
            ConfigError: the run was no improvement.
        """
        if run.kind is not RunKind.SEARCH:
            raise ConfigError(f"{run.folder} is a training; {run.again} goes on with it")
        return cls.from_dict(run.config()["config"])


def _label(word: str) -> str:
    """Of an endpoint the model after the #, or where it is; of a path its last part."""
    where, _, name = word.partition("#")
    if where.startswith(("http://", "https://")):
        return name or where.partition("//")[2].partition("/")[0]
    return Path(word.rstrip("/")).name
