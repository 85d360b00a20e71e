"""`mlops outcomes`."""

from pathlib import Path
from typing import Annotated

import typer

from mlops.commands.common import AsJson, On, group, open_platform

app = group("Keep what became of predictions.")


@app.command()
def add(
    file: Annotated[Path, typer.Argument(help="CSV or Parquet: request_id, outcome, time, decision, perhaps looked.")],
    late: Annotated[int, typer.Option(min=0, max=36500, metavar="DAYS", help="Older outcomes are late.")] = 30,
    on: On = "local",
    as_json: AsJson = False,
) -> None:
    """Store what people decided, and what reality answered."""
    from datetime import UTC, datetime, timedelta

    from mlops import show

    here, now = open_platform(on), datetime.now(UTC)
    label = here.package.contract.ROW.one("label")
    counts = here.platform.endpoint.add_outcomes(file, label, now, now - timedelta(days=late))
    if as_json:
        return show.record(counts)
    show.facts({name: f"{count:,}" for name, count in counts.items()})
    if counts["contradictory"]:
        show.console.print("Both sides of a contradiction are kept. The later time counts; at equal times none does.")
    if counts["late"]:
        show.console.print(f"Those more than {late} days old change figures that may have been read already.")


@app.command()
def compact(
    after: Annotated[int, typer.Option(min=1, metavar="DAYS", help="Younger days stay: releases look at them.")] = 7,
    as_json: AsJson = False,
) -> None:
    """Pack the log of predictions into a Parquet file a day; remove what mlops.yaml no longer keeps."""
    from datetime import UTC, datetime

    from mlops import settings, show
    from mlops.outcomes import log

    file, today = settings.find(Path.cwd()), datetime.now(UTC).date()
    keep = settings.load(file).service.keep_log_days
    counts = log.compact(file.parent / ".mlops" / "serving", today, after, keep)
    show.record(counts) if as_json else show.facts({name: f"{count:,}" for name, count in counts.items()})
