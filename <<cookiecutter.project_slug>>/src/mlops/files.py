"""Writing so that nothing is ever half-written: to a temporary name beside the target, then a rename."""

import json
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from mlops.errors import Failure, Misuse


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a temporary path to write a file or folder at; it becomes `path` only when the block succeeds.

    Raises Failure, in words, when the disk refuses.
    """
    draft = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield draft
        if draft.is_dir() and path.exists():
            remove(path)
        draft.replace(path)
    except OSError as error:
        what = f"could not write {path}: {reason(error)}"
        raise Failure(f"{what}. Free some space or check its rights, then repeat.") from error
    finally:
        remove(draft)


def remove(path: Path) -> None:
    """Remove a file or a folder, if it is there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, onerror=_unlocked)
    else:
        with suppress(FileNotFoundError, NotADirectoryError):
            path.unlink()


def reason(error: OSError) -> str:
    """The system's words; those for the first file when copying a folder failed."""
    return str(error.args[0][0][2]) if isinstance(error, shutil.Error) else error.strerror or str(error)


def blamed(error: OSError) -> str:
    """The system's words, and the file that they are about where it is known."""
    return reason(error) + (f": {error.filename}" if error.filename else "")


def _unlocked(act: Any, name: str, _: Any) -> None:
    """What to do when something cannot be removed: let its folder be written to, and try once more."""
    with suppress(OSError):
        Path(name).parent.chmod(0o700)
        Path(name).chmod(0o700)
        act(name)


def as_json(value: Any) -> str:
    """JSON for people and scripts; a dataclass in it becomes an object of its fields."""
    return json.dumps(value, indent=2, sort_keys=True, allow_nan=False, default=asdict) + "\n"


def write_json(path: Path, value: Any) -> None:
    write_text(path, as_json(value))


def write_text(path: Path, text: str) -> None:
    """Raises Failure when the disk refuses."""
    with replacing(path) as draft:
        draft.write_text(text, encoding="utf-8")


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is no number of JSON")


def read_json(path: Path) -> Any:
    """Raises Misuse when the file is missing or is not JSON."""
    try:
        return json.loads(path.read_text(encoding="utf-8"), parse_constant=_no_number)
    except OSError as error:
        raise Misuse(f"cannot be read: {error.strerror}.", path) from error
    except (ValueError, RecursionError) as error:
        raise Misuse(f"is not valid JSON: {error}.", path) from error
