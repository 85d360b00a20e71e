"""What holds even against mistakes: locks and budgets."""

from datetime import UTC, datetime

import pulumi
from pulumi import ResourceOptions
from pulumi_azure_native import authorization, consumption


def lock(name: str, scope: pulumi.Input[str], opts: ResourceOptions) -> authorization.ManagementLockByScope:
    """Nobody deletes what is locked, nor a role assignment on it (Lock your resources, Microsoft, 2025)."""
    return authorization.ManagementLockByScope(
        name,
        lock_name="keep",
        scope=scope,
        level="CanNotDelete",
        notes="Set by the organisation. See its docs/organisation.md before you take it away.",
        opts=opts,
    )


def budget(name: str, scope: pulumi.Input[str], amount: float, to: str, opts: ResourceOptions) -> consumption.Budget:
    """An e-mail at 80 % and 100 % of a month's amount. It warns; it stops nothing."""
    return consumption.Budget(
        name,
        budget_name="organisation",
        scope=scope,
        amount=amount,
        category="Cost",
        time_grain="Monthly",
        time_period={"start_date": f"{datetime.now(UTC):%Y-%m}-01T00:00:00Z"},
        notifications={
            f"actual-{share}": {
                "enabled": True,
                "operator": "GreaterThanOrEqualTo",
                "threshold": share,
                "threshold_type": "Actual",
                "contact_emails": [to],
            }
            for share in (80, 100)
        },
        # Azure refuses a start in an earlier month, so the first one stays.
        opts=ResourceOptions.merge(opts, ResourceOptions(ignore_changes=["timePeriod"])),
    )
