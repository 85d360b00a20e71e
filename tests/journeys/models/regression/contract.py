from mlops.api import Column, Contract

DISTRICTS = ("harbour", "hill", "station", "old town")

FLAT = (
    Column("area", "number", unit="m²", range=(10, 300), about="Living area."),
    Column("rooms", "number", range=(1, 12), nullable=True, about="Rooms without kitchen and bath."),
    Column("district", "category", categories=DISTRICTS, unseen="accept", about="Part of the town."),
    Column("lift", "flag", about="Whether the house has a lift."),
)

SOURCES = {
    "applications": Contract(
        Column("flat", "text", role="id", about="The flat's number."),
        *FLAT,
        Column("rent", "number", role="label", unit="EUR", range=(0, 10_000), about="Rent a month."),
        min_rows=100,
    )
}

ROW = SOURCES["applications"]
