"""The limits of a gate: typed by the gate, set in `mlops.yaml` with a reason."""

from mlops.sections import Section
from mlops.settings import Settings


class Limits(Section):
    """What each gate's own `Limits` starts from. Every field has a default: a gate that nobody mentions is on."""

    reason: str = ""
    """Why the limits are what they are."""

    def check_with(self, known: Settings) -> None:
        """Raises Misuse where they do not go with what else is in `mlops.yaml`."""
