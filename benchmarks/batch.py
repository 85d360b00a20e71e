"""Scoring 5 million rows beside pandas and a scikit-learn pipeline of the same model; memory at 0.5 and 5 million.

The usual pipeline is one-hot encoding and scikit-learn's own boosted trees; it is what our bounds are about. The same
with LightGBM, which trained our model too, shows what is left when its trees are the same. Neither checks a row.
"""

import sys
import tempfile
from pathlib import Path

from measure import Timing, machine, measured, once, ratio, report
from pipelines import generate

ROWS, FEW, RUNS, TOP = 5_000_000, 500_000, 3, 10_000

TABLES = """
import sys
import numpy as np
import polars as pl
from income_support_triage.contract import ROW
known = pl.read_parquet("data/applications.parquet").select(column.name for column in ROW.features)
for name, rows in zip(sys.argv[1::2], map(int, sys.argv[2::2])):
    rng = np.random.default_rng(rows)
    parts = {column: known[column].gather(rng.integers(0, len(known), rows)) for column in known.columns}
    ids = pl.int_range(rows, eager=True).cast(pl.String).str.zfill(9)
    pl.DataFrame({"application_id": "A-" + ids, **parts}).write_parquet(name)
"""
"""Each value of a row from another application, so that rows are not the same again and again."""

TRAINED = """
import sys
import joblib
import pandas as pd
from lightgbm import LGBMClassifier
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder
frame = pd.read_parquet("data/applications.parquet")
numbers = ["age", "education_num", "capital_gain", "capital_loss", "hours_per_week"]
categories = ["workclass", "marital_status", "occupation", "relationship"]
size = {"learning_rate": 0.08, "max_leaf_nodes": 15, "max_iter": 200, "min_samples_leaf": 20}
same = {"learning_rate": 0.08, "num_leaves": 15, "n_estimators": 200, "min_child_samples": 20, "verbose": -1}
for name, sparse, model in (
    ("sklearn", False, HistGradientBoostingClassifier(**size, early_stopping=False)),
    ("lightgbm", True, LGBMClassifier(**same)),
):
    encoder = OneHotEncoder(handle_unknown="ignore", sparse_output=sparse)
    columns = ColumnTransformer([("numbers", "passthrough", numbers), ("categories", encoder, categories)])
    pipeline = make_pipeline(columns, model).fit(frame, frame["income"].str.startswith("<"))
    joblib.dump(pipeline, f"{sys.argv[1]}/{name}.joblib")
"""
"""Boosted trees of the same number and size as ours: scikit-learn's own, and LightGBM's in the same pipeline."""

THEIRS = """
import sys
import joblib
import pandas as pd
pipeline, frame = joblib.load(sys.argv[1]), pd.read_parquet(sys.argv[2])
frame["score"] = pipeline.predict_proba(frame)[:, 1]
frame["decision"] = frame["score"] >= 0.5
frame[["application_id", "score", "decision"]].to_parquet(sys.argv[3])
"""


def main() -> None:
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        project = generate(folder)
        src = {"PYTHONPATH": str(project / "src")}
        once([sys.executable, "-m", "mlops", "run", "azureml/pipelines/train.yml", "--register"], project, src)
        files = {ROWS: folder / "many.parquet", FEW: folder / "few.parquet"}
        named = [word for rows, file in files.items() for word in (str(file), str(rows))]
        once([sys.executable, "-c", TABLES, *named], project, src)
        once([sys.executable, "-c", TRAINED, scratch], project, src)
        runs = iter(range(1000))

        def ours(rows: int, top: int):
            to = str(folder / str(next(runs)))
            options = ("--input", str(files[rows]), "--output", to, "--top", str(top))
            return measured([sys.executable, "-m", "mlops", "score", "income-support-triage", *options], project, src)

        def theirs(rows: int, name: str):
            options = (str(folder / f"{name}.joblib"), str(files[rows]), str(folder / "theirs.parquet"))
            return measured([sys.executable, "-c", THEIRS, *options], project)

        def sides(rows: int):
            return {
                "ours": ours(rows, 0),
                "list": ours(rows, TOP),
                "sklearn": theirs(rows, "sklearn"),
                "lightgbm": theirs(rows, "lightgbm"),
            }

        few, rounds = sides(FEW), [sides(ROWS) for _ in range(RUNS)]
    timed = {name: Timing(name, tuple(each[name].seconds for each in rounds)) for name in few}
    peak = {name: max(each[name].megabytes for each in rounds) for name in few}
    print(machine("polars", "onnxruntime", "pandas", "scikit-learn", "lightgbm"))
    report(
        f"Scoring {ROWS:,} rows, from the start of the process to its end",
        [
            ("ours: every row checked against the contract", timed["ours"].median, "s", ""),
            ("pandas and the usual pipeline, all of scikit-learn", timed["sklearn"].median, "s", ""),
            ("pandas and the same pipeline with LightGBM", timed["lightgbm"].median, "s", ""),
            ("scikit-learn / ours", ratio(timed["sklearn"], timed["ours"]), "×", "at least 2"),
            ("LightGBM / ours", ratio(timed["lightgbm"], timed["ours"]), "×", "no bound: the trees cost both the same"),
            (f"ours with a ranked list of {TOP:,} / without", ratio(timed["list"], timed["ours"]), "×", ""),
        ],
    )
    report(
        f"Peak memory at {ROWS:,} rows",
        [
            ("ours", peak["ours"], "MB", ""),
            ("ours with the ranked list", peak["list"], "MB", ""),
            ("scikit-learn", peak["sklearn"], "MB", ""),
            ("LightGBM", peak["lightgbm"], "MB", ""),
            ("scikit-learn / ours", peak["sklearn"] / peak["ours"], "×", "at least 15"),
            ("LightGBM / ours", peak["lightgbm"] / peak["ours"], "×", ""),
            (f"ours / ours at {FEW:,} rows", peak["ours"] / few["ours"].megabytes, "×", "at most 1.2"),
            (f"scikit-learn / scikit-learn at {FEW:,} rows", peak["sklearn"] / few["sklearn"].megabytes, "×", ""),
        ],
    )


if __name__ == "__main__":
    main()
