"""Names of Azure resources: within Azure's limits for every project, and the same each time.

Limits: Naming rules and restrictions for Azure resources (Microsoft, 2026).
"""

import uuid
from dataclasses import dataclass

SHORT = {"dev": "dev", "staging": "stg", "prod": "prd"}
ROOT = uuid.uuid5(uuid.NAMESPACE_URL, "azureml-mlops-template")


@dataclass(frozen=True)
class Names:
    """Names in one environment of a project.

    What is unique worldwide, or stays reserved after it was deleted, takes the stack's suffix of four characters, which
    is new after a destroy: `suffix.apply(names.storage)`.
    """

    short_name: str
    environment: str

    def storage(self, suffix: str) -> str:
        return f"st{self.short_name}{SHORT[self.environment]}{suffix}"

    def images(self, suffix: str) -> str:
        return f"cr{self.short_name}{SHORT[self.environment]}{suffix}"

    def vault(self, suffix: str) -> str:
        return f"{self.of('kv')}-{suffix}"

    def workspace(self, suffix: str) -> str:
        return f"{self.of('mlw')}-{suffix}"

    def logs(self, suffix: str) -> str:
        return f"{self.of('log')}-{suffix}"

    def of(self, kind: str, what: str = "") -> str:
        """Any other name: the kind by Microsoft's abbreviation, and what it is for, as in `of("id", "compute")`."""
        return "-".join(filter(None, (kind, self.short_name, SHORT[self.environment], what)))


def guid(*parts: str) -> str:
    """A GUID that depends on these texts only: the name of a role assignment or definition, known before an `up`."""
    return str(uuid.uuid5(ROOT, "\n".join(parts).lower()))
