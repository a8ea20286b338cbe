"""Any registered game as a real OpenEnv server: the library's own app factory and WebSocket protocol.

Importing this package imports ``openenv`` (two seconds, 160 MB), so nothing but ``arcade serve`` and a deployed
server's ``app.py`` may do so; the linter holds everything else to that.
"""

from grpo_arcade.games.openenv.server.app import build_app, run
from grpo_arcade.games.openenv.server.limits import Limits
from grpo_arcade.games.openenv.server.visitors import Visitors

__all__ = ["Limits", "Visitors", "build_app", "run"]
