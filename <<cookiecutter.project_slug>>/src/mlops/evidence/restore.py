"""From a run back to the code and the data that it read, in a folder of their own."""

import shlex
from pathlib import Path

from mlops import digest, files
from mlops.platform.base import Platform


def restore(run: str, to: Path, platform: Platform, project: Path) -> tuple[str, list[str]]:
    """Write the code of a run at `to`, and what it read in the project at the same places below.

    Returns the command line that runs it there again, and a sentence for each file that cannot be had. What lay
    outside of the project, or in its store, is read from where it was. Nothing is written where a link in the code
    leads out of `to`. Raises Misuse when something is at `to`, Failure when what is stored was changed.
    """
    record = platform.jobs.describe(run)
    place, missing = platform.jobs.restore(run, to), []

    def moved(path: Path) -> Path:
        inside = path.is_relative_to(project) and not path.is_relative_to(project / ".mlops")
        return place / path.relative_to(project) if inside else path

    words = ["mlops", "run", str(moved(Path(record["file"])))]
    words += [word for name, value in record["parameters"].items() for word in ("--set", f"{name}={value}")]
    for name, read in record["data"].items():
        there = moved(Path(read["path"]))
        words += ["--input", f"{name}={there}"]
        if there.exists() and digest.of_path(there) == read["digest"]:
            continue
        version = platform.data.named(read["digest"])
        if version and there.resolve().is_relative_to(place.resolve()):
            files.remove(there)
            platform.data.fetch(version.reference, there)
        else:
            kept = f"is kept as {version.reference}, but {there} is outside" if version else "is not in the store"
            next_step = f"Put a copy somewhere and name it: --input {name}=PATH."
            missing.append(f"Input '{name}' is not restored: digest {read['digest']} {kept}. {next_step}")
    large = [name for name in record["code"]["left_out"] if not (to / name).exists()]
    missing += [f"{name} is not restored: git did not know it, and it was too large to keep." for name in large]
    return f"cd {shlex.quote(str(place))} && {shlex.join(words)}", missing
