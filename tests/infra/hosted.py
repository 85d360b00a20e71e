"""What lies outside a CI job: the repository, an emulated Azure where the project is onboarded, and who may sign in."""

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.emulator.ci.azure_devops import AzureDevOps
from tests.emulator.ci.github import NUMBER, REPOSITORY, RUN
from tests.emulator.ci.server import served
from tests.emulator.store import SUBSCRIPTION, TENANT
from tests.infra import logins
from tests.infra.installed import install, script
from tests.infra.onboarded import SHORT, SLUG
from tests.infra.projects import CONNECTION, SHIPPED
from tests.infra.reached import Reached
from tests.infra.records import VOUCHED, Records
from tests.workflows import az
from tests.workflows.devops import inside
from tests.workflows.harness import Denied, Harness, private
from tests.workflows.model import Event, Job, Pipeline, Step, read

ENVIRONMENTS = ("dev", "staging", "prod")
IDENTITIES = [*((name, who) for name in ENVIRONMENTS for who in ("deploy", "reader")), ("prod", "operate")]
SIGNERS = yaml.safe_load(SHIPPED)["projects"][SLUG]["groups"]["signers"]
MINUTES = 5.0
"""For how long an assertion of GitHub is taken: Azure/login issue 372, 2023-11."""


@dataclass
class Hosted:
    """A project that CI serves. `variables` are those of the CI system, as `make repo-setup` would store them.

    `records` are what GitHub knows of its runs and pull requests, `devops` is what Azure DevOps does, `connections` are
    the service connections there: a client id and the subject of each.
    """

    there: Reached
    records: Records
    devops: AzureDevOps
    variables: dict[str, str] = field(default_factory=dict)
    connections: dict[str, tuple[str, str]] = field(default_factory=dict)
    minutes: float = MINUTES
    took: list[tuple[str, str, float]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.origin, self.engine = self.there.made.root / "origin.git", self.there.made.engine
        self.jobs, self.tools = self.there.made.root / "jobs", self.there.made.root / "tools"
        self.jobs.mkdir()
        self.tools.mkdir()
        script(self.tools / "az", f'exec {sys.executable} {az.__file__} "$@"')
        self._git("clone", "--quiet", "--bare", str(self.there.path), str(self.origin))
        for name in ENVIRONMENTS:
            stack, upper = self.there.stack(name), name.upper()
            self.variables[f"AZURE_SUBSCRIPTION_ID_{upper}"] = SUBSCRIPTION
            self.variables[f"PULUMI_BACKEND_URL_{upper}"] = f"file://{stack.state}"
        for name, who in IDENTITIES:
            client = self.identity(name, who)["properties"]["clientId"]
            self.variables[f"AZURE_CLIENT_ID_{who.upper()}_{name.upper()}"] = client
        self.variables |= {"AZURE_TENANT_ID": TENANT, "RUNNER_STAGING": "in-staging", "RUNNER_PROD": "in-prod"}

    def identity(self, environment: str, who: str) -> dict[str, Any]:
        """The document of a CI identity."""
        return self.there.made.cloud.document(f"/id-ci-{SHORT}-{environment}-{who}")

    def publish(self, environment: str) -> None:
        """Store the names of an environment for jobs that do not bring it up."""
        self.variables[f"MLOPS_ENV_{environment.upper()}"] = json.dumps(self.there.stack(environment).outputs())

    def push(self) -> None:
        """What is committed becomes the main branch."""
        self._git("push", "--quiet", str(self.origin), "main")

    def propose(self) -> None:
        """What is committed becomes a pull request, merged into main for its check."""
        self._git("push", "--quiet", "--force", str(self.origin), f"HEAD:refs/pull/{NUMBER}/merge")

    def harness(self, name: str, event: str = "push", run: str = RUN, fork: bool = False, **inputs: str) -> Harness:
        """A workflow of the project, begun by an event."""
        began: Any = event
        server = self.records.url if (self.there.path / ".github").is_dir() else self.devops.url
        known, where = dict(self.variables), {"repository": REPOSITORY, "number": NUMBER, "server": server}
        told = Event(began, known, inputs, run, fork, **where)
        return Harness(self, read(self.there.path, name, told), self.jobs, self.took)

    def in_azure_devops(self, rendered: Path) -> None:
        """From here on the project is one of Azure DevOps, with a service connection for each identity."""
        shutil.rmtree(self.there.path / ".github")
        shutil.copytree(rendered / ".azuredevops", self.there.path / ".azuredevops")
        file = self.there.path / ".azuredevops" / "templates" / "variables.yml"
        file.write_text(inside(file.read_text(), {"STAGING": "inside", "PROD": "inside"}))
        self.there.commit("Azure DevOps")
        self.push()
        for name, who in IDENTITIES:
            connection, identity = f"{name}-{who}", self.identity(name, who)
            said = f"{CONNECTION}-{connection}"
            for trust in (each["properties"] for each in self.there.cloud.arm.below(identity["id"])):
                trust |= {"issuer": logins.DEVOPS, "subject": said} if "issuer" in trust else {}
            self.connections[connection] = (identity["properties"]["clientId"], said)

    def sign(self, roles: Iterable[str], who: str, model: str) -> None:
        """What a person of the group of signers types, in a clone of their own that has the names of dev."""
        home = self.there.made.root / "signer"
        home.mkdir(exist_ok=True)
        person = self.there.cloud.directory.member("a-signer", SIGNERS)
        env = {**self.outside, **self.there.cloud.environ(person, home), "GIT_COMMITTER_EMAIL": who}
        env |= {"MLOPS_ENV_DEV": self.variables["MLOPS_ENV_DEV"], "NO_PROXY": "127.0.0.1,localhost"}
        self.there.cloud.inside = False
        for role in roles:
            words = ("release", "sign", model, "--role", role, "--on", "dev", "--for", "prod")
            began, command = time.monotonic(), [self.there.path / ".venv/bin/mlops", *words]
            done = subprocess.run(command, cwd=self.there.path, env=env, capture_output=True, encoding="utf-8")
            assert done.returncode == 0, done.stdout + done.stderr
            self.took.append(("a signer", f"mlops {' '.join(words)}", time.monotonic() - began))

    @property
    def outside(self) -> Mapping[str, str]:
        """Also where the engine finds what stands for the provider, and a login that nobody has yet."""
        stack = self.there.stack("dev")
        engine = {name: text for name, text in stack.env("").items() if name.startswith("PULUMI_")}
        del engine["PULUMI_BACKEND_URL"], engine["PULUMI_DEBUG_PROVIDERS"], engine["PULUMI_HOME"]
        return {
            **engine,
            **self.there.cloud.proxy.environ(),
            "HTTP_PROXY": "http://127.0.0.1:1",
            "NO_PROXY": "127.0.0.1,localhost",
            "AZURE_TOKEN_CREDENTIALS": "AzureCliCredential",
            "AZUREML_RUN_POLLING_INTERVAL_MIN": "0",
            "AZUREML_RUN_POLLING_INTERVAL_MAX": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
        }

    def begin(self, pipeline: Pipeline, job: Job) -> Mapping[str, str]:
        self.there.cloud.inside = private(job.runner)
        may = dict.fromkeys(job.permissions, "read") if pipeline.event.fork else dict(job.permissions)
        self.records.permissions = may
        if may.get("id-token") != "write":
            return {}
        said, directory = logins.subject(pipeline, job), self.there.cloud.directory
        self.records.vouched = lambda: directory.assertion(said, issuer=logins.GITHUB, minutes=self.minutes)
        asked = f"{self.records.url}{VOUCHED}?api-version=2.0"
        return {"ACTIONS_ID_TOKEN_REQUEST_URL": asked, "ACTIONS_ID_TOKEN_REQUEST_TOKEN": self.records.token}

    def install(self, target: str, project: Path) -> None:
        install(target, project, self.engine)

    def login(self, pipeline: Pipeline, job: Job, step: Step, home: Path) -> Mapping[str, str]:
        if pipeline.system == "github-actions":
            if job.permissions.get("id-token") != "write":
                raise Denied("no token of this job can be asked for: its permissions lack `id-token: write`")
            client, tenant = step.settings.get("client-id", ""), step.settings.get("tenant-id", "")
            if not (client and tenant):
                raise Denied("the login is given no client id or no tenant: a variable of the repository is missing")
            said, folder = logins.subject(pipeline, job), home / ".azure"
            return logins.signed_in(self.there, client, tenant, said, logins.GITHUB, folder, self.minutes)
        if step.connection not in self.connections:
            raise Denied(f"there is no service connection {step.connection}")
        client, said = self.connections[step.connection]
        minutes = 60 if step.settings.get("keepAzSessionActive") == "true" else self.minutes
        folder = home / f"azure-{time.monotonic_ns()}"
        return logins.signed_in(self.there, client, TENANT, said, logins.DEVOPS, folder, minutes)

    def _git(self, *arguments: str) -> None:
        subprocess.run(["git", *arguments], cwd=self.there.path, check=True)


@contextmanager
def hosted(there: Reached) -> Iterator[Hosted]:
    """With its CI system's own records on the loopback interface."""
    with served(Records()) as records, served(AzureDevOps(token=records.token)) as devops:
        yield Hosted(there, records, devops)
