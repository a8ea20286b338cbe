"""MXFP4 as its specification has it, and as transformers reads it."""

import pytest

torch = pytest.importorskip("torch")

from grpo_arcade.trainer.model_export.mxfp4 import quantised  # noqa: E402

NUMBERS = torch.tensor([0, 0.5, 1, 1.5, 2, 3, 4, 6])


def unpacked(blocks, scales):
    from transformers.integrations.mxfp4 import convert_moe_packed_tensors

    return convert_moe_packed_tensors(blocks, scales, dtype=torch.float32).transpose(1, 2)


def test_every_number_goes_to_the_nearest_that_its_block_can_hold():
    torch.manual_seed(0)
    weight = torch.randn(2, 6, 96) * torch.logspace(-6, 3, 6)[:, None]
    back = unpacked(*quantised(weight))
    for block, kept in zip(weight.reshape(-1, 32), back.reshape(-1, 32), strict=True):
        scale = 2.0 ** (torch.floor(torch.log2(block.abs().max())) - 2)
        held = torch.cat([-NUMBERS, NUMBERS]) * scale
        nearest = (block[:, None] - held).abs().min(dim=1).values
        assert torch.allclose((block - kept).abs(), nearest, rtol=1e-6, atol=0)


def test_what_was_in_the_format_stays_as_it_was():
    torch.manual_seed(1)
    once = unpacked(*quantised(torch.randn(3, 64, 64)))
    assert torch.equal(unpacked(*quantised(once)), once)


def test_ties_go_to_the_even_code_zeros_stay_and_the_largest_is_six():
    row = torch.tensor([[0.25, 0.75, 1.25, 1.75, 2.5, 3.5, 5.0, -5.0, -2.5, 6.0, 7.9, 0.0] + [4.0] * 20])
    assert unpacked(*quantised(row[None]))[0, 0, :12].tolist() == [0, 1, 1, 2, 2, 4, 4, -4, -2, 6, 6, 0]
    assert unpacked(*quantised(torch.zeros(1, 2, 32))).abs().max() == 0


def test_shapes_are_those_of_published_checkpoints():
    blocks, scales = quantised(torch.ones(4, 128, 64))
    assert (tuple(blocks.shape), tuple(scales.shape)) == ((4, 128, 2, 16), (4, 128, 2))
    assert (blocks.dtype, scales.dtype) == (torch.uint8, torch.uint8)
