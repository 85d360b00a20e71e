"""What Azure refuses. The order of the modules is the order in which Azure finds out."""

from importlib import import_module

from tests.emulator.rules.refusal import Refusal as Refusal
from tests.emulator.rules.rule import RULES as RULES
from tests.emulator.rules.rule import Ask as Ask
from tests.emulator.rules.rule import judge as judge

ORDER = (
    *("rbac", "parents", "requests", "locks", "names", "assignments"),
    *(
        "network",
        "storage",
        "vault",
        "managed_network",
        "workspace",
        "assets",
        "registry",
        "jobs",
        "schedules",
        "endpoints",
        "observe",
    ),
)
for module in ORDER:
    import_module(f"tests.emulator.rules.{module}")
