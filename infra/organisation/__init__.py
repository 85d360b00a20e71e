"""The organisation's platform: state, keys, registry, and for each project groups, identities and rights."""

import sys
from pathlib import Path

HERE = Path(__file__).parent.parent
TEMPLATE = HERE.parent / "<<cookiecutter.project_slug>>"

for folder in (TEMPLATE / "infra", TEMPLATE / "src"):  # roles and mlops.sections are the project's own
    if str(folder) not in sys.path:
        sys.path.append(str(folder))
