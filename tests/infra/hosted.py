"""What lies outside a CI job: the repository, an emulated Azure where the project is onboarded, and who may sign in."""

import json
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.emulator.ci.azure_devops import AzureDevOps
from tests.emulator.ci.github import NUMBER, REPOSITORY, RUN, GitHub
from tests.emulator.ci.server import Asked, served
from tests.emulator.https.directory import EXCHANGE
from tests.emulator.rules.refusal import Refusal
from tests.emulator.store import SUBSCRIPTION, TENANT
from tests.infra.onboarded import SHORT, SLUG
from tests.infra.projects import CONNECTION, OURS, SHIPPED
from tests.infra.reached import PYTHON, QUICK, Reached
from tests.workflows import az
from tests.workflows.devops import inside
from tests.workflows.harness import Denied, Harness, private
from tests.workflows.model import Event, Job, Pipeline, Step, read

ENVIRONMENTS = ("dev", "staging", "prod")
IDENTITIES = {"DEPLOY": ENVIRONMENTS, "READER": ENVIRONMENTS, "OPERATE": ("prod",)}
SIGNERS = yaml.safe_load(SHIPPED)["projects"][SLUG]["groups"]["signers"]
ISSUER = "https://token.actions.githubusercontent.com"
DEVOPS_ISSUER = f"https://login.microsoftonline.com/{TENANT}/v2.0"
VOUCHED = "/idtoken"
MINUTES = 5.0
"""For how long an assertion of GitHub is taken: Azure/login issue 372, 2023-11."""
WITHOUT = 'import os, sys\nos.path.exists(os.path.join({place!r}, ".azure")) or sys.modules.update(azure=None)\n'
"""Before `make setup-azure` the packages are not there."""


