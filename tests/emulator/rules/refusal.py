"""The answer of Azure when it refuses."""


class Refusal(Exception):
    """An answer in Azure's error format; `retry_after` in seconds when Azure says when to come back."""

    def __init__(self, status: int, code: str, message: str, retry_after: int | None = None) -> None:
        self.status, self.code, self.message, self.retry_after = status, code, message, retry_after
        self.rule = ""
        super().__init__(f"{code}: {message}")
