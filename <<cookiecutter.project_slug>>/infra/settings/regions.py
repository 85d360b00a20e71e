"""What Azure's public regions have, from regions.yml."""

from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path

import yaml

REGIONS: Mapping[str, list[str]] = yaml.safe_load(Path(__file__).with_suffix(".yml").read_text("utf-8"))
GEO_ZONES, ZONES = set(REGIONS["geo_zones"]), {*REGIONS["geo_zones"], *REGIONS["zones"]}
KNOWN = {*ZONES, *REGIONS["single"]}
HAVE = {"LRS": KNOWN, "ZRS": ZONES, "GZRS": GEO_ZONES}
"""Regions by the redundancy that storage can have there, the least first."""
STRANGE = "{!r} is no public region we know"


def stranger(name: str) -> str:
    """Why a name is no region, and what to write; empty where it is one."""
    if name in KNOWN:
        return ""
    near = get_close_matches(name.lower().replace(" ", ""), KNOWN, 1)
    hint = f"write {near[0]}, if that is meant" if near else "if Azure has it, add it to infra/settings/regions.yml"
    return f"{STRANGE.format(name)}: {hint}"


def lacks(name: str, redundancy: str) -> str:
    """What a known region would need for a redundancy; empty where it has it."""
    if name in HAVE[redundancy]:
        return ""
    return f"{name} has no availability zones" if name not in ZONES else f"{name} has no paired region to copy to"
