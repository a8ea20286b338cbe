import importlib.util
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")


@pytest.fixture(autouse=True)
def one_thread():
    """Tests run side by side: a second thread each would only make them wait for one another."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def pocket():
    from grpo_arcade.trainer.models import load

    return load("pocket")


@pytest.fixture(scope="session")
def prompt_ids(pocket):
    from grpo_arcade.games.registry import make

    def ids(**options):
        question = [{"role": "user", "content": make("2048", **options).prompt()}]
        return pocket[1].apply_chat_template(question, add_generation_prompt=True, return_dict=False)

    return ids


@pytest.fixture(scope="session")
def gpt_oss(tmp_path_factory):
    """A folder with a gpt-oss of two layers and four experts, random weights."""
    # It lies with the scripts that make one of full size.
    there = Path(__file__).parents[2] / "gpu" / "random_gpt_oss.py"
    spec = importlib.util.spec_from_file_location("random_gpt_oss", there)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.make_gpt_oss(tmp_path_factory.mktemp("gpt-oss"), "tiny")
