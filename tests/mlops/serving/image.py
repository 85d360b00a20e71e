"""A Dockerfile carried out without a daemon: its steps in a folder that stands for the root of the image."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from mlops import uploads

OWN = ("/app", "/opt/serving", "/spool", "/tmp/serving.txt", "/tmp/requirements.txt")
"""What the image has besides its base: these paths lie below the folder, all others are this machine's."""
UV = Path(sys.executable).with_name("uv")


@dataclass
class Image:
    """What was built: the folder, and what the last stage says. `root` holds all stages, which share no path."""

    root: Path
    variables: dict[str, str] = field(default_factory=dict)
    said: dict[str, str] = field(default_factory=dict)

    def inside(self, text: str) -> str:
        """A command or path of the image as one of this machine."""
        return re.sub("|".join(rf"(?<![\w/]){each}\b" for each in OWN), lambda found: f"{self.root}{found[0]}", text)

    @property
    def environment(self) -> dict[str, str]:
        return {name: self.inside(text) for name, text in self.variables.items()}


def instructions(text: str) -> Iterator[tuple[str, str]]:
    lines = "\n".join(line for line in text.splitlines() if not line.startswith("#"))
    for line in re.sub(r"\\\n", " ", lines).splitlines():
        if line.strip():
            word, _, rest = line.partition(" ")
            yield word, rest.strip()


def build(context: Path, dockerfile: str, root: Path) -> Image:
    """Only the files that Azure ML takes from the context can be copied, and packages come from the cache of uv."""
    image = Image(root)
    taken = dict(uploads.walk(context, uploads.ignored(context)))
    for word, rest in instructions(taken[dockerfile].read_text()):
        match word:
            case "FROM":
                image.variables, image.said = {}, {}
            case "COPY":
                *options, source, target = rest.split()
                if not options:
                    found = {
                        name: file for name, file in taken.items() if name == source or name.startswith(f"{source}/")
                    }
                    assert found, f"the context has no {source}"
                    for name, file in found.items():
                        to = Path(image.inside(target) + name.removeprefix(source))
                        to.parent.mkdir(parents=True, exist_ok=True)
                        shutil.copyfile(file, to)
            case "RUN":
                _run(image, rest)
            case "ENV":
                image.variables |= dict(re.findall(r"(\w+)=(\S+)", rest))
            case _:
                image.said[word] = rest
    return image


def _run(image: Image, command: str) -> None:
    with_uv = re.sub(r"pip --python (\S+) install --no-cache-dir", rf"{UV} pip install --quiet --python \1", command)
    here = with_uv.replace("python -m venv", f"{sys.executable} -m venv")
    mine = re.sub(r"--owner=\d+", "", here)
    done = subprocess.run(["sh", "-ec", image.inside(mine)], capture_output=True, text=True)
    assert done.returncode == 0, f"{command}\n{done.stderr}"


def listed(text: str) -> list[str]:
    """The words of an instruction in exec form."""
    return json.loads(text[text.index("[") :])
