"""The model as MLflow loads it: a table in, a table of answers out; the same checks and the same words as the server.

A model from code: MLflow runs this file again where the model is loaded, with the copy of the code that lies beside it.
"""

import re
import sys
from pathlib import Path
from typing import Any

import msgspec
import pandas as pd
from mlflow.models import set_model
from mlflow.pyfunc import PythonModel, save_model

from mlops.serving.scorer import Scorer


class Model(PythonModel):
    def load_context(self, context: Any) -> None:
        self.scorer = Scorer.load(context.model_config["package"], Path(context.artifacts["artifact"]), sys.maxsize)

    def predict(self, context: Any, model_input: Any, params: dict[str, Any] | None = None) -> Any:
        """A table with a row of answers for each row of features. Raises Rejected, with every mistake in words."""
        rows = model_input.astype(object).where(model_input.notna(), None).to_dict("records")
        [found] = self.scorer.answer([self.scorer.reader.read(msgspec.json.encode({"rows": rows}))])
        if isinstance(found, Exception):
            raise found
        return pd.DataFrame(found)


def save(to: Path, artifact: Path, package: str, source: Path, lock: Path) -> None:
    """Write `MLmodel` and all that it needs: the artifact, the code below `source`, what the serving lock pins."""
    pinned = re.findall(r"^[\w.-]+==[^\\\n]+", lock.read_text("utf-8"), re.MULTILINE)
    save_model(
        to,
        python_model=__file__,
        artifacts={"artifact": str(artifact)},
        model_config={"package": package},
        code_paths=[str(source / "mlops"), str(source / package)],
        pip_requirements=["mlflow", "pandas", *pinned],
    )


set_model(Model())
