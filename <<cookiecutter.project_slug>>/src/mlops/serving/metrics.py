"""What the server counts, as Prometheus reads it."""

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest

SECONDS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5)


class Metrics:
    def __init__(self, model: str, deployment: str, waiting: Callable[[], float], dropped: Callable[[], float]) -> None:
        self.registry = to = CollectorRegistry()
        ProcessCollector(registry=to)
        Gauge("mlops_model", "What is served.", ("model", "deployment"), registry=to).labels(model, deployment).set(1)
        Gauge("mlops_requests_waiting", "Requests that wait.", registry=to).set_function(waiting)
        Gauge("mlops_log_rows_dropped", "Rows that the log did not take.", registry=to).set_function(dropped)
        self._requests = Counter("mlops_requests", "Requests to /score, by status.", ("status",), registry=to)
        self._rows = Counter("mlops_rows", "Rows that were predicted.", registry=to)
        self._seconds = Histogram("mlops_request_seconds", "Time to answer.", buckets=SECONDS, registry=to)

    def answered(self, status: int, seconds: float, rows: int) -> None:
        self._requests.labels(status).inc()
        self._seconds.observe(seconds)
        self._rows.inc(rows)

    def page(self) -> bytes:
        return generate_latest(self.registry)