@dataclass
class Records(GitHub):
    """What GitHub knows of every run: `approved` are the accounts that approved each, by its id.

    `vouched` is what it says of the job under way, to whoever has that job's token.
    """

    token: str = "a-token"
    approved: dict[str, list[str]] = field(default_factory=dict)
    vouched: Callable[[], str] = str

    def answer(self, asked: Asked) -> Any:
        if asked.path == VOUCHED:
            assert asked.query["audience"] == EXCHANGE
            assert asked.headers["authorization"].lower() == f"bearer {self.token}"
            return {"value": self.vouched()}
        if found := re.search(r"/actions/runs/(\d+)/", asked.path):
            self.reviews.clear()
            for login in self.approved.get(found[1], ()):
                self.review(login)
            asked.path = asked.path.replace(f"/{found[1]}/", f"/{RUN}/")
        return super().answer(asked)


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
        _script(self.tools / "az", f'exec {sys.executable} {az.__file__} "$@"')
        self._git("clone", "--quiet", "--bare", str(self.there.path), str(self.origin))
        for name in ENVIRONMENTS:
            stack, upper = self.there.stack(name), name.upper()
            self.variables[f"AZURE_SUBSCRIPTION_ID_{upper}"] = SUBSCRIPTION
            self.variables[f"PULUMI_BACKEND_URL_{upper}"] = f"file://{stack.state}"
        for who, environments in IDENTITIES.items():
            for name in environments:
                client = self.identity(name, who.lower())["clientId"]
                self.variables[f"AZURE_CLIENT_ID_{who}_{name.upper()}"] = client
        self.variables |= {"AZURE_TENANT_ID": TENANT, "RUNNER_STAGING": "in-staging", "RUNNER_PROD": "in-prod"}

    def identity(self, environment: str, who: str) -> dict[str, Any]:
        """The properties of a CI identity."""
        return self.there.made.cloud.document(f"/id-ci-{SHORT}-{environment}-{who}")["properties"]

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
        for who, environments in IDENTITIES.items():
            for name in environments:
                connection = f"{name}-{who.lower()}"
                identity = self.there.made.cloud.document(f"/id-ci-{SHORT}-{connection}")
                said = f"{CONNECTION}-{connection}"
                for trust in (each["properties"] for each in self.there.cloud.arm.below(identity["id"])):
                    trust |= {"issuer": DEVOPS_ISSUER, "subject": said} if "issuer" in trust else {}
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
        said, directory = subject(pipeline, job), self.there.cloud.directory
        self.records.vouched = lambda: directory.assertion(said, issuer=ISSUER, minutes=self.minutes)
        asked = f"{self.records.url}{VOUCHED}?api-version=2.0"
        return {"ACTIONS_ID_TOKEN_REQUEST_URL": asked, "ACTIONS_ID_TOKEN_REQUEST_TOKEN": self.records.token}

    def install(self, target: str, project: Path) -> None:
        """Its interpreters are those of the tests; what `make` compares is new, so it has nothing to do."""
        bin, infra = project / ".venv" / "bin", project / "infra" / ".venv"
        bin.mkdir(parents=True, exist_ok=True)
        source, python = project / "src", bin / "python"
        if target == "setup" and not python.exists():
            _script(python, f'PYTHONPATH={source} exec {PYTHON} "$@"')
            (bin / "mlops.py").write_text(WITHOUT.format(place=str(project / ".venv")) + QUICK.format(python=python))
            _script(bin / "mlops", f'exec {python} -P {bin / "mlops.py"} "$@"')
        if target == "infra-setup" and not infra.exists():
            (infra / "bin").mkdir(parents=True)
            _script(infra / "bin" / "python", f'PYTHONPATH={source} exec {sys.executable} "$@"')
        if target == "pulumi":
            for tool in self.engine.iterdir():
                _script(bin / tool.name, f'exec {tool} "$@"')
        for name in {"setup": (".created", ".synced"), "setup-azure": (".azure",)}.get(target, ()):
            (project / ".venv" / name).touch()
            time.sleep(0.01)
        if target == "infra-setup":
            (infra / ".synced").touch()

    def login(self, pipeline: Pipeline, job: Job, step: Step, home: Path) -> Mapping[str, str]:
        if pipeline.system == "github-actions":
            if job.permissions.get("id-token") != "write":
                raise Denied("no token of this job can be asked for: its permissions lack `id-token: write`")
            client, tenant = step.settings.get("client-id", ""), step.settings.get("tenant-id", "")
            if not (client and tenant):
                raise Denied("the login is given no client id or no tenant: a variable of the repository is missing")
            return self._signed_in(client, tenant, subject(pipeline, job), ISSUER, home / ".azure", self.minutes)
        if step.connection not in self.connections:
            raise Denied(f"there is no service connection {step.connection}")
        client, said = self.connections[step.connection]
        minutes = 60 if step.settings.get("keepAzSessionActive") == "true" else self.minutes
        return self._signed_in(client, TENANT, said, DEVOPS_ISSUER, home / f"azure-{time.monotonic_ns()}", minutes)

    def _signed_in(
        self, client: str, tenant: str, subject: str, issuer: str, folder: Path, minutes: float
    ) -> dict[str, str]:
        """Raises Denied in the directory's own words."""
        directory = self.there.cloud.directory
        said = directory.assertion(subject, issuer=issuer, minutes=minutes)
        form = {"client_id": client, "client_assertion": said, "scope": "https://management.azure.com/.default"}
        try:
            token = directory.sign_in(tenant, form)["access_token"]
            who = directory.caller(f"Bearer {token}", "https://management.azure.com")
        except Refusal as refusal:
            raise Denied(refusal.message) from None
        az.log_in(folder, tenant, client, said)
        engine = self.there.made.cloud.providers(who)
        return {"AZURE_CONFIG_DIR": str(folder), "PULUMI_DEBUG_PROVIDERS": engine}

    def _git(self, *arguments: str) -> None:
        subprocess.run(["git", *arguments], cwd=self.there.path, check=True)


@contextmanager
def hosted(there: Reached) -> Iterator[Hosted]:
    """With its CI system's own records on the loopback interface."""
    with served(Records()) as records, served(AzureDevOps(token=records.token)) as devops:
        yield Hosted(there, records, devops)


def subject(pipeline: Pipeline, job: Job) -> str:
    """What GitHub says a job is: its environment, else what began it ("OpenID Connect reference", 2026-07)."""
    if job.environment:
        return f"{OURS}:environment:{job.environment}"
    return f"{OURS}:{'pull_request' if pipeline.event.name == 'pull_request' else 'ref:refs/heads/main'}"


def _script(file: Path, line: str) -> None:
    file.write_text(f"#!/bin/sh\n{line}\n")
    file.chmod(0o755)
