"""The tests of infrastructure. Both programs can be imported in them, as in their own folders."""

import sys
from pathlib import Path

TEMPLATE = Path(__file__).parents[2]
PROJECT = TEMPLATE / "<<cookiecutter.project_slug>>"

sys.path += [str(TEMPLATE / "infra"), str(PROJECT / "infra")]
