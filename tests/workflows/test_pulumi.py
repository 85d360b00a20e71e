"""`make pulumi` installs the release that is named, from wherever it is told, and nothing else."""

import hashlib
import io
import re
import tarfile
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from tests.support.project import Completed, Project

pytestmark = pytest.mark.xdist_group("workflows")

KINDS = ("linux-x64", "linux-arm64", "darwin-x64", "darwin-arm64")


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        return None


@pytest.fixture
def mirror(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """A folder, and the address where it is served."""
    folder = tmp_path / "mirror"
    folder.mkdir()
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder))) as server:
        Thread(target=server.serve_forever).start()
        yield folder, f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def archive(to: Path) -> str:
    """As a release is packed; returns its digest."""
    said = b"#!/bin/sh\necho v3.0.0\n"
    with tarfile.open(to, "w:gz") as packed:
        for name in ("pulumi", "pulumi-language-python"):
            about = tarfile.TarInfo(f"pulumi/{name}")
            about.size, about.mode = len(said), 0o755
            packed.addfile(about, io.BytesIO(said))
    return hashlib.sha256(to.read_bytes()).hexdigest()


def installed(project: Project, address: str) -> Completed:
    (project.path / ".venv" / "bin").mkdir(parents=True, exist_ok=True)
    make = ("make", "--assume-old=.venv/.created", "pulumi", f"FROM={address}")
    return project.run(*make, no_proxy="127.0.0.1")


def test_the_release_that_is_named_is_installed_once(project: Project, mirror: tuple[Path, str]):
    folder, address = mirror
    (folder / "v3.0.0").mkdir()
    pins = [f"{archive(folder / f'v3.0.0/pulumi-v3.0.0-{kind}.tar.gz')}  pulumi-v3.0.0-{kind}.tar.gz" for kind in KINDS]
    (project.path / "infra" / "pulumi.sha256").write_text("\n".join(pins) + "\n")
    done = installed(project, address)
    assert done.returncode == 0, done.stderr
    assert project.run(project.path / ".venv/bin/pulumi").stdout == "v3.0.0\n"
    assert (project.path / ".venv/bin/pulumi-language-python").is_file()
    assert "Nothing to be done" in installed(project, "http://127.0.0.1:1").stdout


def test_another_file_is_not_installed(project: Project, mirror: tuple[Path, str]):
    folder, address = mirror
    pins = (project.path / "infra" / "pulumi.sha256").read_text()
    (folder / "v3.258.0").mkdir()
    for kind in KINDS:
        archive(folder / f"v3.258.0/pulumi-v3.258.0-{kind}.tar.gz")
    done = installed(project, address)
    assert (
        done.returncode == 2 and "is not the file that infra/pulumi.sha256 names: nothing was installed" in done.stderr
    )
    assert [*(project.path / ".venv" / "bin").iterdir()] == []
    assert re.findall(r"^[0-9a-f]{64}  pulumi-v3\.258\.0-(.*)\.tar\.gz$", pins, re.MULTILINE) == [*KINDS]


def test_a_mirror_without_it_is_named(project: Project, mirror: tuple[Path, str]):
    done = installed(project, mirror[1])
    assert done.returncode == 2 and "404" in done.stderr
    assert not (project.path / ".venv" / "bin" / "pulumi").exists()
