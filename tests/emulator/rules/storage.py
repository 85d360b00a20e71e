"""Storage accounts and container registries: what their kind, tier and region can do."""

import ipaddress

from tests.emulator.ids import Id
from tests.emulator.rules.refusal import Refusal
from tests.emulator.rules.requests import REGIONS, region
from tests.emulator.rules.rule import Ask, dig, rule

ACCOUNT, REGISTRY = "Microsoft.Storage/storageAccounts", "Microsoft.ContainerRegistry/registries"
KINDS = {
    "StorageV2": ["Standard_LRS", "Standard_GRS", "Standard_RAGRS", "Standard_ZRS", "Standard_GZRS", "Standard_RAGZRS"],
    "BlockBlobStorage": ["Premium_LRS", "Premium_ZRS"],
    "FileStorage": ["Premium_LRS", "Premium_ZRS"],
    "BlobStorage": ["Standard_LRS", "Standard_GRS", "Standard_RAGRS"],
    "Storage": ["Standard_LRS", "Standard_GRS", "Standard_RAGRS"],
}
KINDS["StorageV2"].append("Premium_LRS")


@rule(ACCOUNT)
def redundancy_fits_kind_and_region(ask: Ask) -> None:
    """Kind and SKU go together; ZRS and GZRS are not in every region.

    Source: "Storage account overview" and "Azure Storage redundancy" (Microsoft Learn, from memory); messages:
    assumed.
    """
    kind, sku = ask.body.get("kind", ""), dig(ask.body, "sku.name", "")
    if sku not in KINDS.get(kind, []):
        raise Refusal(
            400,
            "InvalidAccountKindSkuCombination",
            f"The SKU '{sku}' is not possible for a storage account of kind '{kind}'.",
        )
    where = REGIONS[region(ask.body["location"])]
    if ("GZRS" in sku and not where["gzrs"]) or (sku.endswith("_ZRS") and not where["zones"]):
        message = f"The account type '{sku}' is not available in the location '{ask.body['location']}'."
        raise Refusal(400, "SkuNotAvailable", message)


@rule(ACCOUNT)
def account_is_not_rebuilt(ask: Ask) -> None:
    """Hierarchical namespace and zone redundancy do not change by an update.

    Source: "Change how a storage account is replicated" (Microsoft Learn, from memory): conversion for zones;
    codes: assumed.
    """
    if ask.before is None:
        return
    if bool(ask.was("isHnsEnabled")) != bool(ask.sent("isHnsEnabled", ask.was("isHnsEnabled"))):
        raise Refusal(
            400,
            "AccountPropertyCannotBeUpdated",
            "The property 'isHnsEnabled' was specified in the input, but it cannot be updated.",
        )
    old, new = dig(ask.before, "sku.name", ""), dig(ask.body, "sku.name", "")
    if ("ZRS" in old) != ("ZRS" in new):
        message = f"Changing the SKU from '{old}' to '{new}' needs a conversion of the account."
        raise Refusal(409, "StorageAccountSkuCannotBeUpdated", message)


@rule(ACCOUNT)
def address_rules_are_public(ask: Ask) -> None:
    """Address rules name public IPv4 ranges, not /31, /32 or private ones.

    Source: "Configure Azure Storage firewalls", restrictions for IP network rules (Microsoft Learn, from memory);
    message: assumed.
    """
    for given in ask.sent("networkAcls.ipRules", []):
        text = str(given.get("value") or given.get("iPAddressOrRange") or "")
        if text.endswith(("/31", "/32")) or not _public(text):
            raise Refusal(
                400,
                "InvalidValuesForRequestParameters",
                f"Values for request parameters are invalid: networkAcls.ipRule[*].value ({text}).",
            )


def _public(text: str) -> bool:
    try:
        return not ipaddress.IPv4Network(text).is_private
    except ValueError:
        return False


