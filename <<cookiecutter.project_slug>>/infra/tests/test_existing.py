"""What a stack makes of a network, logs, data and hosts that exist already, and of other figures."""

from collections.abc import Mapping

from policy import judge
from record import Recorded
from roles import rights
from seen import assignments, hosts, of, one, thresholds


def test_a_lake_is_read_by_identity_and_only_read(recorded: Mapping[str, Recorded]) -> None:
    resources = recorded["in a network that exists"].resources
    stores = of(resources, "machinelearningservices:Datastore")
    assert [each.get("properties.credentials.credentialsType") for each in stores] == ["None", "None"]
    there = [each for each in assignments(resources) if "/storageaccounts/lake" in each.get("scope").lower()]
    source = [right for right in rights("prod", "stack") if right.scope.startswith("source")]
    assert len(there) == len(source), "Azure refuses the same role twice in one place"
    assert not any("Contributor" in right.role for right in source)


def test_two_datastores_in_one_account_share_the_way_to_it(recorded: Mapping[str, Recorded]) -> None:
    workspace = one(recorded["in a network that exists"].resources, "machinelearningservices:Workspace")
    assert [name for name in workspace.get("managedNetwork.outboundRules") if name.startswith("source")] == [
        "source-lake"
    ]


def test_a_network_that_exists_is_used(recorded: Mapping[str, Recorded]) -> None:
    resources = recorded["in a network that exists"].resources
    assert not of(resources, "network:VirtualNetwork", "privatedns:PrivateZone", "network:NetworkSecurityGroup")
    subnets = {each.get("subnet.id") for each in of(resources, "network:PrivateEndpoint")}
    assert [each.rpartition("/")[2] for each in subnets] == ["endpoints"]
    assert of(recorded["prod"].resources, "network:VirtualNetwork")


def test_logs_that_exist_are_used(recorded: Mapping[str, Recorded]) -> None:
    resources = recorded["in a network that exists"].resources
    assert not of(resources, "operationalinsights:Workspace")
    workspaces = {each.get("workspaceId") for each in of(resources, "monitor:DiagnosticSetting")}
    assert [each.rpartition("/")[2] for each in workspaces] == ["central"]
    assert of(recorded["prod"].resources, "operationalinsights:Workspace")


def test_a_host_name_is_seen_and_refused(recorded: Mapping[str, Recorded]) -> None:
    resources = recorded["in a network that exists"].resources
    assert hosts(resources) == ["data.example.org"]
    assert any("data.example.org" in str(each) for each in judge(resources, "prod"))


def test_other_figures_make_other_alerts(recorded: Mapping[str, Recorded]) -> None:
    resources = recorded["in a network that exists"].resources
    assert one(resources, "consumption:Budget").get("amount") == 1234
    assert 170 in thresholds(resources)
