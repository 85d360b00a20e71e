"""Whether a visitor buys."""

from mlops.api import Column, Contract

ROW = Contract(
    Column("age", "number", unit="years", range=(18, 99)),
    Column("place", "category", categories=("town", "country"), nullable=True, unseen="accept"),
    Column("buys", "flag", "label"),
)
SOURCES = {"visits": ROW}
