"""What Azure ML refuses of assets and of jobs."""

import pytest

from tests.emulator.store import Document
from tests.emulator.world import CLUSTER, STORAGE, WORKSPACE, World, refused

BLOB = "azureml://datastores/workspaceblobstore/paths"
DATA, CODE = f"{WORKSPACE}/data/rows/versions/1", f"{WORKSPACE}/codes/code/versions/1"
ENVIRONMENT, COMPONENT = f"{WORKSPACE}/environments/job/versions/1", f"{WORKSPACE}/components/train/versions/1"
JOB = f"{WORKSPACE}/jobs/run"


@pytest.fixture
def workspace(world: World) -> World:
    """With a compute, and blobs below `there/` of the default container."""
    world.make(CLUSTER)
    found = world.arm.find(WORKSPACE)
    assert found
    container = f"azureml-blobstore-{found['properties']['workspaceId']}"
    account = STORAGE.rsplit("/", 1)[1]
    world.arm.holds = lambda *blob: blob[:2] == (account, container) and blob[2].startswith("there")
    return world


def put(world: World, id: str, **properties: object) -> Document:
    return world.put(id, {f"properties.{name}": value for name, value in properties.items()})


def submit(world: World, *, inputs: Document | None = None, binds: Document | None = None, **node: object) -> None:
    """A pipeline of one node, with inputs of its own and of the node."""
    if not world.arm.find(COMPONENT):
        put(world, CODE, codeUri=f"{BLOB}/there")
        put(world, ENVIRONMENT, image="image@sha256:0")
        spec = {"code": CODE, "environment": ENVIRONMENT, "inputs": {"rows": {}}, "outputs": {"model": {}}}
        put(world, COMPONENT, componentSpec=spec)
    made = {"componentId": COMPONENT, "inputs": binds or {}, "outputs": {}} | node
    put(world, JOB, jobs={"train": made}, inputs=inputs or {}, settings={"default_compute": CLUSTER}, outputs={})


def test_a_version_is_never_changed(workspace: World) -> None:
    put(workspace, DATA, dataUri=f"{BLOB}/there", dataType="uri_file", tags={"digest": "1"})
    put(workspace, DATA, dataUri=f"{BLOB}/there", dataType="uri_file", tags={"digest": "2"})
    with refused("versions_stay", "UserError", "Asset paths cannot be updated."):
        put(workspace, DATA, dataUri=f"{BLOB}/there/too")
    with refused("versions_stay", "UserError", "The asset rows:1 already exists and its dataType cannot be changed"):
        put(workspace, DATA, dataUri=f"{BLOB}/there", dataType="uri_folder")


def test_a_tag_that_is_too_long(workspace: World) -> None:
    with refused("asset_tags_fit", "UserError", "The value of tag 'about' has more than 256 characters."):
        put(workspace, DATA, dataUri=f"{BLOB}/there", tags={"about": "a" * 257})


def test_versions_of_data_are_all_files_or_all_folders(workspace: World) -> None:
    put(workspace, DATA, dataUri=f"{BLOB}/there", dataType="uri_file")
    with refused(
        "data_is_of_one_kind", "UserError", "The type of the data is uri_folder, and its container has uri_file"
    ):
        put(workspace, DATA.removesuffix("1") + "2", dataUri=f"{BLOB}/there", dataType="uri_folder")


def test_what_a_version_leads_to_is_there(workspace: World) -> None:
    with refused("content_is_there", "UserError", f"There is nothing at {BLOB}/here"):
        put(workspace, DATA, dataUri=f"{BLOB}/here")
    with refused("content_is_there", "UserError", "nothing at https://stother.blob.core.windows.net/c/there"):
        put(workspace, CODE, codeUri="https://stother.blob.core.windows.net/c/there")
    with refused("content_is_there", "UserError", "Could not find asset with assetId"):
        put(workspace, DATA, dataUri="azureml://datastores/other/paths/there")


def test_a_build_context_without_its_dockerfile(workspace: World) -> None:
    with refused("build_context_is_whole", "UserError", f"nothing at {BLOB}/here/Dockerfile"):
        put(workspace, ENVIRONMENT, build={"contextUri": f"{BLOB}/here/", "dockerfilePath": "Dockerfile"})
    put(workspace, ENVIRONMENT, build={"contextUri": f"{BLOB}/there/", "dockerfilePath": "Dockerfile"})


def test_a_component_without_its_code(workspace: World) -> None:
    put(workspace, ENVIRONMENT, image="image@sha256:0")
    with refused("component_has_its_parts", "UserError", "/codes/code/versions/1"):
        put(workspace, COMPONENT, componentSpec={"code": f"azureml:{CODE}", "environment": ENVIRONMENT})


def test_a_job_that_runs_stays_as_it_is(workspace: World) -> None:
    submit(workspace)
    submit(workspace)
    with refused("jobs_stay", "Conflict", "'run' already exists"):
        submit(workspace, environment_variables={"a": "b"})


def test_inputs_of_a_job_that_are_not_there(workspace: World) -> None:
    with refused("job_inputs_exist", "UserError", "/data/rows/versions/1"):
        submit(workspace, inputs={"rows": {"uri": DATA}})
    with refused("job_inputs_exist", "UserError", f"nothing at {BLOB}/here"):
        submit(workspace, inputs={"rows": {"uri": f"{BLOB}/here"}})
    with refused("job_inputs_exist", "UserError", f"nothing at {BLOB}/here"):
        submit(workspace, binds={"rows": {"uri": f"{BLOB}/here"}})


def test_a_compute_that_is_not_there(workspace: World) -> None:
    with refused("job_computes_exist", "UserError", "Unknown compute target 'gpu'"):
        submit(workspace, computeId=f"{WORKSPACE}/computes/gpu")


def test_bindings_that_lead_nowhere(workspace: World) -> None:
    for way in ("inputs.rows", "jobs.train.outputs.nothing", "jobs.no.outputs.model"):
        with refused("job_bindings_lead_somewhere", "UserError", "train.inputs.rows is bound to nothing"):
            submit(workspace, binds={"rows": {"value": f"${{{{parent.{way}}}}}"}})
