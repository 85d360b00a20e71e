import numpy as np

from mlops.api import Columns

from .contract import DISTRICTS


def features(columns: Columns) -> Columns:
    return {
        "area": columns["area"],
        "rooms": np.nan_to_num(columns["rooms"], nan=3.0),
        "lift": columns["lift"].astype(float),
        **{name: (columns["district"] == code).astype(float) for code, name in enumerate(DISTRICTS)},
    }
