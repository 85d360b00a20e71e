from mlops.api import Column, Contract

URGENCY = ("low", "normal", "high")

SOURCES = {
    "applications": Contract(
        Column("letter", "text", role="id", about="The letter's number."),
        Column("pages", "number", range=(1, 50), about="Pages."),
        Column("reminders", "number", range=(0, 9), about="Earlier letters on the same matter."),
        Column(
            "deadline_days", "number", unit="days", range=(0, 365), nullable=True, about="Days to a legal deadline."
        ),
        Column(
            "channel",
            "category",
            role="context",
            categories=("post", "mail", "portal"),
            sensitive=True,
            about="How it came.",
        ),
        Column("urgency", "category", role="label", categories=URGENCY, about="What a person decided."),
        min_rows=100,
        min_label_share=0.05,
    )
}

ROW = SOURCES["applications"]
