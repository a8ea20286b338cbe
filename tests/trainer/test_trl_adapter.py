"""What is private of TRL and transformers and used by the adapter is still there; another version is told by name."""

import ast
import inspect
from pathlib import Path

import pytest
import torch
import transformers
import trl
from trl import GRPOTrainer

from grpo_arcade.trainer import trl_adapter
from grpo_arcade.trainer.trl_adapter import ArcadeTrainer

ADAPTER = Path(trl_adapter.__file__)
OWN = {
    "_leave_out_what_was_cut_off",
    "_cut_off",
    "_ahead",
    "_learns_in_bfloat16",
    "_loop",
    "_engine",
    "_started_engine",
    "_scorer",
    "_batch",
    "_values",
    "_behaviours",
    "_own_advantages",
    "_spent",
    "_now",
    "_vllm_client",
    "_trainer",
}
"""The adapter's own names; a name of TRL's that is one of these would be overwritten."""
ELSEWHERE = {"_last_lr": torch.optim.lr_scheduler.LRScheduler, "_n_gpu": transformers.TrainingArguments}
"""Whose a private name is that is not the trainer's."""


def private_names(tree):
    """Every attribute with an underscore that is read, written or overridden, and not Python's own."""
    used = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    used |= {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    return {name for name in used if name.startswith("_") and not name.startswith("__")}


def borrowed():
    defined = {
        node.name for node in ast.parse(ADAPTER.read_text()).body if isinstance(node, ast.FunctionDef | ast.ClassDef)
    }
    return sorted(private_names(ast.parse(ADAPTER.read_text())) - OWN - defined)


def what_is_wrong(name, trainer):
    """What another version of ``trainer`` has changed about ``name``, in one line; nothing where all is well."""
    theirs, ours = getattr(trainer, name, None), vars(ArcadeTrainer).get(name)
    why = inspect.getdoc(ours).splitlines()[0] if ours is not None else "the adapter reads or calls it"
    of = f"TRL {trl.__version__} with transformers {transformers.__version__}"
    if ours is None and not callable(theirs):
        # An attribute: it counts as there while the source of the class, or of one it derives from, mentions it.
        sources = [
            inspect.getsource(kind)
            for kind in trainer.__mro__
            if kind.__module__.split(".")[0] in ("trl", "transformers")
        ]
        return "" if any(f"self.{name}" in source for source in sources) else f"{of} knows no {name}: {why}"
    if theirs is None:
        return f"{of} has no {trainer.__name__}.{name}: {why}"
    if ours is not None:
        taken, given = inspect.signature(ours).parameters, inspect.signature(theirs).parameters
        kinds = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
        named = [each for each, parameter in taken.items() if parameter.kind not in kinds]
        if list(given)[: len(named)] != named and "args" not in given:
            return f"{of} calls {name} with {', '.join(given)}, and the adapter takes {', '.join(named)}: {why}"
    return ""


def test_the_hooks_are_found_by_looking():
    assert {"_prepare_inputs", "_calculate_rewards", "_generate_single_turn", "_generate_and_score_completions"} < set(
        borrowed()
    )
    assert {"_get_per_token_logps_and_entropies", "_maybe_log_save_evaluate", "_save_checkpoint"} < set(borrowed())
    assert {"_last_lr", "_load_from_checkpoint", "_globalstep_last_logged", "_send_telemetry"} < set(borrowed())


@pytest.mark.parametrize("name", borrowed())
def test_what_is_borrowed_is_still_there(name):
    if name in ELSEWHERE:
        assert name in inspect.getsource(ELSEWHERE[name]), f"{ELSEWHERE[name].__name__} knows no {name} any more"
    else:
        assert what_is_wrong(name, GRPOTrainer) == ""


@pytest.mark.parametrize("name", sorted(name for name in vars(ArcadeTrainer) if name in borrowed()))
def test_every_override_says_why(name):
    assert inspect.getdoc(vars(ArcadeTrainer)[name])


def test_the_adapters_own_names_are_free():
    assert not [name for name in OWN if hasattr(GRPOTrainer, name)]


def test_another_version_is_told_by_name():
    class Without(GRPOTrainer):
        _calculate_rewards = None

    class Otherwise(GRPOTrainer):
        def _generate_single_turn(self, prompts):
            """Of some other version."""

    assert "has no Without._calculate_rewards: What every reward function says" in what_is_wrong(
        "_calculate_rewards", Without
    )
    assert "calls _generate_single_turn with self, prompts, and the adapter takes" in what_is_wrong(
        "_generate_single_turn", Otherwise
    )
    assert what_is_wrong("_buffered_inputs", GRPOTrainer) == ""
    assert "knows no _no_such_thing" in what_is_wrong("_no_such_thing", GRPOTrainer)


def test_nothing_private_of_a_trainer_is_touched_elsewhere():
    for path in ADAPTER.parent.rglob("*.py"):
        if path == ADAPTER:
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Attribute) and node.attr.startswith("_") and isinstance(node.value, ast.Name):
                assert node.value.id not in ("trainer", "policy", "accelerator"), f"{path.name}: {ast.unparse(node)}"
