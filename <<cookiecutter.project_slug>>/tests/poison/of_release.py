"""Poisons for the gates of stage release: a model that passed all others is registered, and verified."""

from mlops import platform, settings
from mlops.evidence import entries
from mlops.gates.base import Verdict

from .copies import Copy, Nothing
from .of_data import DECLARED, number
from .of_model import EXPORTED
from .poisons import poison

AGED = """
import json, sys
said = json.load(open(sys.argv[1]))
said['at'] = '2001-01-01T00:00:00+00:00'
json.dump(said, open(sys.argv[1], 'w'))
"""


@poison("a batch that must be done in a microsecond", "cost")
def hasty(copy: Copy) -> list[Verdict]:
    copy.edit("mlops.yaml", lambda plain: plain["service"]["batch"].update(deadline_minutes=1e-6 / 60))
    return copy.verify(copy.registered)


@poison("a model that was trained in 2001", "staleness")
def aged(copy: Copy) -> list[Verdict]:
    copy.follow("train", AGED, "${{outputs.training}}")
    copy.run()
    return copy.verify(copy.register())


@poison("a model in service that takes higher numbers", "compatibility")
def narrower(copy: Copy) -> list[Verdict]:
    """The one in service was made under a wider contract, of other bytes. It stays: this poison is the last."""
    source = next(iter(copy.sources))
    feature = copy.sources[source][number(copy, source)]
    if feature.range is None:
        raise Nothing(f"{feature.name} has no range")
    low, high = feature.range
    wider = f'replace(each, range=({low}, {high + 1})) if each.name == "{feature.name}" else each'
    code = DECLARED.format(source=source, columns=f"[{wider} for each in contract]")
    copy.append("contract", f"{code}ROW = _other(ROW)\n")
    copy.append("train", EXPORTED.format(text="'wider'"))
    copy.run()
    here = platform.open("local", copy.path)
    served = here.models.get(copy.register())
    entries.add(here, settings.load(copy.path / "mlops.yaml"), "local", "champion", {served.name: served.digest}, {})
    copy.restore()
    return copy.verify(copy.registered)
