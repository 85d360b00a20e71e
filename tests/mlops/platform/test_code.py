"""The code of a run can be had again, byte for byte, from what was stored."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from mlops.errors import Failure
from mlops.platform.local import code


def git(repository: Path, *arguments: str) -> str:
    variables = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "PATH": os.environ["PATH"]}
    settings = ("-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "init.defaultBranch=main")
    command = ["git", *settings, *arguments]
    return subprocess.run(
        command, cwd=repository, env=variables, check=True, capture_output=True, text=True
    ).stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    place = tmp_path / "it's [a] repository"
    (place / "src").mkdir(parents=True)
    (place / ".gitignore").write_text(".mlops/\n*.log\n")
    (place / ".mlops").mkdir()
    (place / ".mlops" / "lock").touch()
    (place / "src" / "a.py").write_text("print('a')\n" * 20)
    (place / "src" / "with crlf.txt").write_bytes(b"one\r\ntwo \r\n")
    (place / "data.bin").write_bytes(bytes(range(256)) * 8)
    (place / "link").symlink_to("src/a.py")
    git(place, "init", "--quiet")
    git(place, "add", "--all")
    git(place, "commit", "--quiet", "-m", "first")
    return place


def files_of(folder: Path) -> dict[str, object]:
    found: dict[str, object] = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if name.startswith((".git/", ".mlops/")) or name.endswith(".log") or (path.is_dir() and not path.is_symlink()):
            continue
        found[name] = str(path.readlink()) if path.is_symlink() else (path.read_bytes(), path.stat().st_mode & 0o100)
    return found


CHANGES: dict[str, Callable[[Path], object]] = {
    "nothing": lambda place: None,
    "change": lambda place: (place / "src" / "a.py").write_text("print('b')\n"),
    "no newline at the end": lambda place: (place / "src" / "a.py").write_text("print('b')  \t"),
    "delete": lambda place: (place / "src" / "a.py").unlink(),
    "rename": lambda place: (place / "src" / "a.py").rename(place / "src" / "b.py"),
    "binary": lambda place: (place / "data.bin").write_bytes(bytes(range(255, -1, -1)) * 9),
    "mode": lambda place: (place / "src" / "a.py").chmod(0o755),
    "untracked": lambda place: (place / "src" / "nëw [file] $x.py").write_text("new"),
    "untracked empty": lambda place: (place / "src" / "__init__.py").touch(),
    "untracked link": lambda place: (place / "another link").symlink_to("nowhere"),
    "link to file": lambda place: ((place / "link").unlink(), (place / "link").write_text("x")),
    "ignored": lambda place: (place / "some.log").write_text("x"),
    "folder to link": lambda place: ((place / "src").rename(place / "moved"), (place / "src").symlink_to("moved")),
    "staged and changed": lambda place: (git(place, "rm", "--cached", "data.bin"), (place / "link").unlink()),
    "file to folder": lambda place: ((place / "link").unlink(), git(place, "mv", "-k", "src", "link")),
}  # fmt: skip


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_a_dirty_tree_is_rebuilt_to_the_same_digest(
    repository: Path, tmp_path: Path, change: Callable[[Path], object]
) -> None:
    change(repository)
    before, status = files_of(repository), git(repository, "status", "--porcelain=v2", "--ignored")
    objects = set((repository / ".git" / "objects").rglob("*"))
    record = code.capture(repository, repository / ".mlops")
    assert git(repository, "status", "--porcelain=v2", "--ignored") == status
    assert set((repository / ".git" / "objects").rglob("*")) == objects

    git(repository, "reset", "--quiet", "--hard")
    git(repository, "clean", "--quiet", "--force", "-d", "-x", "--exclude=.mlops")
    code.rebuild(record, repository, repository / ".mlops", tmp_path / "rebuilt")
    assert files_of(tmp_path / "rebuilt") == before
    git(tmp_path / "rebuilt", "init", "--quiet")
    git(tmp_path / "rebuilt", "add", "--all")
    assert git(tmp_path / "rebuilt", "write-tree") == record["digest"]


def test_a_clean_tree_is_its_commit_and_stores_nothing(repository: Path) -> None:
    record = code.capture(repository, repository / ".mlops")
    assert not record["dirty"]
    assert record["commit"] == git(repository, "rev-parse", "HEAD")
    assert record["digest"] == git(repository, "rev-parse", "HEAD^{tree}")
    assert not (repository / ".mlops" / "code").exists()


def test_the_same_tree_reached_from_two_commits_is_rebuilt_from_either(repository: Path, tmp_path: Path) -> None:
    (repository / "src" / "a.py").write_text("reached")
    first = code.capture(repository, repository / ".mlops")
    git(repository, "commit", "--quiet", "--allow-empty", "-m", "second")
    (repository / "src" / "a.py").write_text("between")
    git(repository, "commit", "--quiet", "--all", "-m", "third")
    (repository / "src" / "a.py").write_text("reached")
    second = code.capture(repository, repository / ".mlops")
    assert first["digest"] == second["digest"] and first["commit"] != second["commit"]
    for number, record in enumerate((first, second)):
        code.rebuild(record, repository, repository / ".mlops", tmp_path / str(number))
        assert files_of(tmp_path / str(number)) == files_of(repository)


def test_a_repository_without_commits_is_rebuilt(repository: Path, tmp_path: Path) -> None:
    git(repository, "update-ref", "-d", "HEAD")
    record = code.capture(repository, repository / ".mlops")
    assert (record["kind"], record["commit"]) == ("git", None)
    code.rebuild(record, repository, repository / ".mlops", tmp_path / "rebuilt")
    assert files_of(tmp_path / "rebuilt") == files_of(repository)


def no_repository(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    git(place, "check-ignore", "--no-index", "--quiet", "x.log")
    (place / ".git").rename(place.parent / "git")


def no_git(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(place))


@pytest.mark.parametrize("without", [no_repository, no_git])
def test_without_git_the_files_themselves_are_stored(repository: Path, tmp_path: Path, monkeypatch, without) -> None:
    without(repository, monkeypatch)
    (repository / "some.log").write_text("x")
    (repository / ".amlignore").write_text("/*\n")  # about an image, not about the project
    (repository / "link").unlink()
    record = code.capture(repository, repository / ".mlops")
    assert record["kind"] == "files"
    code.rebuild(record, repository, repository / ".mlops", tmp_path / "rebuilt")
    assert files_of(tmp_path / "rebuilt") == files_of(repository)


def test_a_repository_that_git_does_not_read_is_said_and_not_passed_over(repository: Path, tmp_path: Path) -> None:
    (repository / ".git" / "HEAD").write_text("nothing\n")
    with pytest.raises(Failure, match="git .* could not read the state of the code: fatal: not a git repository"):
        code.capture(repository, tmp_path / "state")


def test_a_project_below_the_top_of_a_repository_leaves_out_what_is_beside_it(repository: Path, tmp_path: Path) -> None:
    (repository / "beside.py").write_text("x")
    (repository / "src" / "a.py").write_text("y")
    record = code.capture(repository / "src", repository / "src" / ".mlops")
    code.rebuild(record, repository / "src", repository / "src" / ".mlops", tmp_path / "rebuilt")
    assert (tmp_path / "rebuilt" / "src" / "a.py").read_text() == "y"
    assert not (tmp_path / "rebuilt" / "beside.py").exists()
    assert not (tmp_path / "rebuilt" / "src" / ".mlops").exists()


def test_a_state_folder_that_git_does_not_ignore_is_not_code(repository: Path, tmp_path: Path) -> None:
    (repository / ".gitignore").write_text("")
    record = code.capture(repository, repository / ".mlops")
    code.rebuild(record, repository, repository / ".mlops", tmp_path / "rebuilt")
    assert (tmp_path / "rebuilt" / "src").exists() and not (tmp_path / "rebuilt" / ".mlops").exists()


def test_large_untracked_files_are_named_and_not_stored(repository: Path, tmp_path: Path) -> None:
    with (repository / "src" / "[large].csv").open("wb") as stream:
        stream.truncate(code.LIMIT_BYTES + 1)
    record = code.capture(repository, repository / ".mlops")
    assert record["left_out"] == ["src/[large].csv"]
    assert not record["dirty"]


def test_a_stored_patch_that_was_changed_is_noticed(repository: Path, tmp_path: Path) -> None:
    (repository / "new.py").write_text("original")
    record = code.capture(repository, repository / ".mlops")
    patch = next((repository / ".mlops").glob("code/*/since-*.patch"))
    patch.write_text(patch.read_text().replace("original", "modified"))
    with pytest.raises(Failure, match="was changed|could not read"):
        code.rebuild(record, repository, repository / ".mlops", tmp_path / "rebuilt")
    assert not (tmp_path / "rebuilt").exists()
