"""The limits of a gate: typed by the gate, set in `mlops.yaml` with a reason."""

from mlops.sections import Section


class Limits(Section):
    """What each gate's own `Limits` starts from. Every field has a default: a gate that nobody mentions is on."""

    reason: str = ""
    """Why the limits are what they are."""
