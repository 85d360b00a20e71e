"""The image of each environment: built once, in dev, named by the digest of what it is built from, and shared."""

import sys
import tarfile
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from mlops import uploads
from mlops.errors import Failure
from mlops.platform.azure.client import ARM, TRIES, Azure
from mlops.platform.azure.sentences import said
from mlops.specs.assets import existing, yaml_files
from mlops.specs.load import Item, read

if TYPE_CHECKING:
    from azure.ai.ml import MLClient
    from azure.containerregistry import ContainerRegistryClient

API = "api-version=2019-06-01-preview"
UNDER_WAY = ("Queued", "Started", "Running")
POLL_SECONDS, MOST_SECONDS = 5.0, 3600
"""After the latter the registry ends a build itself."""
LAST_LINES = 15


class Recipe(NamedTuple):
    """What an environment's file says: its folder is what the image is built from, and names its version."""

    name: str
    folder: Path
    dockerfile: str
    serves: Any
    """Its `inference_config`, where a server starts from it."""

    @property
    def version(self) -> str:
        return uploads.context(self.folder).rpartition(":")[2][:16]

    def __str__(self) -> str:
        return f"{self.name}:{self.version}"


def recipe(item: Item) -> Recipe | None:
    """None for an environment that names an image. Raises Misuse, at the line of a folder that is not there."""
    if not (build := item.get("build")) or not (path := build.get("path")):
        return None
    said = item.plain()
    dockerfile = said["build"].get("dockerfile_path", "Dockerfile")
    return Recipe(said["name"], existing(path, "path", "Correct the path."), dockerfile, said.get("inference_config"))


def recipes(project: Path) -> list[Recipe]:
    """Of the environments that azureml/environments/ describes."""
    found = (recipe(read(file)) for file in yaml_files(project / "azureml" / "environments"))
    return [each for each in found if each]


def build(azure: Azure, project: Path) -> Iterator[str]:
    """Make what is not there yet of a project's environments, and share it; says of each what was done.

    An image that serves is locked: nobody deletes it. Raises Failure, with the end of its log, for a failed build.
    """
    for what in recipes(project):
        done = []
        if not known(azure, azure.ml, what.name, what.version):
            _make(azure, what)
            done.append("built")
        if not known(azure, azure.registry, what.name, what.version):
            share(azure, azure.ml.environments, what.name, what.version, what.version)
            done.append("shared")
        yield f"{what} is {' and '.join(done) or 'there already'}"


def known(azure: Azure, client: "MLClient", name: str, version: str) -> bool:
    """Whether the workspace or the organisation's registry has a version of an environment."""
    from azure.core.exceptions import ResourceNotFoundError

    with said(azure.environment):
        try:
            client.environments.get(name, version)
        except ResourceNotFoundError:
            return False
    return True


def share(azure: Azure, operations: Any, name: str, version: str, number: str) -> Any:
    """Copy a version of an asset to the organisation's registry, as `number` there."""
    where = {"share_with_name": name, "share_with_version": number, "registry_name": azure.names.registry}
    with said(azure.environment):
        return operations.share(name, version, **where)


def _make(azure: Azure, what: Recipe) -> None:
    """Make an environment. The image comes first, so that a repeat goes on."""
    from azure.ai.ml.entities import Environment
    from azure.containerregistry import ContainerRegistryClient

    address = azure.names.image_registry
    with said(azure.environment):
        images = ContainerRegistryClient(f"https://{address}", azure.credential, audience=ARM, **TRIES)
        digest = _tagged(images, what) or _pushed(azure, images, what)
        if what.serves:
            images.update_manifest_properties(what.name, digest, can_delete=False, can_write=False)
        image = f"{address}/{what.name}@{digest}"
        made = Environment(name=what.name, version=what.version, image=image, inference_config=what.serves)
        azure.ml.environments.create_or_update(made)


def _tagged(images: "ContainerRegistryClient", what: Recipe) -> str:
    """The digest of the image in the registry; nothing where there is none."""
    from azure.core.exceptions import ResourceNotFoundError

    try:
        return images.get_tag_properties(what.name, what.version).digest
    except ResourceNotFoundError:
        return ""


def _pushed(azure: Azure, images: "ContainerRegistryClient", what: Recipe) -> str:
    """Build the image in the registry itself, and wait; its digest."""
    registry = f"{azure.names.group_id}/providers/Microsoft.ContainerRegistry/registries"
    registry += f"/{azure.names.image_registry.partition('.')[0]}"
    print(f"building {what} in {azure.environment}; this takes some minutes", file=sys.stderr)
    asked = {
        "type": "DockerBuildRequest",
        "imageNames": [str(what)],
        "dockerFilePath": what.dockerfile,
        "sourceLocation": _uploaded(azure, registry, what.folder),
        "platform": {"os": "Linux"},
        "isPushEnabled": True,
        "timeout": MOST_SECONDS,
    }
    run = azure.ask("POST", f"{registry}/scheduleRun?{API}", asked, once=True)
    while (run := azure.ask("GET", f"{run['id']}?{API}"))["properties"]["status"] in UNDER_WAY:
        time.sleep(POLL_SECONDS)
    if (status := run["properties"]["status"]) != "Succeeded":
        remedy = "Correct the Dockerfile or what it copies, then repeat the same command. Its log ends"
        raise Failure(f"the image of {what} was not built ({status}). {remedy}:\n{_log(azure, run['id'])}")
    return _tagged(images, what)


def _uploaded(azure: Azure, registry: str, folder: Path) -> str:
    """Put the files where the registry builds from; the place, as it calls it."""
    from azure.storage.blob import BlobClient

    place = azure.ask("POST", f"{registry}/listBuildSourceUploadUrl?{API}")
    with tempfile.TemporaryFile() as packed:
        with tarfile.open(fileobj=packed, mode="w:gz") as archive:
            for name, path in uploads.walk(folder, uploads.ignored(folder)):
                archive.add(path.resolve(), name)
        packed.seek(0)
        BlobClient.from_blob_url(place["uploadUrl"]).upload_blob(packed)
    return place["relativePath"]


def _log(azure: Azure, run: str) -> str:
    from azure.storage.blob import BlobClient

    link = azure.ask("POST", f"{run}/listLogSasUrl?{API}")["logLink"]
    log = BlobClient.from_blob_url(link).download_blob().readall().decode(errors="replace")
    return "\n".join(log.rstrip().splitlines()[-LAST_LINES:])
