"""A tiny model that writes players of Connect Four: eight orders of the columns, known by heart."""

import pytest

from tests.trainer.conftest import make_tiny_model

ORDERS = ("0123456", "6543210", "3210456", "3456210", "0654321", "1234560", "5432106", "3241506")
PROGRAM = """```python
def strategy(board):
    return next(int(c) for c in "{order}" if board[0][int(c)] == 0)
```"""


@pytest.fixture(scope="session")
def column_model(tmp_path_factory):
    """Its folder."""
    from grpo_arcade.games import make

    taught = [(make("connect-four").prompt(), PROGRAM.format(order=order)) for order in ORDERS]
    return make_tiny_model(tmp_path_factory.mktemp("columns"), train_steps=120, taught=taught)
