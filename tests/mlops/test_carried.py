"""A model predicts with the package that it carries, and leaves nothing of that behind."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import mlops.steps.package
from mlops import carried
from mlops.errors import Misuse


def made(folder: Path, says: int) -> Path:
    package = folder / "source" / "tiny"
    (package / "__pycache__").mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "predict.py").write_text(f"from .features import WHAT\nSAYS = WHAT + {says}\n")
    (package / "features.py").write_text("WHAT = 100\n")
    (model := folder / "model").mkdir()
    carried.put(package, model)
    return model


def test_two_versions_in_one_process_each_say_their_own_and_are_not_written_to(tmp_path: Path):
    before = sys.path.copy(), {*sys.modules}, sys.dont_write_bytecode
    for says in (1, 2):
        with carried.package(model := made(tmp_path / str(says), says)) as package:
            assert (package.name, package.predict.SAYS) == ("tiny", 100 + says)
        assert {file.name for file in (model / "code" / "tiny").iterdir()} == {
            "__init__.py",
            "predict.py",
            "features.py",
        }
    assert (sys.path, {*sys.modules}, sys.dont_write_bytecode) == before


def test_whoever_serves_has_the_package_of_the_last_model_and_writes_nothing_beside_it(tmp_path: Path):
    models = [made(tmp_path / str(says), says) for says in (1, 2)]
    code = (
        "import sys; from importlib import import_module; from pathlib import Path; from mlops import carried\n"
        "for each in sys.argv[1:]:\n"
        "    with carried.served(Path(each)) as package: print(import_module(f'{package}.predict').SAYS)"
    )
    path = {**os.environ, "PYTHONPATH": str(Path(mlops.__path__[0]).parent)}
    done = subprocess.run([sys.executable, "-c", code, *models], env=path, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("101\n102\n", "")
    assert not list(tmp_path.glob("*/model/**/__pycache__"))


def test_what_was_imported_before_is_there_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    own = made(tmp_path / "own", 7)
    monkeypatch.syspath_prepend(own.parent / "source")
    import tiny.predict as mine  # pyrefly: ignore[missing-import]

    with carried.package(made(tmp_path / "other", 8)) as package:
        assert package.predict.SAYS == 108
    assert sys.modules["tiny.predict"] is mine
    del sys.modules["tiny"], sys.modules["tiny.predict"], sys.modules["tiny.features"]


def test_a_model_without_a_package_is_refused_in_words(tmp_path: Path):
    with pytest.raises(Misuse, match="carries no package"), carried.package(tmp_path):
        pass


@pytest.mark.parametrize("inside", ["", "artifact", "triage/1/d1/artifact"])
def test_an_artifact_is_found_in_what_a_registered_model_is(tmp_path: Path, inside: str):
    asset = tmp_path / "asset"
    model = made(tmp_path, 1).rename(place(asset / inside))
    place(model / "deep" / "artifact").mkdir()
    if inside:
        (place(model.parent / "code" / "mlops" / "api.py")).touch()
    assert carried.artifact(asset) == model


def place(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def test_a_folder_without_a_model_is_left_to_be_refused(tmp_path: Path):
    assert carried.artifact(tmp_path) == tmp_path
