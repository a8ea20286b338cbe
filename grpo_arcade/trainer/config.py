"""Everything about a training run that can be set, with the defaults of a run on a laptop.

Hyper-parameters carry the names TRL and Hugging Face gave them. Importing this module costs milliseconds; it must
never import torch, so that ``arcade train --help`` and ``--dry-run`` answer at once.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, Self

from annotated_types import Ge, Gt, Interval, Le

from grpo_arcade.cores import cores
from grpo_arcade.games.players.limits import LONGEST_S, MOST_MEMORY_MB
from grpo_arcade.games.seeds import LARGEST_SEED
from grpo_arcade.games.toolbox import OPTION as TOOLBOX
from grpo_arcade.recordings.runs.kind import RunKind
from grpo_arcade.trainer import processes
from grpo_arcade.trainer.bounds import COUNT, ConfigError, Hint, Settings
from grpo_arcade.trainer.question import is_pocket_sized, prompt_text, takes_toolbox

if TYPE_CHECKING:
    from grpo_arcade.games import Game
    from grpo_arcade.recordings.runs.reader import RunReader

REWARDS: tuple[str, ...] = ("function_works", "no_cheating", "strategy_succeeds", "progress", "gets_further")
"""Reward functions of a run that names none; the last for models whose programs mostly fail at first."""
SELF_PLAY_REWARDS: tuple[str, ...] = ("function_works", "no_cheating", "head_to_head")
"""The same in self-play, where other games are played than those for which the baselines' scores are known."""


