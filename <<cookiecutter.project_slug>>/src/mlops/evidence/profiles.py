"""Profiles of data: computed once for each version of the store, under the contract of its name."""

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from mlops import digest
from mlops.contract.profile import Profile, profile
from mlops.contract.read import reading, scan
from mlops.contract.types import Contract
from mlops.errors import Misuse
from mlops.platform.base import Data

Contracts = Mapping[str, Contract]


def of_both(a: str, b: str, data: Data, contracts: Contracts) -> list[Profile]:
    """Profiles of two versions or paths; a path is read under the contract of the other's name, or of its own.

    Raises Misuse for what is neither, or no table.
    """
    versions = [data.get(what) if not Path(what).exists() or _known(what, data) else None for what in (a, b)]
    name = next((version.name for version in versions if version), Path(a).stem)
    found = []
    for what, version in zip((a, b), versions, strict=True):
        kept = of_version(version.reference, data, contracts) if version else _of(Path(what), contracts.get(name))
        if kept is None:
            raise Misuse(f"{what} is no table. Name a .parquet or .csv file, or a folder of .parquet files.")
        found.append(kept)
    return found


def of_version(reference: str, data: Data, contracts: Contracts, same: Path | None = None) -> Profile | None:
    """The profile that is kept with a version, or is from now on; None for what is no table.

    `same` are the same bytes, where they are at hand. Raises Misuse when the table cannot be read, Failure when it is
    gone.
    """
    version = data.get(reference)
    contract = contracts.get(version.name)
    mark = digest.of_value([repr(column) for column in contract or ()])
    kept = data.profile(reference) or {}
    with suppress(KeyError, TypeError):
        if kept["contract"] == mark:
            return Profile.of(kept)
    found = _of(same or data.content(reference), contract)
    if found:
        data.keep_profile(reference, found.plain() | {"contract": mark})
    return found


def _of(path: Path, contract: Contract | None) -> Profile | None:
    if not (any(path.glob("*.parquet")) if path.is_dir() else path.suffix.lower() in (".parquet", ".csv")):
        return None
    with reading(path):
        return profile(scan(path), contract)


def _known(what: str, data: Data) -> bool:
    return what in {name for each in data.list() for name in (each.name, each.reference)}
