"""What a data sheet says of a version of data: what was kept with it, its contract, its profile, models made of it."""

from datetime import date
from typing import Any

from mlops.contract.profile import Profile
from mlops.contract.types import Contract
from mlops.evidence.profiles import Contracts, of_version
from mlops.platform.base import Platform

FEW = 10
"""A group of fewer people is not counted out: somebody might be known by it."""


def facts(reference: str, platform: Platform, contracts: Contracts, today: date) -> dict[str, Any]:
    """What the template `data.md.j2` needs. Raises Misuse when there is no such version, Failure when it is gone."""
    version = platform.data.get(reference)
    contract, profile = contracts.get(version.name), of_version(version.reference, platform.data, contracts)
    lineages = {f"{each.name}:{each.version}": each.lineage for each in platform.models.list()}
    read = {name: [each["digest"] for each in lineage["data"].values()] for name, lineage in lineages.items()}
    return {
        "version": version,
        "versions": [each for each in platform.data.list() if each.name == version.name],
        "contract": contract,
        "profile": profile,
        "groups": groups(contract, profile) if contract and profile else {},
        "few": FEW,
        "models": [name for name, digests in read.items() if version.digest in digests],
        "today": today.isoformat(),
    }


def groups(contract: Contract, profile: Profile) -> dict[str, dict[str, int]]:
    """Rows of each group that the contract names, by sensitive column of the table."""
    there = [column for column in contract.sensitive if column.name in profile.columns]
    names = {column.name: column.categories or ("true", "false") for column in there}
    return {column: {name: profile.columns[column].count(name) for name in names[column]} for column in names}
