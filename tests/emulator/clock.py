"""Time in the emulated subscription: it stands still until a test moves it."""

from datetime import UTC, datetime, timedelta


class Clock:
    """Starts now, since programs compare dates with today's, or at `start`."""

    def __init__(self, start: datetime | None = None) -> None:
        self._now = start or datetime.now(UTC)

    def now(self) -> datetime:
        return self._now

    def advance(self, *, minutes: float = 0, days: float = 0) -> None:
        self._now += timedelta(minutes=minutes, days=days)

    def stamp(self) -> str:
        return self._now.strftime("%Y-%m-%dT%H:%M:%SZ")

    def since(self, stamp: str) -> float:
        """Minutes since `stamp`."""
        return (self._now - datetime.fromisoformat(stamp)).total_seconds() / 60
