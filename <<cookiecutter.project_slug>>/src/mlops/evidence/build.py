"""The build statement: all that is known of how a model was made, signed when it is registered."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mlops import digest, settings, uploads
from mlops.ci import here
from mlops.evidence import waivers
from mlops.evidence.git import git
from mlops.evidence.statements import Statement
from mlops.files import read_json
from mlops.platform.base import Model
from mlops.settings import Settings
from mlops.specs.load import read

Record = Mapping[str, Any]


def says(record: Record, outputs: Path, code: Path, project: Path, models: Collection[str]) -> dict[str, Any]:
    """What a build statement says. `outputs` are copies of what the run wrote, `code` is the project as it was then.

    `models` are the digests of those that are registered.
    """
    known, responsible_ai = settings.load(code / "mlops.yaml"), code / "responsible_ai"
    choice, commit, run = outputs / "choice" / "choice.json", record["code"]["commit"], here.current()
    return {
        "time": datetime.now(UTC).isoformat(),
        **({"ci": run} if run else {}),
        **{name: record[name] for name in ("run", "reason", "environment", "parameters")},
        "code": {**record["code"], "author": git(project, "log", "-1", "--format=%ae", commit) if commit else None},
        "data": {name: {key: each[key] for key in ("digest", "version")} for name, each in record["data"].items()},
        "image": uploads.context(code if (code / ".amlignore").exists() else code / "requirements"),
        "uncommitted": uncommitted(record, code, project, models),
        "evaluation": read_json(outputs / "evaluation" / "metrics.json"),
        "choice": read_json(choice) if choice.exists() else None,
        "verdicts": read_json(outputs / "verdicts" / "verdicts.json")["verdicts"],
        "waivers": [each.model_dump(mode="json") for each in waivers.load(responsible_ai).waivers],
        "settings": known.model_dump(mode="json"),
        "assessment": {path.name: path.read_text("utf-8") for path in sorted(responsible_ai.glob("*.md"))},
        "responsible_ai": {path.name: digest.of_file(path) for path in responsible_ai.iterdir() if path.is_file()},
        "system": system(code, known),
    }


def system(project: Path, known: Settings) -> dict[str, str]:
    """Digests of what a sign-off is about: another one of these voids it, new data does not."""
    package, plain = project / "src" / known.model.package, known.model_dump(mode="json")
    purposes = {name: source["purpose"] for name, source in plain["data"].items()}
    return {
        "contract": digest.of_file(package / "contract.py"),
        "features": digest.of_file(package / "features.py"),
        "limits": digest.of_value([plain["gates"], digest.of_folder(package / "gates")]),
        "purpose": digest.of_value([plain["outcome"], purposes]),
    }


def uncommitted(record: Record, code: Path, project: Path, models: Collection[str] = ()) -> list[str]:
    """Inputs of a run that are neither in its committed code nor versions of data nor models with these digests.

    `environment` is none of them: it says where the run was.
    """

    def then(path: str) -> Path:
        there = Path(path)
        return code / there.relative_to(project) if there.is_relative_to(project) else code / "none"

    file = then(record["file"])
    given = read(file).section("inputs") if file.is_file() else {}
    written = {name: str((item.get("value") or item).value) for name, item in given.items()}
    found = [name for name, text in record["parameters"].items() if name != "environment" and written.get(name) != text]
    for name, each in record["data"].items():
        path, known = then(each["path"]), each["version"] or each["digest"] in models
        if not known and not (path.exists() and digest.of_path(path) == each["digest"]):
            found.append(name)
    return sorted(found)


def about(statements: Iterable[Statement], model: str) -> list[Statement]:
    """The build statements about the bytes with a digest, oldest first: they may be judged again, and signed again."""
    found = [each for each in statements if each.kind == "build" and model in each.subjects.values()]
    return sorted(found, key=lambda each: each.says["time"])


def current(model: Model, signed: Iterable[Statement]) -> Model:
    """The model with the lineage that its newest statement gives."""
    found = about(signed, model.digest)
    return replace(model, lineage=found[-1].says) if found else model


def stated(model: Model, signed: Iterable[Statement]) -> list[Record]:
    """All that was said of how these bytes were made, the first time first."""
    return [model.lineage, *(each.says for each in about(signed, model.digest))]


def runs(model: Model, signed: Iterable[Statement]) -> list[str]:
    """Those that gave these bytes and were registered, oldest first."""
    return list(dict.fromkeys(each["run"] for each in stated(model, signed)))
