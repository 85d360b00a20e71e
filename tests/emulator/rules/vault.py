"""Key vaults: what cannot be taken back."""

from tests.emulator.rules.refusal import Refusal
from tests.emulator.rules.rule import Ask, rule

VAULT = "Microsoft.KeyVault/vaults"


@rule(VAULT)
def protection_is_for_good(ask: Ask) -> None:
    """Purge protection and soft delete cannot be switched off.

    Source: "Azure Key Vault soft-delete overview" (Microsoft Learn, 2022-01-25): irreversible; message: assumed.
    """
    for key in ("enablePurgeProtection", "enableSoftDelete"):
        refused = ask.sent(key) is False and (key == "enableSoftDelete" or ask.was(key))
        if refused or (key == "enablePurgeProtection" and ask.body.get("properties", {}).get(key) is False):
            message = f'The property "{key}" cannot be set to false. Enabling it for a vault is an irreversible action.'
            raise Refusal(400, "BadRequest", message)


@rule(VAULT)
def kept_days_stay(ask: Ask) -> None:
    """Days of soft delete are 7 to 90 and never change.

    Source: "Azure Key Vault soft-delete overview" (Microsoft Learn, 2022-01-25): 7 to 90, fixed; message: assumed.
    """
    days = ask.sent("softDeleteRetentionInDays")
    if days is None:
        return
    if not 7 <= days <= 90:
        raise Refusal(400, "BadRequest", f"softDeleteRetentionInDays must be between 7 and 90, it is {days:g}.")
    if ask.before and days != ask.was("softDeleteRetentionInDays"):
        message = 'The property "softDeleteRetentionInDays" has been set already and it can\'t be modified.'
        raise Refusal(400, "BadRequest", message)


@rule(VAULT)
def policies_name_a_tenant(ask: Ask) -> None:
    """A vault has a tenant, and either roles or access policies.

    Assumed: with roles on, access policies are refused here, since Azure would ignore them.
    """
    if not ask.sent("tenantId"):
        raise Refusal(400, "BadRequest", 'The parameter "tenantId" is required for a vault.')
    if ask.sent("enableRbacAuthorization") and ask.sent("accessPolicies"):
        raise Refusal(
            400, "BadRequest", "Access policies have no effect: the vault goes by roles (enableRbacAuthorization)."
        )
