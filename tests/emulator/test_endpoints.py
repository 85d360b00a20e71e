"""What Azure refuses of online endpoints: their names, their traffic, their deployments, keys and scaling."""

import pytest

from tests.emulator.arm import OWNER
from tests.emulator.world import DEPLOYMENT, GROUP, HERE, INSIGHTS, ONLINE, WORKSPACE, World, refused

SCALING = f"{GROUP}/providers/Microsoft.Insights/autoscaleSettings/score-blue"
IMAGE = f"{WORKSPACE}/environments/serve/versions"
GREEN = DEPLOYMENT.replace("blue", "green")


@pytest.fixture
def deployed(world: World) -> World:
    """With `blue` and `green`, of which nobody has traffic."""
    world.make(ONLINE)
    world.arm.clock.advance(minutes=30)
    for each in (DEPLOYMENT, GREEN):
        world.put(each, like=DEPLOYMENT)
    return world


def share(world: World, live: dict[str, int], copied: dict[str, int] | None = None) -> None:
    world.put(ONLINE, {"properties.traffic": live, "properties.mirrorTraffic": copied or {}})


def test_the_name_of_an_endpoint_is_the_only_one_of_its_kind(world: World) -> None:
    world.make(ONLINE)
    world.arm.taken.add("other")
    with refused("endpoint_name_is_free", "BadArgument", "unique within a region"):
        world.put(ONLINE.replace("/score", "/other"), like=ONLINE)
    world.put(ONLINE)


@pytest.mark.parametrize("live", [{"blue": 90}, {"blue": 60, "green": 60}, {"blue": 110, "green": -10}])
def test_traffic_that_is_not_all_of_it(deployed: World, live: dict[str, int]) -> None:
    with refused("traffic_is_all_or_nothing", "BadArgument", "must be 0 or 100"):
        share(deployed, live)


def test_traffic_goes_to_what_is_there_and_runs(deployed: World) -> None:
    with refused("traffic_has_somewhere_to_go", "BadArgument", "'red' does not exist"):
        share(deployed, {"red": 100})
    deployed.arm.change_behind(GREEN, "properties.provisioningState", "Failed")
    with refused("traffic_has_somewhere_to_go", "BadArgument", "'green' is not in the state Succeeded"):
        share(deployed, {"blue": 100}, {"green": 10})


@pytest.mark.parametrize(
    ("live", "copied", "words"),
    [
        ({"blue": 100}, {"green": 51}, "at most 50 percent"),
        ({"blue": 90, "green": 10}, {"green": 10}, "both live and mirrored"),
        ({}, {"green": 10}, "while no deployment has live traffic"),
        ({}, {"blue": 10, "green": 10}, "one deployment only"),
    ],
)
def test_traffic_that_cannot_be_mirrored(
    deployed: World, live: dict[str, int], copied: dict[str, int], words: str
) -> None:
    with refused("mirror_is_a_copy_of_live_traffic", "BadArgument", words):
        share(deployed, live, copied)


def test_what_has_traffic_stays(deployed: World) -> None:
    share(deployed, {"blue": 100}, {"green": 50})
    for each in (DEPLOYMENT, GREEN):
        with refused("deployment_without_traffic_goes", "BadArgument", "has traffic"):
            deployed.arm.delete(OWNER, each)
    share(deployed, {"blue": 100})
    deployed.arm.delete(OWNER, GREEN)


def test_twenty_deployments_are_the_most(deployed: World) -> None:
    deployed.arm.cores = 1000
    for number in range(18):
        deployed.put(DEPLOYMENT.replace("blue", f"m{number:02}"), like=DEPLOYMENT)
    with refused("deployments_are_few", "OutOfQuota", "at most 20"):
        deployed.put(DEPLOYMENT.replace("blue", "more"), like=DEPLOYMENT)
    deployed.put(GREEN, like=DEPLOYMENT)


@pytest.mark.parametrize(
    "reference", [f"{WORKSPACE}/models/m/versions/1", "azureml://registries/mlr/models/m/versions/1"]
)
def test_a_deployment_of_what_is_not_there(deployed: World, reference: str) -> None:
    with refused("deployment_parts_exist", "UserError", f"Could not find asset with assetId {reference}"):
        deployed.put(GREEN, {"properties.model": reference}, like=DEPLOYMENT)


def test_an_image_from_elsewhere_in_a_private_stack(world: World) -> None:
    world.make(INSIGHTS)
    world.put(WORKSPACE, {"properties.managedNetwork": {"isolationMode": "AllowOnlyApprovedOutbound"}})
    world.put(ONLINE)
    world.arm.clock.advance(minutes=30)
    for version, image in (("1", "docker.io/library/python@sha256:0"), ("2", "crlend.azurecr.io/serve@sha256:0")):
        world.arm.put(OWNER, f"{IMAGE}/{version}", {"properties": {"image": image}})
    with refused("image_can_be_reached", "ImageBuildFailure", "docker.io/library/python"):
        world.put(DEPLOYMENT, {"properties.environmentId": f"{IMAGE}/1"})
    world.put(DEPLOYMENT, {"properties.environmentId": f"{IMAGE}/2"})


def test_an_endpoint_that_goes_by_tokens_has_no_keys(world: World) -> None:
    world.make(ONLINE)
    with refused("keys_are_off", "BadArgument", "does not use keys"):
        world.arm.post(OWNER, ONLINE, "listKeys")


def test_a_batch_endpoint_of_what_is_not_there(world: World) -> None:
    world.make(WORKSPACE)
    batch = f"{WORKSPACE}/batchEndpoints/tables"
    with refused("default_deployment_exists", "BadArgument", "'blue' does not exist"):
        world.arm.put(OWNER, batch, HERE | {"properties": {"defaults": {"deploymentName": "blue"}}})
    world.arm.put(OWNER, batch, HERE)
    given = {"deploymentConfiguration": {"componentId": {"assetId": f"{WORKSPACE}/components/c/versions/1"}}}
    with refused("batch_component_exists", "UserError", "Could not find asset"):
        world.arm.put(OWNER, f"{batch}/deployments/blue", HERE | {"properties": given})
    world.arm.put(OWNER, f"{batch}/deployments/blue", HERE | {"properties": {}})
    world.arm.change_behind(f"{batch}/deployments/blue", "properties.provisioningState", "Failed")
    with refused("default_deployment_exists", "BadArgument", "'blue' is not in the state Succeeded"):
        world.arm.put(OWNER, batch, HERE | {"properties": {"defaults": {"deploymentName": "blue"}}})


def test_scaling_of_what_is_not_there_and_out_of_bounds(deployed: World) -> None:
    def scaled(target: str, usual: str) -> None:
        capacity = {"minimum": "2", "default": usual, "maximum": "4"}
        given = {"targetResourceUri": target, "profiles": [{"name": "load", "capacity": capacity}]}
        deployed.arm.put(OWNER, SCALING, HERE | {"properties": given})

    with refused("scaling_fits", "ResourceNotFound", "/none"):
        scaled(DEPLOYMENT.replace("blue", "none"), "2")
    with refused("scaling_fits", "InvalidAutoscaleSetting", "with default 5"):
        scaled(DEPLOYMENT, "5")
    scaled(DEPLOYMENT, "2")
