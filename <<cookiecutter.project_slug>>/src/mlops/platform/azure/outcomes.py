"""What became of predictions in Azure ML: parts in the workspace's own store, where no server that is judged writes."""

import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl

from mlops import digest
from mlops.contract.types import Column
from mlops.outcomes import store
from mlops.platform.azure.blobs import Blobs
from mlops.platform.azure.client import Azure
from mlops.serving import vault
from mlops.serving.identity import VAULT

PLACE = "mlops/outcomes/"
CLOCKS = timedelta(hours=1)
"""By less than that clocks differ."""


def add(azure: Azure, file: Path, label: Column, now: datetime, late: datetime) -> dict[str, int]:
    """As `mlops.outcomes.store.add`, under the key of the log there. Two at once may store a row twice, which counts
    once."""
    url = f"{azure.names.log_key_id}/sign?api-version={vault.VERSION}"
    key, blobs = vault.made(azure.ask("POST", url, vault.ASKED, VAULT)), Blobs.of_workspace(azure)
    with tempfile.TemporaryDirectory() as scratch:
        blobs.fetch(PLACE, folder := Path(scratch, "outcomes"))
        counts = store.add(folder.parent, file, label, now, late, key)
        blobs.send(PLACE, {part.name: (part, digest.of_file(part)) for part in folder.glob("*.parquet")})
    return counts


def since(azure: Azure, moment: float) -> pl.DataFrame | None:
    """All outcomes, as `mlops.outcomes.store.read` gives them; None where none came since then."""
    blobs, first = Blobs.of_workspace(azure), datetime.fromtimestamp(moment, UTC) - CLOCKS
    if max((name.split("-")[1] for name in blobs.seen(PLACE)), default="") < f"{first:{store.WHEN}}":
        return None
    with tempfile.TemporaryDirectory() as scratch:
        blobs.fetch(PLACE, folder := Path(scratch, "outcomes"))
        return store.read(folder)
