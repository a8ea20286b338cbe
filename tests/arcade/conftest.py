import shutil

import pytest

from .strangers import poison


@pytest.fixture
def poisoned_run(tmp_path, whole_run):
    """A run whose every word is somebody's."""
    folder = tmp_path / "outputs" / "run \x1b[2K\nFORGED name\u202e"
    shutil.copytree(whole_run, folder)
    poison(folder)
    return folder
