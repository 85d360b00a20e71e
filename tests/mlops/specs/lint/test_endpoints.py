"""Endpoints and deployments, held against each other and against what mlops.yaml promises."""

import re
from collections.abc import Callable

import pytest

from mlops.serving.__main__ import OPTIONS
from mlops.specs.lint import endpoints
from mlops.specs.lint.check import lint
from tests.mlops.specs.lint.conftest import change
from tests.support.project import Project

ONLINE, DEPLOYMENT, SERVE = (
    f"azureml/{name}.yml" for name in ("endpoints/online", "endpoints/online-deployment", "environments/serve")
)
SCRIPTED = "azureml/endpoints/online-deployment-inference-server.yml"
BATCH, BATCH_DEPLOYMENT = "azureml/endpoints/batch.yml", "azureml/endpoints/batch-deployment.yml"

TIMEOUT, AT_ONCE, SERVE_FILE = "timeout_ms: 5000", "instance: 64", "file:../environments/serve"
PROBE = "  timeout: 2\n  failure_threshold: 3\nliveness"
PROMISED = "  online:\n    p95_ms: 100\n    availability: 0.995\n    requests_per_second: 20\n"

MISTAKES = [
    (ONLINE, "auth_mode: aad_token", "auth_mode: key", "`auth_mode` must be one of aad_token, not `key`"),
    (BATCH, "auth_mode: aad_token", "tags: {}", "a batch endpoint needs `auth_mode:`"),
    (ONLINE, "auth_mode", "traffic: {model: 100}\nauth_mode", "who is asked is what releases decide"),
    (ONLINE, "auth_mode", "mirror_traffic: {model: 10}\nauth_mode", "who is asked is what releases decide"),
    (BATCH, "auth_mode", "defaults: {deployment_name: model}\nauth_mode", "who is asked is what releases decide"),
    (DEPLOYMENT, "name: model", "name: my_model", "`name` `my_model` is not of 3 to 32 letters"),
    (DEPLOYMENT, "-online", "-onlin", "no online endpoint beside this file is called `incomesupp-onlin`: did you mean"),
    (BATCH_DEPLOYMENT, "-batch", "-online", "no batch endpoint beside this file is called `incomesupp-online`"),
    (BATCH_DEPLOYMENT, "components/scoring", "components/scorin", "scorin.yml does not exist. Correct the path."),
    (BATCH_DEPLOYMENT, "components/scoring", "components/score", "score.yml is a parallel component, and a batch end"),
    (BATCH_DEPLOYMENT, "components/scoring", "pipelines/score", "score.yml is a pipeline job, and a batch endpoint"),
    (BATCH_DEPLOYMENT, "name: model\n", "", "a batch deployment needs `name:`"),
    (DEPLOYMENT, "instance_type: Standard_F2s_v2\n", "", "an online deployment needs `instance_type:`"),
    (DEPLOYMENT, TIMEOUT, "timeout: 5000", "`request_timeout` is no field of a request"),
    (DEPLOYMENT, TIMEOUT, "timeout_ms: 5 s", "`request_timeout_ms` must be a whole number"),
    (DEPLOYMENT, TIMEOUT, "timeout_ms: 50", "ended after 50 ms, before the 100 of `service.online.p95_ms`"),
    (DEPLOYMENT, TIMEOUT, "timeout_ms: 200000", "`request_timeout_ms` is at most 180,000"),
    (DEPLOYMENT, AT_ONCE, "instance: 1", "1 x 1 requests at once, each of 100 ms, are 10 a second"),
    (DEPLOYMENT, f"  max_concurrent_requests_per_{AT_ONCE}\n", "", "are 10 a second; mlops.yaml promises 20"),
    (DEPLOYMENT, PROBE, "  timeout: 6\nliveness", "`timeout` is longer than `period`"),
    (DEPLOYMENT, "model: azureml:", "model: ./", "write `azureml:NAME@latest`"),
    (SCRIPTED, "model: azureml:", "model:\n  of: ", "`model` is `{…}`; write `azureml:NAME@latest`"),
    (DEPLOYMENT, SERVE_FILE, "file:../environments/servo", "servo.yml does not exist. Correct the path."),
    (DEPLOYMENT, SERVE_FILE, "file:../environments/job", "job.yml has no `inference_config`: nobody knows"),
    (DEPLOYMENT, "outputs.log_key_id", "outputs.log_key", "`MLOPS_LOG_KEY_URL` is `${{stack.outputs.log_key}}`, which"),
    (DEPLOYMENT, "${{stack.outputs.log_key_id}}", "${{inputs.key}}", "is `${{inputs.key}}`, which no release can fill"),
    (SCRIPTED, "scoring_script: mlops/", "scoring_script: mlop/", "there is no mlop/serving/azureml_score.py in ../"),
    (SCRIPTED, 'WORKER_COUNT: "2"', "WORKER_COUNT: 1", "1 workers answer one request each, and 2 are let in at once"),
    (SCRIPTED, TIMEOUT, "timeout_ms: 50", "ended after 50 ms, before the 100 of `service.online.p95_ms`"),
    (SCRIPTED, '  WORKER_COUNT: "2"\n', "", "1 workers answer one request each, and 2 are let in at once"),
    (SCRIPTED, TIMEOUT, "timeout_ms: 6000", "`request_timeout_ms` is 6,000, and the server keeps to 5,000"),
    (DEPLOYMENT, TIMEOUT, "timeout_ms: 5001", "`request_timeout_ms` is 5,001, and the server keeps to 5,000"),
    (DEPLOYMENT, AT_ONCE, "instance: 65", "is 65, and the server keeps to 64. Say as much by `MLOPS_MAX_"),
    ("mlops.yaml", "requests_per_second: 20", "requests_per_second: 21", "are 20 a second; mlops.yaml promises 21"),
    (SERVE, "port: 8000\n    path: /live", "port: 8001\n    path: /live", "the routes of serve.yml have several ports"),
    (SERVE, "  scoring_route:\n    port: 8000\n    path: /score\n", "", "an inference config needs `scoring_route:`"),
    (".amlignore", "!/src\n", "", "`.amlignore` in ../.. leaves out src/mlops, which the image needs"),
    (".amlignore", "!/requirements/serving.txt\n", "", "leaves out requirements/serving.txt, which the image needs"),
    (".amlignore", "!/requirements/serving.Dockerfile\n", "", "leaves out requirements/serving.Dockerfile, which the"),
    ("requirements/.amlignore", "!/azure.txt\n", "", "`.amlignore` in ../../requirements leaves out azure.txt, which"),
    ("requirements/Dockerfile", "COPY azure", "COPY azur", "Dockerfile copies azur.txt, which is not in ../../req"),
    ("mlops.yaml", PROMISED, "", "promises no answers"),
    ("mlops.yaml", "requests_per_second: 20", "requests_per_second: 641", "are 640 a second; mlops.yaml promises 641"),
]


