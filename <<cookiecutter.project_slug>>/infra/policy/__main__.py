"""Where Pulumi starts the policy pack."""

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[1])  # this folder itself would hide modules of the same names

from policy import pack  # noqa: E402

pack.start()
