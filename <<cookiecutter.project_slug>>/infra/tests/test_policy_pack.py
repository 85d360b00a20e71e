"""The pack as the engine meets it: a server that it starts, asks resource by resource, and then about the stack."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf.empty_pb2 import Empty
from google.protobuf.struct_pb2 import Struct
from policy import RULES
from pulumi.runtime.proto import analyzer_pb2, analyzer_pb2_grpc
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE

HERE, PROJECT = Path(__file__).parent, Path(__file__).parents[2]
STORAGE, LOGS = "azure-native:storage:StorageAccount", "azure-native:monitor:DiagnosticSetting"


def opened(pack: Path) -> subprocess.Popen[str]:
    """The pack as Pulumi's language host starts it."""
    command = [sys.executable, "-u", "-m", "pulumi.policy", "127.0.0.1:1", str(pack)]
    env = {**os.environ, "PYTHONPATH": str(PROJECT / "src")}
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pack with limits that no change of the project's own touches."""
    made = tmp_path_factory.mktemp("infra") / "policy"
    shutil.copytree(
        PROJECT / "infra" / "policy", made, ignore=shutil.ignore_patterns("__pycache__", "PulumiPolicy.yaml")
    )
    shutil.copy(HERE / "policy-limits.yml", made / "limits.yml")
    (made / "PulumiPolicy.yaml").write_text("runtime: python", "utf-8")
    return made


@pytest.fixture(scope="module")
def pack(folder: Path) -> Iterator[analyzer_pb2_grpc.AnalyzerStub]:
    process = opened(folder)
    assert process.stdout and process.stderr
    try:
        port = process.stdout.readline().strip() or pytest.fail(process.stderr.read())
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            yield analyzer_pb2_grpc.AnalyzerStub(channel)
    finally:
        process.kill()
        process.communicate()


def struct(values: Mapping[str, Any]) -> Struct:
    made = Struct()
    made.update(values)
    return made


def urn(type: str, name: str, stack: str = "prod") -> str:
    return f"urn:pulumi:{stack}::triage::{type}::{name}"


def account(**inputs: Any) -> analyzer_pb2.AnalyzeRequest:
    return analyzer_pb2.AnalyzeRequest(type=STORAGE, name="store", urn=urn(STORAGE, "store"), properties=struct(inputs))


def stack(*resources: tuple[str, str, dict[str, Any], dict[str, str]], name: str = "prod") -> Any:
    """A stack of resources: type, name, values, and for a value the resource that it comes from."""
    made = [
        analyzer_pb2.AnalyzerResource(
            type=type,
            name=label,
            urn=urn(type, label, name),
            properties=struct(values),
            propertyDependencies={
                key: analyzer_pb2.AnalyzerPropertyDependencies(urns=[source]) for key, source in sources.items()
            },
        )
        for type, label, values, sources in resources
    ]
    return analyzer_pb2.AnalyzeStackRequest(resources=made)


def said(response: Any, rule: str) -> list[str]:
    return [each.message for each in response.diagnostics if each.policyName == rule]


def test_each_rule_is_mandatory(pack: analyzer_pb2_grpc.AnalyzerStub):
    about = pack.GetAnalyzerInfo(Empty())
    assert {each.name for each in about.policies} == {*(rule.id for rule in RULES), "stack-has-limits"}
    assert {each.enforcementLevel for each in about.policies} == {analyzer_pb2.MANDATORY}


def test_a_resource_is_refused_in_the_words_of_its_rule(pack: analyzer_pb2_grpc.AnalyzerStub):
    response = pack.Analyze(account(publicNetworkAccess="Enabled"))
    assert said(response, "no-public-access") == [
        "Nothing can be reached from further away than its environment allows.\n`store` (storage:StorageAccount): "
        "publicNetworkAccess is Enabled; it must be Disabled. Set `network.inbound` in infra/Pulumi.prod.yaml to what "
        "infra/policy/limits.yml says of prod; where that is `listed`, `network.allowed_ips` is enough."
    ]
    assert not said(pack.Analyze(account(publicNetworkAccess="Disabled")), "no-public-access")


def test_a_value_that_only_up_knows_is_passed_over_alone(pack: analyzer_pb2_grpc.AnalyzerStub):
    unknown = {"publicNetworkAccess": UNKNOWN_STRING_VALUE, "networkRuleSet": {"ipRules": [UNKNOWN_STRING_VALUE]}}
    response = pack.Analyze(account(**unknown, minimumTlsVersion="TLS1_0"))
    assert not said(response, "no-public-access")
    assert [each.split("\n")[1] for each in said(response, "only-tls")][1:] == [
        "`store` (storage:StorageAccount): minimumTlsVersion is TLS1_0; it must be TLS1_2 or TLS1_3. "
        "Change it in infra/components/."
    ]
    assert not [each for each in response.diagnostics if "can't run policy" in each.message]


def test_a_stack_is_judged_while_ids_are_unknown(pack: analyzer_pb2_grpc.AnalyzerStub):
    store = (STORAGE, "store", {}, {})
    setting = {"resourceUri": UNKNOWN_STRING_VALUE, "workspaceId": UNKNOWN_STRING_VALUE}
    logs = (LOGS, "logs", setting, {"resourceUri": urn(STORAGE, "store")})
    assert said(pack.AnalyzeStack(stack(store)), "logs-are-sent")
    assert not said(pack.AnalyzeStack(stack(store, logs)), "logs-are-sent")


def test_a_stack_is_judged_by_inputs_too_which_outputs_lack(pack: analyzer_pb2_grpc.AnalyzerStub):
    blobs = "azure-native:storage:BlobServiceProperties"
    kept = {"enabled": True, "days": 7}
    inputs = {"isVersioningEnabled": True, "deleteRetentionPolicy": kept, "containerDeleteRetentionPolicy": kept}
    request = stack((STORAGE, "st", {}, {}), (blobs, "st-blobs", inputs, {}))
    for type, name in ((STORAGE, "st"), (blobs, "st-blobs")):
        given = struct({"accountName": name.partition("-")[0]})
        pack.Analyze(analyzer_pb2.AnalyzeRequest(type=type, name=name, urn=urn(type, name), properties=given))
    assert not said(pack.AnalyzeStack(request), "storage-recoverable")


def test_a_stack_without_limits_is_refused(pack: analyzer_pb2_grpc.AnalyzerStub):
    (sentence,) = said(pack.AnalyzeStack(stack((STORAGE, "store", {}, {}), name="test")), "stack-has-limits")
    assert "limits.yml" in sentence
    assert "nothing is said of `test`: there is `dev`, `prod`, `staging`." in sentence


def test_a_mistake_in_the_limits_ends_the_pack_with_a_sentence(folder: Path, tmp_path: Path):
    shutil.copytree(folder, tmp_path / "policy")
    (tmp_path / "policy" / "limits.yml").write_text("schema: 1\n", "utf-8")
    out, problem = opened(tmp_path / "policy").communicate()
    assert (out, "Traceback" in problem) == ("", False)
    assert "limits.yml:1: `regions` is missing; add it." in problem
