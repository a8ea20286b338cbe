"""A model as one GGUF file is a model like any other: it writes, learns, and is found again."""

import json
import shutil

import pytest
import torch

from grpo_arcade.games import make
from grpo_arcade.games.players import MatchPool
from grpo_arcade.trainer.config import TrainConfig
from grpo_arcade.trainer.evaluate import evaluate_named_model
from grpo_arcade.trainer.grpo import train
from grpo_arcade.trainer.models import POCKET, ModelError, load, locate
from grpo_arcade.trainer.models.loading import is_small, open_tokenizer
from grpo_arcade.trainer.question import takes_toolbox

gguf = pytest.importorskip("gguf")


@pytest.fixture(autouse=True)
def _cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def source():
    """A Qwen2 of random weights with the pocket's tokenizer."""
    from transformers import Qwen2Config, Qwen2ForCausalLM

    torch.manual_seed(0)
    config = Qwen2Config(
        vocab_size=len(open_tokenizer(POCKET)), hidden_size=64, intermediate_size=128, num_hidden_layers=2,
        num_attention_heads=4, num_key_value_heads=2, max_position_embeddings=2048, tie_word_embeddings=True,
    )  # fmt: skip
    return Qwen2ForCausalLM(config).eval()


@pytest.fixture
def file(source, tmp_path):
    """The same as llama.cpp would have it."""
    config, path = source.config, tmp_path / "tiny.gguf"
    writer = gguf.GGUFWriter(path, "qwen2")
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_block_count(config.num_hidden_layers)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_rope_freq_base(10000.0)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    pocket = open_tokenizer(POCKET)
    described = json.loads(pocket.backend_tokenizer.to_str())
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("qwen2")
    writer.add_token_list(pocket.convert_ids_to_tokens(range(len(pocket))))
    writer.add_token_types([gguf.TokenType.NORMAL] * len(pocket))
    writer.add_token_merges([" ".join(pair) for pair in described["model"]["merges"]])
    writer.add_eos_token_id(pocket.eos_token_id)
    writer.add_chat_template(pocket.chat_template)
    names = gguf.get_tensor_name_map(gguf.MODEL_ARCH.QWEN2, config.num_hidden_layers)
    for key, weights in source.state_dict().items():
        if key != "lm_head.weight":
            writer.add_tensor(names.get_name(key, try_suffixes=(".weight", ".bias")), weights.float().numpy())
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def test_it_says_what_the_source_says(file, source, capsys):
    model, tokenizer = load(str(file), dtype="float32")
    assert "unpacking tiny.gguf" in capsys.readouterr().err
    text = "def strategy(board):\n    return 'W'"
    ids = tokenizer(text)["input_ids"]
    assert tokenizer.decode(ids) == text
    assert tokenizer.convert_ids_to_tokens(ids) == open_tokenizer(POCKET).convert_ids_to_tokens(ids)
    assert tokenizer.chat_template.strip() == open_tokenizer(POCKET).chat_template.strip()
    with torch.no_grad():
        mine, theirs = (each(input_ids=torch.tensor([ids])).logits for each in (model, source.bfloat16().float()))
    assert torch.allclose(mine, theirs, atol=1e-3)
    load(str(file))
    assert "unpacking" not in capsys.readouterr().err


def test_a_run_on_it_learns_and_finds_it_again(file, tmp_path):
    config = TrainConfig(
        model=str(file), output_dir=str(tmp_path), run_name="run", num_generations=2, per_device_train_batch_size=2,
        gradient_accumulation_steps=1, max_steps=1, max_completion_length=8, train_seeds=1, eval_strategies=1,
        eval_seeds=1, eval_steps=0, lora_r=2, threads=1, workers=1,
    )  # fmt: skip
    result = train(config)
    adapter = json.loads((result.folder / "checkpoint-1" / "adapter_config.json").read_text())
    assert adapter["base_model_name_or_path"] == str(file)
    shutil.rmtree(tmp_path / "cache")
    with MatchPool(workers=1) as pool:
        found = evaluate_named_model(str(result.folder), make("2048"), [0], pool=pool, player="tiny", strategies=1)
    assert len(found.rollouts) == 1
    assert (tmp_path / "cache").is_dir()


def test_what_cannot_be_unpacked_is_one_line_and_leaves_nothing(tmp_path):
    torn = tmp_path / "torn.gguf"
    torn.write_bytes(b"GGUF" + bytes(60))
    for name, line in ((torn, "cannot be unpacked"), (tmp_path / "none.gguf", "there is no model at")):
        with pytest.raises(ModelError, match=line) as refusal:
            locate(str(name))
        assert "\n" not in str(refusal.value)
    assert not [path for path in (tmp_path / "cache").rglob("*") if path.is_file() or "torn" in path.name]


def test_nothing_is_unpacked_to_see_how_large_it_is(file, tmp_path):
    assert is_small(str(file))
    assert not takes_toolbox(str(file))
    large = tmp_path / "large.gguf"
    with open(large, "wb") as sparse:
        sparse.truncate(100 << 20)
    assert takes_toolbox(str(large))
    assert not (tmp_path / "cache").exists()
