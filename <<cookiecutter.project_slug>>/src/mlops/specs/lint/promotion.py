"""What must not reach an environment: jobs without compute, and images that are built or looked up there."""

from collections.abc import Iterator

from mlops.errors import Misuse
from mlops.specs.load import Item

FROZEN = ("staging", "prod")


def mistakes(root: Item, kind: str, on: str) -> Iterator[Misuse]:
    """What of a document cannot be run in the environment `on`."""
    if on != "local" and kind.endswith("job"):
        yield from _compute(root, on)
    if on in FROZEN:
        if kind == "environment":
            yield from _image(root, on)
        yield from _environments(root, on)


def _compute(root: Item, on: str) -> Iterator[Misuse]:
    settings, jobs = root.get("settings"), root.get("jobs")
    if root.get("compute") or (settings and settings.get("default_compute")):
        return
    nodes = jobs.value.values() if jobs and isinstance(jobs.value, dict) else []
    without = [node for node in nodes if node.get("compute") is None and node.get("type") != "pipeline"]
    some = 0 < len(without) < len(nodes)
    for item in without if some else [root]:
        remedy = "settings.default_compute" if jobs else "compute"
        if without or not nodes:
            yield item.wrong(f"there is no compute for {on}. Set `{remedy}` to `azureml:NAME` or `serverless`.")


def _environments(item: Item, on: str) -> Iterator[Misuse]:
    """Wherever a document says `environment:` inline."""
    entries = item.value.items() if isinstance(item.value, dict) else ()
    for key, each in entries:
        if key == "environment" and isinstance(each.value, dict):
            if build := each.get("build"):
                yield build.wrong(f"{on} builds no image. Refer to a registered environment: `azureml:NAME:VERSION`.")
            yield from _image(each, on)
        yield from _environments(each, on)


def _image(item: Item, on: str) -> Iterator[Misuse]:
    if conda := item.get("conda_file"):
        yield conda.wrong(f"{on} builds no image, and a conda file needs one. Refer to a registered environment.")
    image = item.get("image")
    if image and "@sha256:" not in str(image.value):
        yield image.wrong(f"`{image.value}` may be another image tomorrow. Name its digest for {on}: `NAME@sha256:…`.")
