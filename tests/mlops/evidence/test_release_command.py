"""Signing, verifying and stopping, as they are typed."""

import json

from tests.mlops.evidence.conftest import OWNER, Release
from tests.support.project import Project


def test_a_model_is_verified_stopped_and_let_go_on(release: Release):
    mlops = Project(release.path).mlops
    verified = mlops("release", "verify", "triage", "--for", "staging", "--json")
    assert verified.returncode == 0, verified.stdout + verified.stderr
    assert {each["subject"] for each in json.loads(verified.stdout)} > {"artifact", "statement", "verdicts", "code"}

    stopped = mlops("stop", "--reason", "It found too few.")
    assert (stopped.returncode, "goes on answering" in stopped.stdout) == (0, True), stopped.stderr
    status = mlops("release", "status").stdout
    assert status.startswith("stopped") and "It found too few." in status
    refused = mlops("release", "verify", "triage")
    assert refused.returncode == 1, refused.stdout + refused.stderr
    assert "✓ artifact: Its bytes have the digest" in refused.stdout
    assert "✗ stop: person@example.org stopped the project on" in refused.stdout
    assert "It found too few. Its owner lets it go on with: mlops release sign triage:1 --role owner" in refused.stdout
    [said] = [each for each in json.loads(mlops("release", "verify", "triage", "--json").stdout) if not each["passed"]]
    assert said["why"].endswith(": It found too few.")
    assert said["next_step"].startswith("Its owner lets it go on with: mlops release sign triage:1")

    sign = "release", "sign", "triage:1", "--role", "owner", "--for", "local"
    another = mlops(*sign)
    assert (another.returncode, f"mlops.yaml names {OWNER}." in another.stderr) == (1, True), another.stderr
    assert mlops(*sign, GIT_COMMITTER_EMAIL=OWNER).returncode == 0
    assert mlops("release", "verify", "triage").returncode == 0
    assert "stopped" not in mlops("release", "status").stdout


def test_a_role_that_nobody_has_is_wrong_use(release: Release):
    done = Project(release.path).mlops("release", "sign", "triage", "--role", "data_protektion", "--for", "prod")
    assert (done.returncode, "did you mean `data_protection`?" in done.stderr) == (2, True), done.stderr
