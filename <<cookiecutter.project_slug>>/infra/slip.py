"""A mistake in the program's Python as a sentence at its line."""

import traceback
from pathlib import Path

HERE = Path(__file__).resolve().parent


def sentence(error: BaseException, folder: Path = HERE) -> str:
    """Where in the files of a folder it was made, and what it is; the traceback where it was made elsewhere."""
    frames = [(frame.filename, frame.lineno) for frame in traceback.extract_tb(error.__traceback__)]
    if isinstance(error, SyntaxError):
        frames.append((error.filename or "", error.lineno))
    ours = [(file, line) for file, line in frames if inside(Path(file), folder)]
    if not ours:
        return "".join(traceback.format_exception(error)).rstrip()
    file, line = ours[-1]
    what = error.msg if isinstance(error, SyntaxError) else error
    return f"{file}:{line}: {type(error).__name__}: {what}; this is an error in the program: correct it there."


def inside(file: Path, folder: Path) -> bool:
    return file.is_relative_to(folder) and ".venv" not in file.relative_to(folder).parts
