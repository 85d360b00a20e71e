"""MLflow's record of runs, on SQLite. Importing MLflow takes seconds: it happens while the code is being frozen."""

import logging
import os
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from mlops import QUIET, files
from mlops.errors import Failure, MlopsError
from mlops.platform.base import State
from mlops.steps import log

if TYPE_CHECKING:
    from mlflow.entities import RunData
    from mlflow.tracking import MlflowClient

LEVEL = {"MLFLOW_LOGGING_LEVEL": "WARNING"}
ENDS = {"finished": "FINISHED", "reused": "FINISHED", "cancelled": "KILLED"}


class Tracking:
    """Opens and closes runs in `mlflow.db` of a state folder; artifacts go beside it."""

    def __init__(self, state: Path) -> None:
        self._state = state
        self._file = state / "mlflow.db"
        self.uri = f"sqlite:///{self._file}?timeout=60"
        self._client: Future[MlflowClient] | None = None
        self._experiment: dict[str, str] = {}

    def load(self) -> "Future[MlflowClient]":
        """Begin to import MLflow and to open its database, in the background."""
        if self._client is None:
            self._client = ThreadPoolExecutor(1).submit(self._connected)
        return self._client

    def use(self, experiment: str) -> None:
        """Let the runs that are opened from now on belong to an experiment."""
        with self._recording() as client:
            found, place = client.get_experiment_by_name(experiment), str(self._state / "artifacts")
            number = found.experiment_id if found else client.create_experiment(experiment, place)
        self._experiment = {"MLFLOW_EXPERIMENT_ID": number, "MLFLOW_EXPERIMENT_NAME": experiment}

    def open(self, name: str, tags: Mapping[str, str]) -> str:
        with self._recording() as client:
            experiment = self._experiment["MLFLOW_EXPERIMENT_ID"]
            return client.create_run(experiment, tags=dict(tags), run_name=name).info.run_id

    def log_parameters(self, run: str, parameters: Mapping[str, str]) -> None:
        from mlflow.entities import Param

        with self._recording() as client:
            client.log_batch(run, params=[Param(*item) for item in parameters.items()])

    def keep(self, run: str, said: Path) -> None:
        """Log what a step of ours left in a file."""
        if said.exists():
            with self._recording() as client:
                log.keep(said.read_text("utf-8").splitlines(), client, run)

    def tag(self, run: str, name: str, text: str) -> None:
        with self._recording() as client:
            client.set_tag(run, name, text)

    def close(self, run: str, state: State, metrics: Mapping[str, float] | None = None) -> None:
        """End a run, with the tag `mlops.status` and MLflow's own word for it."""
        from mlflow.entities import Metric, RunTag

        now = int(time.time() * 1000)
        values = [Metric(name, value, now, 0) for name, value in (metrics or {}).items()]
        with self._recording() as client:
            client.log_batch(run, metrics=values, tags=[RunTag("mlops.status", state)])
            client.set_terminated(run, ENDS.get(state, "FAILED"))

    def close_all(self, run: str, state: State, metrics: Mapping[str, float] | None = None) -> None:
        """End a run, and as cancelled whatever was left open below it."""
        with self._recording() as client:
            experiment = client.get_run(run).info.experiment_id
            children = f"tags.`mlflow.parentRunId` = '{run}' and attributes.status = 'RUNNING'"
            for child in client.search_runs([experiment], children):
                self.close_all(child.info.run_id, "cancelled")
        self.close(run, state, metrics)

    def read(self, run: str) -> "RunData":
        """Parameters, metrics (the last value of each) and tags of a run."""
        with self._recording() as client:
            return client.get_run(run).data

    def knows(self, run: str) -> bool:
        with suppress(Failure):
            return bool(self.read(run))
        return False

    def artifacts(self, run: str) -> Path:
        return self._state / "artifacts" / run / "artifacts"

    def variables(self, run: str, job: str) -> dict[str, str]:
        """What makes MLflow in a node's process log to the node's run, which belongs to the run of a job."""
        return (QUIET | LEVEL | self._experiment) | {
            "MLFLOW_TRACKING_URI": self.uri,
            "MLFLOW_RUN_ID": run,
            "AZUREML_RUN_ID": run,
            "AZUREML_ROOT_RUN_ID": job,
        }

    @contextmanager
    def _recording(self) -> Iterator["MlflowClient"]:
        try:
            yield self.load().result()
        except MlopsError:
            raise
        except Exception as error:
            why = (str(error).splitlines() or [type(error).__name__])[0]
            what = f"could not record the run in {self._file}: {why.removesuffix('.')}"
            advice = "Free some space or check its rights, then repeat"
            if "schema" in why or "revision" in why:
                advice = f"Another version of MLflow made it: install that one, or `mlflow db upgrade {self.uri}`"
            raise Failure(f"{what}. {advice}.") from error

    def _connected(self) -> "MlflowClient":
        os.environ.update(LEVEL)
        logging.getLogger("mlflow").setLevel(logging.WARNING)
        from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore
        from mlflow.tracking import MlflowClient

        if not self._file.exists():
            with files.replacing(self._file) as draft:
                SqlAlchemyStore(f"sqlite:///{draft}", str(self._state / "artifacts")).engine.dispose()
        client = MlflowClient(self.uri, registry_uri=self.uri)
        client.search_experiments(max_results=1)
        return client
