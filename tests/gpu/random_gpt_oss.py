"""A gpt-oss with random weights, tiny or of full size, for machines that cannot download one.

``python tests/gpu/random_gpt_oss.py FOLDER 20b`` makes it on the card, in BF16. Its tokenizer is the pocket model's, with
a chat template that knows ``reasoning_effort``; of the 201,088 tokens only the first thousand mean something.
"""

import sys

TEMPLATE = (
    "{%- if reasoning_effort is defined %}Reasoning: {{ reasoning_effort }}\n{% endif -%}"
    "{% for message in messages %}{{ message['role'] }}: {{ message['content'] }}\n{% endfor -%}"
    "{% if add_generation_prompt %}assistant: {% endif %}"
)

SHAPES = {
    "tiny": {
        "hidden_size": 64,
        "intermediate_size": 64,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "head_dim": 16,
        "num_local_experts": 4,
        "num_experts_per_tok": 2,
        "sliding_window": 64,
        "max_position_embeddings": 2048,
    },
    # openai/gpt-oss-20b's config.json
    "20b": {
        "vocab_size": 201_088,
        "hidden_size": 2880,
        "intermediate_size": 2880,
        "num_hidden_layers": 24,
        "num_attention_heads": 64,
        "num_key_value_heads": 8,
        "head_dim": 64,
        "num_local_experts": 32,
        "num_experts_per_tok": 4,
        "sliding_window": 128,
        "max_position_embeddings": 131_072,
    },
}


def make_gpt_oss(folder, shape):
    """Make the model (the full one on the card) and save it in ``folder``; the folder's name."""
    import torch
    from transformers import GptOssConfig, GptOssForCausalLM

    from grpo_arcade.trainer.models.loading import open_tokenizer

    tokenizer = open_tokenizer("pocket")
    tokenizer.chat_template = TEMPLATE
    config = GptOssConfig(
        **{
            "vocab_size": len(tokenizer),
            "bos_token_id": None,
            "eos_token_id": tokenizer.eos_token_id,
            "pad_token_id": tokenizer.pad_token_id,
            "rope_parameters": {"rope_type": "default", "rope_theta": 150_000.0},
            **SHAPES[shape],
        }
    )
    torch.manual_seed(0)
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float32 if shape == "tiny" else torch.bfloat16)
    try:
        with torch.device("cpu" if shape == "tiny" else "cuda"):
            model = GptOssForCausalLM(config)
    finally:
        torch.set_default_dtype(before)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return str(folder)


if __name__ == "__main__":
    make_gpt_oss(*sys.argv[1:])