@rule(f"{ACCOUNT}/blobServices")
def versions_fit_the_account(ask: Ask) -> None:
    """No blob versions with a hierarchical namespace; deleted blobs are kept 1 to 365 days.

    Source: "Blob versioning" and "Soft delete for blobs" (Microsoft Learn, from memory); codes: assumed.
    """
    account = (ask.arm.find(ask.id.parent.text) if ask.id.parent else None) or {}
    if ask.sent("isVersioningEnabled") and dig(account, "properties.isHnsEnabled"):
        raise Refusal(
            409,
            "FeatureNotSupportedForAccount",
            "Blob versioning is not supported for the account: it has a hierarchical namespace.",
        )
    for key in ("deleteRetentionPolicy", "containerDeleteRetentionPolicy"):
        if ask.sent(f"{key}.enabled") and not 1 <= int(ask.sent(f"{key}.days", 0)) <= 365:
            raise Refusal(400, "InvalidValuesForRequestParameters", f"{key}.days must be between 1 and 365.")


@rule(f"{ACCOUNT}/blobServices/containers")
def container_is_not_public(ask: Ask) -> None:
    """No public container where the account forbids them.

    Source: "Configure anonymous read access" (Microsoft Learn, from memory): PublicAccessNotPermitted.
    """
    account = ask.arm.find("/" + ask.id.key.partition("/blobservices/")[0]) or {}
    if ask.sent("publicAccess", "None") != "None" and not dig(account, "properties.allowBlobPublicAccess", False):
        raise Refusal(409, "PublicAccessNotPermitted", "Public access is not permitted on this storage account.")


@rule(REGISTRY)
def registry_tier_offers_it(ask: Ask) -> None:
    """Private access, network rules and zone redundancy need Premium, the last one also a region with zones.

    Source: "Azure Container Registry service tiers" (Microsoft Learn, from memory); message: assumed.
    """
    wanted = [
        name
        for name, asked in {
            "publicNetworkAccess": ask.sent("publicNetworkAccess") == "Disabled",
            "networkRuleSet": bool(ask.sent("networkRuleSet")),
            "zoneRedundancy": ask.sent("zoneRedundancy") == "Enabled",
        }.items()
        if asked
    ]
    sku = dig(ask.body, "sku.name", "")
    if wanted and sku != "Premium":
        message = f"The property {wanted[0]} is only supported for Premium registries; '{ask.id.name}' is {sku}."
        raise Refusal(400, "SkuNotSupported", message)
    if "zoneRedundancy" in wanted and not REGIONS[region(ask.body["location"])]["zones"]:
        raise Refusal(
            400, "ZoneRedundancyNotSupported", f"Zone redundancy is not available in '{ask.body['location']}'."
        )


@rule(REGISTRY)
def zone_redundancy_stays(ask: Ask) -> None:
    """Zone redundancy of a registry is chosen at birth.

    Source: "Zone redundancy in Azure Container Registry" (Microsoft Learn, from memory); message: assumed.
    """
    if ask.before and ask.sent("zoneRedundancy", ask.was("zoneRedundancy")) != ask.was("zoneRedundancy"):
        raise Refusal(400, "ZoneRedundancyCannotBeChanged", "Zone redundancy cannot be changed after creation.")


@rule("Microsoft.Network/privateEndpoints")
def private_registry_is_premium(ask: Ask) -> None:
    """A private endpoint to a registry needs Premium.

    Source: "Connect privately to an Azure container registry" (Microsoft Learn, from memory); message: assumed.
    """
    for connection in ask.sent("privateLinkServiceConnections", []):
        target = dig(connection, "properties.privateLinkServiceId", "")
        sku = dig(ask.arm.find(target) or {}, "sku.name")
        if Id(target).kind == REGISTRY.lower() and sku != "Premium":
            raise Refusal(
                400,
                "SkuNotSupported",
                f"Private endpoints are only supported for Premium registries; '{Id(target).name}' is {sku}.",
            )
