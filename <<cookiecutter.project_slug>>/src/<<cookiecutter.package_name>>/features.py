"""The columns that the model sees, made of one row at a time."""

import numpy as np

from mlops.api import NULL, Columns


def features(columns: Columns) -> Columns:
    """The row's features, untouched, and what capital says taken together.

    `capital_net`, in US dollars a year: gains less losses, NaN where one is null. `has_capital`: a flag, whether there
    were gains or losses at all, null where one is; most people have neither.
    """
    gain, loss = columns["capital_gain"], columns["capital_loss"]
    moved = gain + loss
    return {
        **columns,
        "capital_net": gain - loss,
        "has_capital": np.where(np.isnan(moved), NULL, moved > 0).astype(np.int8),
    }
