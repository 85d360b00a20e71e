"""Environments that a document describes: files that are not there, and images that are built or looked up later."""

import re
from collections.abc import Iterator
from pathlib import Path

from mlops.specs.assets import REMOTE, existing
from mlops.specs.collect import attempt, refuse
from mlops.specs.load import Item
from mlops.uploads import ignored

FROZEN = ("staging", "prod")
COPIED = re.compile(r"^COPY +((?:(?!--)[\w./-]+ +)+)[\w./-]+ *$", re.MULTILINE)
"""What a Dockerfile takes from its folder, in lines of plain names."""
FROM = re.compile(r"^\s*FROM\s+(?:--\S+\s+)*(\S+)(?:[ \t]+AS[ \t]+(\S+))?", re.MULTILINE | re.IGNORECASE)
"""The images from which a Dockerfile begins, and what it calls its stages."""


def check(root: Item, kind: str, on: str) -> None:
    """Refuse what is wrong with the environment that a document is, and with those that it holds."""
    for environment in [root] if kind == "environment" else _inline(root):
        build, conda, image = (environment.get(key) for key in ("build", "conda_file", "image"))
        if build:
            _check_build(build, on)
        if conda:
            check_path(conda, "conda_file")
        if on not in FROZEN:
            continue
        if build and environment is not root:
            refuse(build.wrong(f"{on} builds no image. Refer to a registered environment: `azureml:NAME:VERSION`."))
        if conda:
            what = f"{on} builds no image, and a conda file needs one. Refer to a registered environment."
            refuse(conda.wrong(what))
        if image and "@sha256:" not in str(image.value):
            what = f"`{image.value}` may be another image tomorrow. Name its digest for {on}: `NAME@sha256:…`."
            refuse(image.wrong(what))


def _inline(item: Item) -> Iterator[Item]:
    for key, each in item.value.items() if isinstance(item.value, dict) else ():
        if key == "environment" and isinstance(each.value, dict):
            yield each
        yield from _inline(each)


def _check_build(build: Item, on: str) -> None:
    """Refuse a folder without the Dockerfile or what that copies, or from which Azure ML would not take them.

    Where images are frozen also one that begins with another image tomorrow.
    """
    folder, said = build.get("path"), build.get("dockerfile_path")
    if not folder or not (where := check_path(folder, "path")):
        return
    name, place = str(said.value) if said else "Dockerfile", said or build
    if not (where / name).is_file():
        return refuse(place.wrong(f"there is no {name} in {folder.value}. Correct it."))
    text = (where / name).read_text("utf-8").replace("\\\n", " ")
    known = {"scratch"}
    for image, stage in FROM.findall(text) if on in FROZEN else ():
        if "@sha256:" not in image and image.lower() not in known:
            what = f"{name} begins with `{image}`, which may be another image tomorrow"
            refuse(place.wrong(f"{what}. Name its digest for {on}: `FROM {image}@sha256:…`."))
        known.add(stage.lower())
    left_out, copied = ignored(where), " ".join(COPIED.findall(text)).split()
    for path in (Path(each.lstrip("/")) for each in (name, *copied) if each != "."):
        above = (f"{parent}/" for parent in path.parents if parent != Path())
        if not (where / path).exists():
            refuse(place.wrong(f"{name} copies {path}, which is not in {folder.value}. Correct it there."))
        elif left_out.match_file(path) or any(map(left_out.match_file, above)):
            what = f"`.amlignore` in {folder.value} leaves out {path}, which the image needs"
            refuse(place.wrong(f"{what}. Correct it there."))


def check_path(item: Item, what: str) -> Path | None:
    """Where a path leads; None for one that is elsewhere, and for one that is refused since nothing is there."""
    here = isinstance(item.value, str) and not REMOTE.match(item.value)
    return attempt(existing, item, what, "Correct the path.") if here else None
