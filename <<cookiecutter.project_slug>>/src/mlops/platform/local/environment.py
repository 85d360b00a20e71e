"""The variables a node gets: a short list of the caller's, and those of Azure ML and MLflow."""

import os
import platform
import sys
from collections.abc import Mapping
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

from mlops import digest

ALLOWED = (
    # who and where
    "HOME", "USER", "LOGNAME", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR",
    # how this machine reaches the network
    "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE",
    "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy",
    # where its libraries and accelerators are
    "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "CUDA_VISIBLE_DEVICES",
)  # fmt: skip
"""The caller's variables that a node sees. Everything else, secrets first, stays with the caller."""


ALONE = {
    "RANK": "0", "LOCAL_RANK": "0", "NODE_RANK": "0", "WORLD_SIZE": "1", "MASTER_ADDR": "127.0.0.1",
    "MASTER_PORT": "6105",
}  # fmt: skip
"""What a script reads of a distributed job, when it is the only process of it."""


def variables(packages: Path, distributed: bool) -> dict[str, str]:
    """Variables of a node. `python` is the interpreter of the project; what `pip` installs goes to `packages`,
    where only this node finds modules and programs, so that no job changes the project's environment."""
    found = {name: os.environ[name] for name in ALLOWED if name in os.environ}
    path = os.environ.get("PATH", os.defpath)
    return (found | ALONE if distributed else found) | {
        "PATH": os.pathsep.join((str(packages / "bin"), str(Path(sys.executable).parent), path)),
        "PIP_PYTHON": sys.executable,
        "PIP_TARGET": str(packages),
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PYTHONPATH": str(packages),
        "PYTHONUNBUFFERED": "1",
    }


def describe(project: Path) -> Mapping[str, Any]:
    """The interpreter, the machine and the digest of the lock file, with one digest over these; installed packages."""
    lock = project / "requirements" / "base.txt"
    facts = {
        "python": platform.python_version(),
        "machine": f"{sys.platform}-{platform.machine()}",
        "lock": digest.of_file(lock) if lock.is_file() else None,
    }
    packages = {about["Name"]: about["Version"] for each in distributions() if (about := each.metadata)["Name"]}
    return facts | {"digest": digest.of_value(facts), "packages": packages}
