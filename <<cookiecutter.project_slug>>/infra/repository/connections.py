"""Service connections of Azure DevOps: as whom a pipeline logs in to Azure, without a secret."""

from collections.abc import Iterator

from repository import checks
from repository.project import VERSION, Found, addresses
from repository.wanted import IDENTITIES, SUBSCRIPTION, TENANT, Step, Wanted, client


def missing(wanted: Wanted, found: Found) -> Iterator[Step]:
    """What makes or corrects the ones of which the variables are known."""
    for environment, who in IDENTITIES:
        name, variables = f"{environment}-{who}", wanted.variables
        identity, subscription = variables.get(client((environment, who))), f"{SUBSCRIPTION}_{environment.upper()}"
        if not identity or subscription not in variables or TENANT not in variables:
            continue
        own = {"tenantid": variables[TENANT], "serviceprincipalid": identity}
        id, authorization = variables[subscription], {"scheme": "WorkloadIdentityFederation", "parameters": own}
        there = found.connections.get(name)
        if there and checks.within(authorization, there["authorization"]) and there["data"].get("subscriptionId") == id:
            continue
        body = {
            "name": name,
            "type": "azurerm",
            "url": "https://management.azure.com/",
            "authorization": authorization,
            "data": {
                "subscriptionId": id,
                "subscriptionName": id,
                "environment": "AzureCloud",
                "scopeLevel": "Subscription",
                "creationMode": "Manual",
            },
            "serviceEndpointProjectReferences": [{"name": name, "projectReference": found.project}],
        }
        verb, end = ("PUT", f"/{there['id']}") if there else ("POST", "")
        place = f"{addresses(wanted)[0]}/_apis/serviceendpoint/endpoints{end}?{VERSION}"
        yield Step(f"service connection {name}, as {identity}; no secret", verb, place, body)


def guards(wanted: Wanted, found: Found) -> Iterator[Step]:
    """What lets only jobs of the protected branch use those that change something."""
    for name, there in found.guards.items():
        resource = {"type": "endpoint", "id": str(found.connections[name]["id"]), "name": name}
        yield from checks.missing([checks.branch(wanted)], there, resource, wanted, addresses(wanted)[1])


def subjects(found: Found) -> Iterator[str]:
    """Those that the organisation has to trust: none is known before its connection exists."""
    for environment, who in IDENTITIES:
        if it := found.connections.get(f"{environment}-{who}"):
            said = it["authorization"]["parameters"]
            yield f"environments.{environment}.subjects.{who}: {said.get('workloadIdentityFederationSubject')}"
            yield f"  issuer {said.get('workloadIdentityFederationIssuer')}"
