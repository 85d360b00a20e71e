"""The model as MLflow loads it: a table in, a table of answers out; the same checks and the same words as the server.

A model from code: MLflow runs this file again where the model is loaded, with the copy of the code that lies beside it.
"""

import logging
import os
import re
import sys
from pathlib import Path
from typing import Any

import msgspec
import pandas as pd
from mlflow.models import set_model
from mlflow.pyfunc import PythonModel, save_model

import mlops
from mlops import carried, files
from mlops.serving.scorer import Scorer


class Model(PythonModel):
    def load_context(self, context: Any) -> None:
        artifact = Path(context.artifacts["artifact"])
        with carried.served(artifact) as package:
            self.scorer = Scorer.load(package, artifact, sys.maxsize)

    def predict(self, context: Any, model_input: pd.DataFrame, params: Any = None) -> pd.DataFrame:  # type: ignore[override]
        """A table with a row of answers for each row of features. Raises Rejected, with every mistake in words."""
        table: Any = model_input
        rows = table.astype(object).where(table.notna(), None).to_dict("records")
        body = msgspec.json.encode({"rows": rows}, enc_hook=pd.Timestamp.isoformat)
        [found] = self.scorer.answer([self.scorer.reader.read(body)])
        if isinstance(found, Exception):
            raise found
        return pd.DataFrame(found)


def save(to: Path, artifact: Path, lock: Path) -> None:
    """Write `MLmodel` and all that it needs: `artifact/` with its package, this code, what the serving lock pins."""
    os.environ["MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR"] = "false"
    for misses in ("pyfunc", "utils.environment"):  # a signature: the contract is checked instead; and pip
        logging.getLogger(f"mlflow.{misses}").setLevel(logging.ERROR)
    pinned = re.findall(r"^[\w.-]+==[^\\\n]+", lock.read_text("utf-8"), re.MULTILINE)
    save_model(
        to,
        python_model=__file__,
        artifacts={carried.ARTIFACT: str(artifact)},
        code_paths=list(mlops.__path__),
        pip_requirements=["mlflow", "pandas", *pinned],
    )
    (to / "artifacts" / artifact.name).rename(to / carried.ARTIFACT)
    (to / "artifacts").rmdir()
    said = (to / "MLmodel").read_text("utf-8")
    files.write_text(to / "MLmodel", said.replace(f"artifacts/{artifact.name}", carried.ARTIFACT))


set_model(Model())
