"""An export goes to the Hugging Face hub, by its own client and with the person's own token."""

from __future__ import annotations

from pathlib import Path

from grpo_arcade.trainer.model_export.origin import ExportError


def check_hub(name: str) -> None:
    """Ask the hub who we are, before anything long begins.

    Raises:
        ExportError: offline, no token, or one the hub does not know; or no possible name.
    """
    from huggingface_hub import HfApi, get_token
    from huggingface_hub.constants import is_offline_mode
    from huggingface_hub.utils._validators import validate_repo_id

    try:
        validate_repo_id(name)
    except ValueError as error:
        raise ExportError(f"--push-to-hub {name}: {_line(error)}") from error
    if is_offline_mode():
        raise ExportError("--push-to-hub: HF_HUB_OFFLINE is set; without it, the export can be pushed")
    if get_token() is None:
        raise ExportError("--push-to-hub needs a token that may write: hf auth login, or HF_TOKEN")
    try:
        HfApi().whoami()
    except Exception as error:
        raise ExportError(f"--push-to-hub: the hub does not let us in: {_line(error)}") from error


def push(folder: Path, name: str, *, private: bool) -> str:
    """Upload the folder as a model; the address of its page.

    Raises:
        ExportError: the hub refuses; the folder stays.
    """
    from huggingface_hub import HfApi

    api = HfApi()
    try:
        page = api.create_repo(name, private=private, exist_ok=True)
        api.upload_folder(folder_path=folder, repo_id=page.repo_id, commit_message="GRPO Arcade: an exported model")
    except Exception as error:
        raise ExportError(f"the export lies in {folder}, but the hub did not take it: {_line(error)}") from error
    return str(page)


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:200]
