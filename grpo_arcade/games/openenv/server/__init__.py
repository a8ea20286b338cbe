"""Any registered game as a real OpenEnv server: the library's own app factory and WebSocket protocol.

Importing this package imports ``openenv`` (a second, 75 MB), so nothing but ``arcade serve`` and a deployed server's
``app.py`` may do so; the linter holds everything else to that.
"""

import sys

# Where gradio is not installed, the library does without a page of its own. Ours is web.py, and gradio would be most of
# the import, so here it is not installed for as long as that takes.
_HIDE = "gradio" not in sys.modules
if _HIDE:
    sys.modules["gradio"] = None  # type: ignore[assignment]
try:
    import openenv.core.env_server  # noqa: F401
finally:
    if _HIDE:
        del sys.modules["gradio"]

from grpo_arcade.games.openenv.server.app import build_app, run  # noqa: E402
from grpo_arcade.games.openenv.server.limits import Limits  # noqa: E402
from grpo_arcade.games.openenv.server.visitors import Visitors  # noqa: E402

__all__ = ["Limits", "Visitors", "build_app", "run"]
