"""Plays a command on the terminal: why it is typed, what matters of what it says, and whether that is as told."""

import json
import os
import re
import shlex
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from textwrap import fill

WIDE = 110
CALLERS = Path(__file__).with_name("callers.py")


class Unexpected(Exception):
    """Something did not turn out as it was told."""


@dataclass(frozen=True)
class Act:
    """A command, after why it is typed. What matches `shows` in a line is shown, of so many lines at most.

    It must end with the status `ends` and say what matches `says`. `called`: callers ask all the while.
    """

    why: str
    typed: str
    says: str = ""
    shows: str = "$^"
    most: int = 6
    ends: int = 0
    called: bool = False


@dataclass(frozen=True)
class Written:
    """What somebody writes into a file of the project, and why: below that line, which is there once."""

    why: str
    file: str
    below: str
    text: str


@dataclass(frozen=True)
class Stage:
    """A project, and the whole of what its commands say in `log`."""

    project: Path
    log: Path

    def play(self, step: Act | Written) -> None:
        """Raises Unexpected where it does not turn out as told."""
        say(f"\n{fill(step.why, WIDE)}")
        if isinstance(step, Written):
            self._write(step)
            return
        with self._callers() if step.called else self._nobody():
            self._type(step)

    def _write(self, step: Written) -> None:
        file, added = self.project / step.file, step.text.strip("\n")
        before, line, after = file.read_text("utf-8").partition(f"\n{step.below}\n")
        if not line:
            raise Unexpected(f"Not as told: {file} has no line `{step.below}`.")
        file.write_text(f"{before}{line}{added}\n{after}", encoding="utf-8")
        say(bold(f"  {step.file}, below `{step.below}`"))
        say("\n".join(f"  + {line}" for line in added.splitlines()))

    def _type(self, act: Act) -> None:
        typed = act.typed.replace("{here}", os.path.relpath(Path(__file__).parent, self.project))
        say(bold(f"$ {typed}"))
        began, shown, heard = time.monotonic(), 0, list[str]()
        pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
        with subprocess.Popen(
            shlex.split(typed), cwd=self.project, env=environment(self.project), encoding="utf-8", **pipes
        ) as command:
            for line in command.stdout or ():
                heard.append(line)
                if found := re.search(act.shows, line):
                    shown += 1
                    if shown <= act.most:
                        say(fill(found[0].strip(), WIDE, initial_indent="  ", subsequent_indent="    "))
        said = "".join(heard)
        with self.log.open("a", encoding="utf-8") as log:
            log.write(f"$ {typed}\n{said}\n")
        if command.returncode != act.ends or not re.search(act.says, said):
            last = "".join(heard[-15:])
            wanted = f"should end with status {act.ends} and say {act.says!r}"
            raise Unexpected(f"{last}\nNot as told: `{typed}` {wanted}, and ended with {command.returncode}.")
        more = f"{shown - act.most} more lines like these; " if shown > act.most else ""
        status = f"status {act.ends}; " if act.ends else ""
        say(dim(f"  [{more}{status}{time.monotonic() - began:.0f} s]"))

    @contextmanager
    def _callers(self) -> Iterator[None]:
        """Who ask the endpoint until the act has ended. Raises Unexpected when one of them was failed."""
        command = [self.project / ".venv" / "bin" / "python", "-P", CALLERS]
        asking = subprocess.Popen(
            command,
            cwd=self.project,
            env=environment(self.project),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,  # Ctrl-C is for the story, which ends them
        )
        try:
            yield
        finally:
            said, _ = asking.communicate()
        answered = json.loads(said or b"{}")
        if asking.returncode or not answered["answered"] or answered["failed"]:
            raise Unexpected(f"Not as told: every caller should have been answered, and they were: {answered}.")
        say(f"  Callers meanwhile: {answered['answered']:,} requests, all answered; {told(answered['by'])}.")

    @contextmanager
    def _nobody(self) -> Iterator[None]:
        yield


def told(by: Mapping[str, int]) -> str:
    """Who answered, in words."""
    return " and ".join(f"{count:,} by {name}" for name, count in sorted(by.items(), key=lambda item: -item[1]))


def environment(project: Path) -> dict[str, str]:
    """As in a terminal of somebody who has activated the project's environment, and who has a name for git."""
    outer = ("MAKE", "MFLAGS", "PYTHON", "GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE")
    own = {name: value for name, value in os.environ.items() if not name.startswith(outer)}
    own["PATH"] = f"{project / '.venv' / 'bin'}:{own.get('PATH', '')}"
    if subprocess.run(["git", "config", "user.email"], cwd=project, stdout=subprocess.DEVNULL).returncode:
        answers = json.loads((project / ".template.json").read_text("utf-8"))["answers"]
        for role in ("AUTHOR", "COMMITTER"):
            own |= {f"GIT_{role}_NAME": answers["organisation"], f"GIT_{role}_EMAIL": answers["owner_email"]}
    return own


def say(text: str) -> None:
    print(text, flush=True)


def bold(text: str) -> str:
    return f"\033[1m{text}\033[0m" if sys.stdout.isatty() and "NO_COLOR" not in os.environ else text


def dim(text: str) -> str:
    return f"\033[2m{text}\033[0m" if sys.stdout.isatty() and "NO_COLOR" not in os.environ else text
