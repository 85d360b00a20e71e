"""Callers of an endpoint who never stop, and what they are answered."""

import http.client
import json
import random
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass
class Calls:
    """What callers were answered: how often, by status and deployment."""

    answers: Counter = field(default_factory=Counter)
    broken: int = 0

    @property
    def failed(self) -> set[str]:
        """Who failed somebody."""
        return {name for status, name in self.answers if status >= 500}


@contextmanager
def callers(host: str, port: int, number: int = 4, pause: float = 0.03) -> Iterator[Calls]:
    """They ask an endpoint of the shop all the time."""
    calls, ended = Calls(), threading.Event()

    def call() -> None:
        while not ended.wait(pause):
            body = json.dumps({"rows": [{"age": random.randint(18, 99), "place": "town"}]})
            connection = http.client.HTTPConnection(host, port, timeout=10)
            try:
                connection.request("POST", "/score", body, {"content-type": "application/json"})
                answer = connection.getresponse()
                answer.read()
                calls.answers[answer.status, answer.headers["azureml-model-deployment"]] += 1
            except OSError:
                calls.broken += 1
            finally:
                connection.close()

    threads = [threading.Thread(target=call) for _ in range(number)]
    for thread in threads:
        thread.start()
    try:
        yield calls
    finally:
        ended.set()
        for thread in threads:
            thread.join()
