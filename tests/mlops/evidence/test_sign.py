"""Who approves and signs is said in mlops.yaml; nobody else does, and no key that is not trusted."""

from collections.abc import Callable
from pathlib import Path

import pytest

from mlops.errors import Refused
from mlops.evidence import entries, sign
from tests.mlops.evidence.conftest import AUTHOR, SIGNER, Release

Scratch = Callable[[], Path]


def test_who_has_to_approve_is_said_in_mlops_yaml(release: Release, scratch: Scratch):
    served = release.state()
    entries.add(release.platform, release.settings, "prod", "champion", served, {})
    release.state(reason="the same system")
    release.set("changed-spec", "release", "approval")
    assert release.refusals(scratch()) == []
    release.set("always", "release", "approval")
    why = "nobody has approved it, and `release.approval` is `always`. One of people.approves does: mlops release sign"
    assert why in release.refusals(scratch())[0]
    assert release.refusals(scratch(), "staging") == []
    release.sign("prod", "approver")
    assert release.refusals(scratch()) == []
    release.set([AUTHOR], "people", "approves", "prod")
    assert why in release.refusals(scratch())[0]
    release.set("changed-spec", "release", "approval")
    release.state(system=release.says["system"] | {"features": "x"})
    assert "`release.approval` is `changed-spec`." in "\n".join(release.refusals(scratch()))


def test_who_may_sign_is_said_in_mlops_yaml(release: Release, monkeypatch: pytest.MonkeyPatch):
    def attempt(role: str, who: str) -> str:
        monkeypatch.setenv("GIT_COMMITTER_EMAIL", who)
        return sign.sign_off("triage:1", role, "staging", release.platform, release.path, release.settings)

    assert attempt("approver", SIGNER) == SIGNER
    for role in ("approver", "owner", "data_protection"):
        with pytest.raises(Refused, match=f"nobody@example.org may not sign as {role} for staging: mlops.yaml names"):
            attempt(role, "nobody@example.org")


def test_a_key_that_is_not_trusted_signs_nothing(release: Release):
    release.set({}, "evidence", "trusted_keys", "dev")
    key = release.platform.signer().public_key
    before = release.platform.ledger.read()
    with pytest.raises(Refused) as refusal:
        release.sign("dev", "approver")
    assert f'evidence.trusted_keys.dev in mlops.yaml:\n"{key.keyid}": "{key.keyval["public"]}"' in str(refusal.value)
    assert release.platform.ledger.read() == before