@dataclass
class TrainConfig(Settings):
    """One GRPO run. The defaults teach the pocket model 2048 on two cores in about twenty minutes."""

    command: ClassVar[str] = "train"
    # Bounds are those of a resolved run: 0 may stand for "as suits the game" where at least 1 is wanted.

    game: str = "2048"
    """What is played."""
    size: int | None = None
    """The board's width and height in cells; the game's own default when absent."""
    target: int | None = None
    """The tile that wins; the game's own default when absent."""
    game_options: tuple[str, ...] = ()
    """Further options of the game, each as name=value."""
    toolbox: bool | None = None
    """Lend strategies the game's toolbox, and tell of it in the prompt. When absent: as suits the model, for which
    writing the game's rules again would be too much, or, in the pocket's case, was never asked for."""
    prompt: str = "game"
    """What the model is asked: game, its own words; tutorial, the same without a toolbox; or a text file."""
    curriculum: tuple[str, ...] = ()
    """Stages from easy to hard, each options of the game such as size=3,target=256; a stage may end in @0.6 for its
    own promotion mark. Empty: the one game above."""
    promote_at: Annotated[float, Interval(ge=0, le=1)] = 0.5
    """Share of held-out games that must be won before the next stage of the curriculum begins, 0 to 1."""

    model: str = "pocket"
    """Who learns: pocket, a Hugging Face folder, a checkpoint, or a name on the hub."""
    backend: Literal["auto", "transformers", "unsloth"] = "auto"
    """Which library makes it learn. auto: unsloth where it is installed, there is a CUDA or ROCm card, and the weights
    are more than 256 MiB; else transformers."""
    reasoning_effort: Literal["low", "medium", "high"] | None = None
    """How long a model may reason, where its chat template knows the word (gpt-oss does)."""
    dtype: Literal["auto", "float32", "bfloat16"] = "auto"
    """Precision of the arithmetic. auto: bfloat16 on a GPU that has it; on a processor that has it for learning, and
    for writing where a small model gains by it; else float32. What learns stays in float32."""
    load_in_4bit: bool = False
    """Keep the weights under a LoRA adapter in 4 bits (QLoRA); needs bitsandbytes and a card."""
    max_seq_length: int | None = None
    """Tokens of prompt and completion together that the model is made ready for; what they need when absent."""
    offload_embedding: bool = False
    """Keep the embedding in the machine's memory instead of the card's, which unsloth can do."""
    lora_r: Annotated[int, Ge(0)] = 0
    """Rank of the LoRA adapter; 0 trains all weights."""
    lora_alpha: Annotated[int | None, Gt(0)] = None
    """LoRA's scale; twice the rank when absent."""
    lora_dropout: Annotated[float, Interval(ge=0, le=1)] = 0.0
    """Dropout inside the adapter, 0 to below 1."""
    lora_target_modules: tuple[str, ...] = ()
    """Which layers get an adapter, by the ends of their names: q_proj, or of a mixture experts.gate_up_proj. All linear
    layers and all experts when empty."""

    learning_rate: Annotated[
        float | None, Gt(0), Le(0.1), Hint("more destroys any model; pocket takes 1e-4 to 3e-4")
    ] = None
    """Step size of AdamW. When absent: 1e-4; where the pocket model learns 2048 3e-4, where it plays itself 2e-4.
    Higher ones climb faster, and may fall."""
    lr_scheduler_type: Literal["constant", "constant_with_warmup", "linear", "cosine"] = "constant_with_warmup"
    """How the learning rate moves over the run."""
    warmup_steps: Annotated[float, Ge(0)] = 3
    """Steps over which the learning rate rises from 0; below 1, that share of all steps."""
    optim: Literal["adamw_torch", "adamw_torch_fused", "adamw_8bit", "paged_adamw_8bit", "adafactor"] = (
        "adamw_torch_fused"
    )
    """The optimizer; those of 8 bits need bitsandbytes and a card."""
    weight_decay: Annotated[float, Ge(0)] = 0.0
    """AdamW's decay of the weights."""
    adam_beta1: Annotated[float, Interval(ge=0, lt=1)] = 0.9
    """AdamW's averaging of the gradient."""
    adam_beta2: Annotated[float, Interval(ge=0, lt=1)] = 0.99
    """AdamW's averaging of the squared gradient; short, because a run is short."""
    max_grad_norm: Annotated[float, Gt(0)] = 0.3
    """Gradients are scaled down to this norm, which an ordinary step hardly reaches; it tames a group of failures."""
    max_steps: Annotated[int, Ge(1)] = 150
    """Optimizer steps."""
    num_generations: Annotated[int, Ge(2), Hint("GRPO compares the completions of a group")] = 32
    """Completions in one group, all of which play the same seeds."""
    per_device_train_batch_size: Annotated[int, COUNT] = 8
    """Completions that go through the model at once while it learns; lower it first when memory runs out. A small model
    learns from up to 64 at once where they are one step."""
    gradient_accumulation_steps: Annotated[int, Ge(1)] = 4
    """Such batches in one optimizer step; times the batch size, a multiple of num_generations."""
    steps_per_generation: Annotated[int | None, Gt(0)] = None
    """Batches generated at a time; gradient_accumulation_steps when absent, which keeps every step on-policy."""
    num_iterations: Annotated[int, Ge(1)] = 1
    """How often each generation is learnt from."""
    max_completion_length: Annotated[int, Ge(8)] = 128
    """Tokens after which a completion is cut off."""
    temperature: Annotated[float, Gt(0)] = 1.0
    """Sampling temperature, above 0."""
    beta: Annotated[float, Ge(0)] = 0.02
    """Weight of the KL divergence from the untrained model. A little of it keeps programs in shape: without, runs were
    seen to lose their syntax from step 40 on. 0 needs no second model."""
    epsilon: Annotated[float, Gt(0)] = 0.2
    """Clipping of the probability ratio. That is 1, and nothing is clipped, where each generation is learnt from in one
    step; it moves where num_iterations or steps_per_generation make several."""
    epsilon_high: Annotated[float | None, Gt(0)] = None
    """Upper clipping, when it differs; DAPO recommends 0.28. Like epsilon it changes nothing where a generation is one
    step."""
    loss_type: Literal["dapo", "grpo", "dr_grpo", "bnpo", "cispo", "sapo", "luspo", "vespo"] = "dapo"
    """How token losses are added up."""
    importance_sampling_level: Literal["token", "sequence"] = "token"
    """Ratios by token (GRPO) or by sequence (GSPO, best with loss_type grpo)."""
    scale_rewards: Literal["group", "batch", "none"] = "group"
    """What advantages are divided by: the group's spread, the batch's, or nothing (Dr. GRPO)."""
    copies: Literal["each", "shared"] | None = None
    """How programs of a group that played exactly the same games count. each: by itself, as in plain GRPO, where one
    that is written sixty times outvotes a better one that is written once. shared: together as one, whose advantage
    they share. When absent: each for the pocket model, but shared in self-play on Atari, and for larger ones."""
    risk_seeking: Annotated[float | None, Interval(ge=0, le=10)] = None
    """How much more the best of a group count than its mean: 0 as in plain GRPO; 1 weighs a program by the exponential
    of its standardised reward. When absent: 0 for the pocket model; 1 in self-play on Atari and for larger ones."""
    champion_in_group: bool | None = None
    """Whether the last completion of every group is the champion's, played and learnt from like the others: a good
    program that is found once is not forgotten before it is written again. When absent: for the pocket model, unless
    it plays against itself or is shown the champion (``feedback``)."""
    entropy_coef: Annotated[float, Ge(0)] = 0.0
    """Weight of the entropy in the loss: more keeps a model trying."""
    mask_truncated_completions: bool = True
    """Leave completions that were cut off out of the loss, where a few long ones would outweigh all that are good."""
    use_vllm: bool | None = None
    """Let vLLM write the completions. When absent: where it is installed, there is a card, and the weights are more
    than 256 MiB."""
    vllm_mode: Literal["colocate", "server"] = "colocate"
    """colocate: vLLM in this process, on the card that learns. server: a vLLM server on other cards, which gets the new
    weights after each step."""
    vllm_server_base_url: str = "http://localhost:8000"
    """Where that server listens."""
    vllm_server_timeout: Annotated[float, Gt(0)] = 240.0
    """Seconds to wait for it to come up."""
    vllm_gpu_memory_utilization: Annotated[float, Gt(0)] = 0.3
    """Share of the card's memory for vLLM where it is in this process."""
    vllm_enable_sleep_mode: bool = True
    """Whether vLLM in this process gives that memory back while the model learns."""
    vllm_importance_sampling_mode: Literal["token_truncate", "token_mask", "sequence_truncate", "sequence_mask"] = (
        "token_truncate"
    )
    """How the loss allows for the little by which vLLM's probabilities differ from the learner's: by a ratio a token,
    or by one for a whole completion, which over hundreds of tokens is mostly noise; truncated, or left out, above
    vllm_importance_sampling_clip_max."""
    vllm_importance_sampling_clip_max: Annotated[float, Gt(0)] = 2.0
    """The most such a ratio may be."""
    gradient_checkpointing: bool = False
    """Compute activations twice instead of keeping them: slower, with less memory."""

    self_play: bool = False
    """Let strategies play each other: each group meets a league of the champion, earlier champions and baselines, from
    both sides. Held-out games are those of the game for one as ever, against an opponent never trained with."""
    league_opponents: Annotated[int, Ge(1)] = 0
    """Members of the league that each group meets: the champion, and others drawn by how hard they are; of one alone,
    the champion every other time. 0: as suits the game, 3, or 1 for Atari."""
    league_baselines: tuple[str, ...] = ()
    """Baselines of the game that are in the league from the beginning. When empty: random, and scripted on Atari."""

    rewards: tuple[str, ...] = ()
    """Reward functions: names of grpo_arcade.trainer.rewards, or package.module:function of your own. When empty:
    function_works, no_cheating, and head_to_head in self-play, else strategy_succeeds, progress and, unless the model
    is as small as the pocket's, whose programs run from the start and for which it is no help, gets_further."""
    reward_weights: tuple[float, ...] = ()
    """One weight a reward function; when empty progress counts 50 times, gets_further 5 times, every other once."""
    train_game_options: tuple[str, ...] = ()
    """Options of the game in training where they differ from the held-out games', each as name=value; a game that ends
    sooner makes a cheaper step. When empty in self-play on Atari: max_num_frames_per_episode=3000."""
    train_seeds: Annotated[int, COUNT] = 0
    """Games each strategy plays in training, the same ones for its whole group. 0: as suits the game, 4, or 2 for
    Atari, where a game takes seconds."""

    feedback: Annotated[float, Interval(ge=0, le=1)] = 0.0
    """Share of the groups that are shown an earlier champion and how its games went, and asked for a better program."""

    eval_steps: Annotated[int, Ge(0)] = 20
    """Steps between held-out evaluations; 0 evaluates only at the start and the end."""
    eval_strategies: Annotated[int, COUNT] = 0
    """Strategies sampled, at temperature 1, for one evaluation. 0: as suits the game, 64, Atari 16, self-play 8."""
    eval_seeds: Annotated[int, Interval(ge=1, le=100), Hint("the published held-out seeds")] = 0
    """Held-out seeds each of them plays, up to 100. 0: as suits the game, 16, or 4 for Atari, 2 in its self-play."""
    champion_seeds: Annotated[int, COUNT] = 0
    """Games in which a new champion must beat the last. 0: as suits the game, 16, or 8 for Atari, 6 in self-play."""

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
    """A Ray cluster whose cores play the matches: host:port of one this machine belongs to, ray://host:port of
    another, or auto. Empty: this machine's cores."""
    threads: Annotated[int | None, Gt(0)] = None
    """Threads the model computes with; one core is left to the person at the desk when absent."""

    fallback: bool = True
    """When training collapses, go back to the last good checkpoint and on with half the learning rate."""
    save_steps: Annotated[int, Ge(1)] = 10
    """Steps between checkpoints that are kept. The newest state is saved after every step, as long as that takes less
    than a twentieth of the time."""
    save_total_limit: Annotated[int, Ge(1)] = 3
    """Checkpoints kept, beside the newest, the best one and the one to fall back to."""
    logging_steps: Annotated[int, Ge(1)] = 1
    """Steps between lines in the log; the run folder records every step."""
    seed: Annotated[int, Interval(ge=0, le=LARGEST_SEED)] = 0
    """Seeds the model's sampling and everything else that is random, but not the games of training."""
    run_key: str = ""
    """Hex key from which the training seeds derive, so that no strategy can know them; drawn anew when empty."""
    output_dir: str = "outputs"
    """Where run folders go."""
    run_name: str = ""
    """The run folder's name; <game>-<model>-<time> when empty."""
    report_to: tuple[Literal["none", "tensorboard", "trackio", "wandb"], ...] = ("none",)
    """Experiment trackers to write to as well, one or several; those that show pictures get the champion's GIF."""

    @property
    def options(self) -> dict[str, Any]:
        """The game's options of a run without curriculum, as :func:`grpo_arcade.games.make` takes them."""
        options: dict[str, Any] = parse_options(self.game_options, "game_options")
        for name in ("size", "target"):
            if (value := getattr(self, name)) is not None:
                options[name] = value
        if self.toolbox is not None:
            options[TOOLBOX] = self.toolbox
        return options

    @property
    def training_options(self) -> dict[str, Any]:
        """The game's options in training, where they differ from the held-out games'."""
        return parse_options(self.train_game_options, "train_game_options")

    @property
    def completions_per_step(self) -> int:
        """Completions behind one optimizer step, of all processes the launcher has started."""
        return self.per_device_train_batch_size * self.gradient_accumulation_steps * processes.count()

    @property
    def generation_batch_size(self) -> int:
        """Completions generated at a time, by all processes."""
        batches = self.steps_per_generation or self.gradient_accumulation_steps
        return self.per_device_train_batch_size * batches * processes.count()

    def resolved(self) -> Self:
        """With a value wherever the default depends on the game or the model, and the text of a prompt's file.

        Raises:
            ConfigError: there is no such file.
        """
        atari = self.game.startswith("atari/")
        game = self._game() if self.toolbox is None or (atari and not self.league_baselines) else None
        usual = (_ATARI_GAMES if atari else _GAMES) | ((_ATARI_COURTS if atari else _COURTS) if self.self_play else {})
        chosen: dict[str, Any] = {name: value for name, value in usual.items() if getattr(self, name) in (0, ())}
        if not self.league_baselines:
            known = game.baselines if game is not None and atari else ()
            chosen["league_baselines"] = ("random", "scripted") if "scripted" in known else ("random",)
        small = is_pocket_sized(self.model)
        if self.learning_rate is None:
            usual_rate = 2e-4 if self.self_play else 3e-4 if self.game == "2048" else 1e-4
            chosen["learning_rate"] = usual_rate if small else 1e-4
        if self.toolbox is None:
            chosen["toolbox"] = game is not None and game.toolbox is not None and takes_toolbox(self.model)
        if self.copies is None or self.risk_seeking is None:
            plain = small and not (self.self_play and atari)
            chosen["copies"] = self.copies or ("each" if plain else "shared")
            chosen["risk_seeking"] = (0.0 if plain else 1.0) if self.risk_seeking is None else self.risk_seeking
        if self.champion_in_group is None:
            chosen["champion_in_group"] = small and not self.self_play and not self.feedback
        if not self.rewards and self.self_play:
            chosen["rewards"] = SELF_PLAY_REWARDS
        elif not self.rewards:
            chosen["rewards"] = REWARDS[:-1] if small else REWARDS
        try:
            return replace(self, prompt=prompt_text(self.prompt), **chosen)
        except ValueError as error:
            raise ConfigError(str(error)) from error

    def _game(self) -> Game | None:
        from grpo_arcade.games import make

        try:
            return make(self.game, **self.options)
        except ValueError:
            return None  # check() says better why not

    @property
    def steps_per_round(self) -> int:
        """Optimizer steps that learn from one generation; 1 where every step is on-policy."""
        batches = (self.steps_per_generation or self.gradient_accumulation_steps) * self.num_iterations
        return -(-batches // self.gradient_accumulation_steps)

    @property
    def template(self) -> dict[str, Any]:
        """What a chat template is told beside the prompt."""
        return {"reasoning_effort": self.reasoning_effort} if self.reasoning_effort else {}

    def resolved_threads(self) -> int:
        """Threads for the model, of each process on this host."""
        return self.threads or max(1, spare_threads() // processes.count_here())

    @property
    def trackers(self) -> list[str]:
        """The experiment trackers to write to."""
        return [name for name in self.report_to if name != "none"]

    def defaults(self) -> dict[str, Any]:
        """As :meth:`to_dict`, with every setting as this game has it when nobody says otherwise."""
        return TrainConfig(game=self.game).resolved().to_dict() | {"game": TrainConfig.game}

    @classmethod
    def of(cls, run: RunReader) -> TrainConfig:
        """The configuration a run was made with; a setting younger than the run is at its default.

        Raises:
            RunFolderError: the run's ``config.json`` cannot be read.
            ConfigError: it holds what is no setting, or the run was no training.
        """
        if run.kind is RunKind.SEARCH:
            raise ConfigError(f"{run.folder} is a search and trained no model; {run.again} goes on with it")
        # Before there were toolboxes none was lent, and every copy counted, whatever the model.
        older = {"toolbox": False, "copies": "each", "risk_seeking": 0.0, "champion_in_group": False}
        return cls.from_dict({**older, **run.config()["config"]})

    def differences(self) -> dict[str, Any]:
        """The settings that are not at their default for this game."""
        default = TrainConfig(game=self.game).resolved().to_dict() | {"game": TrainConfig.game}
        return {name: value for name, value in self.resolved().to_dict().items() if value != default[name]}


def spare_threads() -> int:
    """Threads for a model that computes while somebody uses the machine: all but one."""
    return max(1, cores() - 1)


def parse_options(texts: tuple[str, ...], where: str) -> dict[str, Any]:
    """Options of a game from name=value words; ``where`` names the setting in the refusal."""
    options: dict[str, Any] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name.strip().isidentifier():
            raise ConfigError(f"{where}: {text!r} is not name=value; for example size=4")
        if name.strip() in options:
            raise ConfigError(f"{where}: {name.strip()} is given twice")
        options[name.strip()] = _value(value.strip())
    return options


def _value(text: str) -> Any:
    for kind in (int, float):
        with suppress(ValueError):
            return kind(text)
    return {"true": True, "false": False}.get(text.lower(), text)


_GAMES = {"train_seeds": 4, "eval_strategies": 64, "eval_seeds": 16, "champion_seeds": 16, "league_opponents": 3}
_ATARI_GAMES = {"train_seeds": 2, "eval_strategies": 16, "eval_seeds": 4, "champion_seeds": 8, "league_opponents": 1}
_COURTS: dict[str, Any] = {"train_seeds": 2}
_ATARI_COURTS: dict[str, Any] = {"train_seeds": 1, "champion_seeds": 6, "eval_strategies": 8, "eval_seeds": 2}
_ATARI_COURTS |= {"train_game_options": ("max_num_frames_per_episode=3000",)}
"""In self-play, where each seed is played from both sides; on the console who plays well plays long."""
