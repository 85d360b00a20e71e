"""Who signs for a model in Azure and who verifies it, each with the rights that infra/roles.py gives."""

import json
import shutil
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import pytest

from mlops import platform
from mlops.errors import Failure, Refused
from mlops.evidence import sign
from mlops.platform.azure import names as env
from mlops.platform.azure.names import Names
from mlops.platform.base import Platform
from tests.emulator.https.cloud import Cloud
from tests.mlops.evidence.conftest import OWNER, SIGNER, Release
from tests.mlops.evidence.conftest import release as release
from tests.mlops.evidence.conftest import released as released
from tests.mlops.platform.azure.matrix import give, organisation
from tests.support.project import Completed, Project

ROLE, MODEL = "data_protection", "triage:1"
SIGN = ("release", "sign", MODEL, "--role", ROLE)


@dataclass
class There:
    """A project whose one model lies on dev, where dev's key is trusted for prod too."""

    release: Release
    cloud: Cloud
    home: Path
    patch: pytest.MonkeyPatch

    def variables(self, who: str, mail: str = SIGNER) -> dict[str, str]:
        """Of somebody whose clone of the project holds nothing that another one fetched."""
        shutil.rmtree(self.release.path / ".mlops" / "fetched", ignore_errors=True)
        person = self.cloud.directory.add(f"{who} of dev")
        give(self.cloud.arm, person.id, who, "dev")
        return self.cloud.environ(person, self.home) | {"GIT_COMMITTER_EMAIL": mail}

    def act(self, who: str) -> Platform:
        """From here on the test is this identity."""
        for name, value in self.variables(who).items():
            self.patch.setenv(name, value)
        return platform.open("dev", self.release.path)

    def typed(self, who: str, *command: str, mail: str = SIGNER) -> Completed:
        done = Project(self.release.path).mlops(*command, **self.variables(who, mail))
        assert "Traceback" not in done.stderr, done.stderr
        return done

    def attempt(self, who: str, environment: str) -> str:
        here = self.act(who)
        return sign.sign_off(MODEL, ROLE, environment, here, self.release.path, self.release.settings)


@pytest.fixture(scope="module")
def names(cloud: Cloud) -> Names:
    return organisation(cloud)


@pytest.fixture
def there(release: Release, cloud: Cloud, names: Names, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> There:
    place = env.place(release.path, "dev")
    place.parent.mkdir(parents=True)
    place.write_text(json.dumps(asdict(names)))
    made = There(release, cloud, tmp_path, monkeypatch)
    there = made.release = replace(release, platform=made.act("deploy"))
    key = there.platform.signer().public_key
    for environment in ("dev", "prod"):
        there.set({key.keyid: key.keyval["public"]}, "evidence", "trusted_keys", environment)
    if not there.platform.models.list():
        shutil.rmtree(release.path / "artifacts")
        there.state(image="context:sha256:0")
    return made


def open_items(done: Completed) -> dict[str, str]:
    """What does not hold yet, and what to do, by the role that has to sign."""
    said = (each for each in json.loads(done.stdout) if each["subject"] == "signatures")
    found = (f"{each['why']} {each['next_step']}" for each in said)
    return {text.partition("--role ")[2].partition(" ")[0]: text for text in found}


def test_a_signer_signs_in_dev_for_prod_and_a_data_scientist_sees_it(there: There) -> None:
    verify = ("release", "verify", MODEL, "--on", "dev", "--for", "prod", "--json")
    before = there.typed("data_scientists", *verify)
    assert before.returncode == 1, before.stderr
    wanted = f"then: mlops release sign {MODEL} --role {ROLE} --on dev --for prod"
    assert open_items(before)[ROLE].endswith(wanted)
    done = there.typed("signers", *SIGN, "--on", "dev", "--for", "prod")
    assert (done.returncode, done.stdout) == (0, f"{SIGNER} signed for {MODEL} as {ROLE}, for prod\n"), done.stderr
    after = there.typed("data_scientists", *verify)
    assert open_items(before).keys() - open_items(after).keys() == {ROLE}
    on_dev = there.typed("data_scientists", "release", "verify", MODEL, "--on", "dev")
    assert on_dev.returncode == 0 and "✓ artifact" in on_dev.stdout, on_dev.stdout + on_dev.stderr


@pytest.mark.parametrize("who", ["data_scientists", "operators", "readers"])
def test_who_does_not_sign_is_told_who_does(there: There, who: str) -> None:
    with pytest.raises(
        Failure, match="this login may not do Microsoft.KeyVault/vaults/keys/read on dev. docs/rights.md"
    ):
        there.attempt(who, "dev")


def test_a_key_signs_only_where_it_is_trusted(there: There) -> None:
    there.release.set({}, "evidence", "trusted_keys", "prod")
    with pytest.raises(Refused, match="the key that signs here is not trusted on prod. If it should be, write below"):
        there.attempt("signers", "prod")
    assert there.attempt("signers", "dev") == SIGNER


def test_a_project_that_is_stopped_in_dev_is_stopped_for_all_who_share_its_ledger(there: There) -> None:
    done = there.typed("signers", "stop", "--reason", "It found too few.", "--on", "dev")
    assert done.returncode == 0, done.stderr
    found = there.typed("data_scientists", "release", "verify", MODEL, "--on", "dev")
    assert found.returncode == 1
    owner = ("release", "sign", MODEL, "--role", "owner", "--on", "dev")
    assert f"Its owner lets it go on with: mlops {' '.join(owner)}" in found.stdout
    assert there.typed("signers", *owner, mail=OWNER).returncode == 0
    assert there.typed("data_scientists", "release", "verify", MODEL, "--on", "dev").returncode == 0


@pytest.mark.parametrize("command", [SIGN, ("release", "verify", MODEL)])
def test_this_machine_is_not_meant_elsewhere(reference: Project, command: tuple[str, ...]) -> None:
    done = reference.mlops(*command, "--on", "dev", "--for", "local")
    assert (done.returncode, done.stderr) == (
        2,
        "`--for local` means what is on this machine. Leave --on dev out, or name another environment.\n",
    )
