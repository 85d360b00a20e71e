"""A bound job as the official client takes it: its file, with the inputs, the images and the data that are meant."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from mlops import digest, uploads
from mlops.errors import Failure
from mlops.platform.azure import images
from mlops.platform.azure.blobs import Blobs
from mlops.platform.azure.client import Azure
from mlops.platform.azure.data import AzureData, place
from mlops.platform.azure.models import AzureModels
from mlops.platform.local import reads
from mlops.platform.local.index import Index
from mlops.specs.assets import NAMED
from mlops.specs.bind import CHAMPION
from mlops.specs.types import Asset, Job, Literal

Entry = dict[str, Any]
"""What the record of a run says of an input; `source` is what Azure gets."""
BUILDS = "dev"
CONTEXTS = "mlops/contexts/"


def entries(azure: Azure, project: Path, job: Job) -> dict[str, Entry]:
    """All that a job reads, by the name of its input.

    Raises Misuse for what is not there, Failure for a version whose bytes were changed.
    """
    index = Index(project / ".mlops")

    def entry(name: str, asset: Asset) -> Entry:
        source, named = asset.source, NAMED.fullmatch(asset.source)
        if asset.path.is_absolute():
            said = reads.digested(name, asset, index, {})
            return said | {"source": AzureData(azure, project).bring(asset.path)[1]}
        reference = f"{named['name']}:{named['version'] or ''}".removesuffix(":") if named else ""
        if name.endswith(f".{CHAMPION}"):
            models = AzureModels(azure, project)
            found = models.get(reference)
            return {"source": models.place(found), "path": source, "digest": found.digest, "version": None}
        if not named:
            return {"source": source, "path": source, "digest": digest.of_value(source), "version": None}
        version = AzureData(azure, project).unchanged(reference)
        lone = asset.type == "uri_folder" and version.files == 1  # Azure ML takes no asset that is a file for a folder
        source = place(version.digest) if lone else f"azureml:{version.reference}"
        about = {"source": source, "path": str(project / "data" / version.name)}
        return about | {"digest": version.digest, "version": version.reference}

    return {name: entry(name, asset) for name, asset in reads.of_job(job).items()}


def loaded(job: Job, data: Mapping[str, Entry]) -> Any:
    """The official client's job, its steps shown under their names."""
    from azure.ai.ml import Input, load_job

    assets = reads.of_job(job)
    given = [{f"inputs.{name}": value.text} for name, value in job.inputs.items() if isinstance(value, Literal)]
    given += [{f"inputs.{name}.path": data[name]["source"]} for name in assets if "." not in name]
    found: Any = load_job(job.file, params_override=given)
    for name in (name for name in assets if "." in name):
        node, _, port = name.rpartition(".")
        source = data[name]["source"]
        kind = "custom_model" if source.startswith("azureml://registries/") else assets[name].type
        setattr(found.jobs[node].inputs, port, Input(type=kind, path=source))
    for name, step in getattr(found, "jobs", {}).items():
        step.display_name = name
    return found


def bind_images(azure: Azure, project: Path, job: Any) -> list[str]:
    """Let each step run in the image that `mlops env build` made for its environment; returns what they run in.

    Where there is none yet dev builds one for the job; everywhere else that is a Failure.
    """
    known = {(each.folder, each.dockerfile): each for each in images.recipes(project)}
    found = set()
    for part in _parts(job):
        environment = part.environment
        build = getattr(environment, "build", None)
        if not build:
            found.add(str(getattr(environment, "image", environment)))
            continue
        recipe = known.get((Path(environment.path), build.dockerfile_path))
        if recipe and (asset := _built(azure, recipe)):
            part.environment = asset
        elif azure.environment != BUILDS:
            what = f"{recipe or build.path} is not in the registry {azure.names.registry}"
            raise Failure(f"{what}. Build and share it: mlops env build --on dev")
        else:  # sent from here, as the client cannot go on with a folder of which it has sent a part
            folder, environment.path = environment.path, None
            blobs = Blobs.of_workspace(azure)
            sent = blobs.bring(CONTEXTS, uploads.walk(folder, uploads.ignored(folder)))
            build.path = f"{blobs.url}/{CONTEXTS}{sent}/"
        found.add(str(recipe or f"{environment.name}:{environment.version}"))
    return sorted(found)


def _built(azure: Azure, recipe: images.Recipe) -> str:
    """The version of an environment, as a job names it; nothing where there is none. Only dev has its own."""
    own = azure.environment == BUILDS
    if not images.known(azure, azure.ml if own else azure.registry, recipe.name, recipe.version):
        return ""
    shared = f"azureml://registries/{azure.names.registry}/environments/{recipe.name}/versions/{recipe.version}"
    return f"azureml:{recipe}" if own else shared


def _parts(job: Any) -> Iterator[Any]:
    """Whatever in a job has an environment."""
    component = getattr(job, "component", None) or getattr(job, "trial", None) or job
    if steps := getattr(component, "jobs", None) or getattr(job, "jobs", None):
        for step in steps.values():
            yield from _parts(step)
    else:
        yield getattr(component, "task", None) or component