@pytest.mark.parametrize(("file", "old", "new", "says"), MISTAKES, ids=[each[3] for each in MISTAKES])
def test_a_mistake_is_said(specs: Project, file: str, old: str, new: str, says: str) -> None:
    assert old in (specs.path / file).read_text("utf-8")
    change(specs, file, old, new)
    found = lint([specs.path / "mlops.yaml", specs.path / "azureml"], specs.path)[1]
    assert [each for each in found if says in each.what], found
    assert len({each.file for each in found}) == len(found), "one mistake is said once"


@pytest.mark.parametrize(("on", "refused"), [("dev", 0), ("staging", 1), ("prod", 1)])
def test_an_image_that_begins_with_a_tag_is_refused_where_images_are_frozen(
    specs: Project, on: str, refused: int
) -> None:
    assert not [each for each in lint([specs.path / "azureml"], specs.path, on)[1] if "begins with" in each.what]
    for name in ("Dockerfile", "serving.Dockerfile", "inference-server/Dockerfile"):
        file = specs.path / "requirements" / name
        file.write_text(re.sub("@sha256:[0-9a-f]{64}", "", before := file.read_text()))
        found = [each for each in lint([specs.path / "azureml"], specs.path, on)[1] if "begins with" in each.what]
        assert len(found) == refused and all("-slim@sha256:…`" in each.what for each in found)
        file.write_text(before)


@pytest.mark.parametrize("line", ["FROM ubuntu", "FROM ${BASE}", "  FROM python:3.11-slim", "from \\\n a/b AS c"])
def test_however_a_dockerfile_names_it_an_image_without_a_digest_is_refused(specs: Project, line: str) -> None:
    good = f"FROM scratch AS Empty\nFROM python@sha256:{'0' * 64} as of\nFROM empty\nFROM of\n"
    change(specs, "requirements/Dockerfile", "FROM", f"{good}RUN one \\\n  FROM two\nFROM")
    assert lint([specs.path / "azureml"], specs.path, "prod")[1] == []
    change(specs, "requirements/Dockerfile", "COPY", f"{line}\nCOPY")
    [found] = lint([specs.path / "azureml"], specs.path, "prod")[1]
    assert f"begins with `{line.partition(' AS ')[0].split()[-1]}`" in found.what


def test_what_the_linter_knows_of_server_and_stack_is_what_they_have(specs: Project, reference: Project) -> None:
    usual = {(f"MLOPS_{name.upper().replace('-', '_')}", usual) for name, (_, usual, _) in OPTIONS.items()}
    assert usual.issuperset(endpoints.SERVER.values())
    program = (reference.path / "infra" / "__main__.py").read_text()
    assert set(endpoints.OUTPUTS) <= set(re.findall(r'pulumi\.export\("(\w+)"', program))
    more = '  MLOPS_TIMEOUT_MS: "20000"\n  MLOPS_MAX_WAITING: "500"\n'
    change(specs, DEPLOYMENT, "  UAI_CLIENT_ID", f"{more}  UAI_CLIENT_ID")
    change(specs, DEPLOYMENT, TIMEOUT, "timeout_ms: 20000")
    change(specs, DEPLOYMENT, AT_ONCE, "instance: 500")
    assert lint([specs.path / "mlops.yaml", specs.path / "azureml"], specs.path)[1] == []


def test_what_a_dockerfile_copies_in_other_ways_is_not_judged(specs: Project) -> None:
    lines = 'COPY --from=a b /c\nCOPY --chown=1:1 d /e\nCOPY . /f\nCOPY $G /h\nCOPY ["i", "/j"]\nCOPY *.k /l\n'
    change(specs, "requirements/Dockerfile", "COPY azure.txt", f"{lines}COPY azure.txt")
    assert lint([specs.path / "azureml"], specs.path)[1] == []


def test_a_project_that_scores_in_batch_only_has_no_online_endpoint(render: Callable[..., Project]) -> None:
    project = render(serving="batch").path
    assert sorted(file.name for file in (project / "azureml" / "endpoints").iterdir()) == [
        "batch-deployment.yml",
        "batch.yml",
    ]
    assert not (project / ".amlignore").exists() and not (project / "requirements" / "serving.Dockerfile").exists()
    assert lint([project / "mlops.yaml", project / "azureml"], project)[1] == []
