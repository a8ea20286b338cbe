"""All strategies that try to get out, a module for related ways; importing one adds its attacks to the list."""

from tests.attacks.hostile import answers, evaluators, games, interpreter, modules, resources, system  # noqa: F401
from tests.attacks.hostile.attack import ATTACKS as ATTACKS
