"""What must be so before the acceptance run begins, and what it will cost at most.

Nothing is made but the state of Pulumi's stack; what encrypts it Pulumi writes into infra/Pulumi.dev.yaml.
"""

import json
import time
from typing import Any

import costs
from commands import PROJECT, PYTHON, run, said_by
from engine import installed, pulumi_says
from record import Job, Recorded, configured, record

from mlops.errors import Misuse
from mlops.settings import Settings
from mlops.specs.load import read

HOURS, ENDING_HOURS = 6, 2
"""After so many it is ended, and in so many more it removes everything. Assumed."""
TRAIN, OTHER = "azureml/pipelines/train.yml", ("rounds", 150)
"""What trains, and the input that makes the second model another one."""
BORROWED = ", low priority"
FINDS = "import importlib.util, sys; sys.exit(not importlib.util.find_spec('azure'))"


def ready(environment: str, known: Settings) -> dict[str, Any]:
    """What `reach.py ready` says. Raises Misuse, with the next step."""
    if environment != "dev":
        raise Misuse("it makes and removes an environment, which only dev is for: make azure-check ENV=dev")
    if known.service.online is None or known.training.where != "dev":
        what = "without `service.online`, or with `training.where` not dev, dev has no ladder to climb."
        raise Misuse(what, "mlops.yaml")
    name, value = OTHER
    if read(PROJECT / TRAIN).plain().get("inputs", {}).get(name, value) == value:
        raise Misuse(f"wants an input `{name}` that is not {value}, with which a second model is trained.", TRAIN)
    pulumi = installed()
    project, config, onboarded = configured(Job("dev"))
    if not onboarded:
        remedy = "docs/infrastructure.md says how it comes to be."
        raise Misuse(f"the project is not onboarded: {remedy}", "infra/Pulumi.dev.yaml")
    if not PYTHON.exists() or run([PYTHON, "-c", FINDS], time.monotonic() + 60)[0]:
        raise Misuse("what reaches Azure is not installed in .venv. Install it with: make setup-azure")
    if pulumi_says(pulumi, "stack", "select", "--create", "dev"):  # a new stack puts its salt into Pulumi.dev.yaml
        raise Misuse("the state of dev is not reached: the sentence above says why.")
    if said := said_by("git", "status", "--porcelain"):
        what = f"{said.split()[1]} is not committed, and in Azure only what is committed is registered"
        raise Misuse(f"{what}. Commit it.")
    state = json.loads(said_by(pulumi, "--cwd", "infra", "stack", "export", "--stack", "dev"))["deployment"]
    if len(state.get("resources") or ()) > 1:
        raise Misuse("dev is up, and would be removed at the end. If nobody needs it: make infra-destroy STACK=dev")
    key = json.loads(config[f"{project}:organisation"])["sign_key"]
    status, said = run([PYTHON, "-P", "infra/reach.py", "ready", "dev", key], time.monotonic() + 300, kept=True)
    if status:
        raise Misuse("Azure is not reached as who is signed in here: the sentence above says why.")
    found = json.loads(said)
    if found["key"]["id"] not in known.evidence.trusted_keys.dev:
        what = "the key that signs on dev is not trusted. Write this below evidence.trusted_keys.dev, and commit it"
        line = f"{json.dumps(found['key']['id'])}: {json.dumps(found['key']['text'])}"
        raise Misuse(f"{what}:\n{line}", "mlops.yaml")
    return found


def affordable(known: Settings, cap: float) -> str:
    """What it may cost, in words. Raises Misuse when that is more than `cap`, or not known."""
    [recorded], prices = record([Job("dev")]), costs.load()
    if wrong := recorded.refused or recorded.failed:
        raise Misuse(wrong)
    hour, unknown = hourly(recorded, known, prices)
    if unknown:
        raise Misuse(f"says nothing of what {', '.join(unknown)} costs: write a price, of any region.", costs.FILE)
    hours = HOURS + ENDING_HOURS
    most = hours * hour
    said = f"it may cost {most:.2f} {prices.currency}: {hour:.2f} an hour, for {hours} hours at most"
    if most > cap:
        raise Misuse(f"{said}. That is more than {cap:g}. Allow it: make azure-check ENV=dev CAP={most + 1:.0f}")
    return f"By infra/prices.yml {said}, with every node at work and two versions deployed."


def hourly(recorded: Recorded, known: Settings, prices: costs.Prices) -> tuple[float, list[str]]:
    """What an hour costs at most, and the items without a price. Of prices in several regions the highest counts."""
    clusters = [each for each in recorded.resources if each.kind == "machinelearningservices:Compute"]
    nodes = sum(int(each.get("properties.properties.scaleSettings.maxNodeCount") or 1) for each in clusters)
    dearest: dict[str, float] = {}
    for each in prices.prices:
        price = each.price * costs.MONTH[each.unit] / costs.MONTH["hour"]
        dearest[each.item.lower()] = max(price, dearest.get(each.item.lower(), 0))
    total, unknown = 0.0, list[str]()
    for line in costs.estimate("dev", recorded.resources, known, prices).lines:
        item = line.item.lower()
        price = dearest.get(item, dearest.get(item.removesuffix(BORROWED)))
        if price is None:
            unknown.append(line.item)
        else:
            total += price * (nodes if line.used else line.count * (1 + (line.item == prices.instance)))
    return total, unknown
