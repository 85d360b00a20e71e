from mlops.api import Column, Contract

ROW = Contract(
    Column("case", "text", "id"),
    Column("age", "number", unit="years", range=(0, 120)),
    Column("heat", "number", nullable=True),
    Column("ward", "category", categories=("north", "south side"), sensitive=True),
    Column("job", "category", categories=("clerk", "cook"), nullable=True, unseen="accept"),
    Column("smoker", "flag", nullable=True),
    Column("since", "time", nullable=True),
    Column("note", "text", nullable=True),
    Column("sex", "category", "context", categories=("f", "m"), sensitive=True),
    Column("urgency", "category", "label", categories=("can wait", "now")),
)
