from pulumi_policy import EnforcementLevel, PolicyPack, ResourceValidationPolicy


def owned(resource, report) -> None:
    if "tags" in resource.props and resource.props["tags"].get("owner") == "nobody":
        report("The tag owner names somebody.")


PolicyPack(
    "small",
    policies=[ResourceValidationPolicy("owned", "Resources have an owner.", owned, EnforcementLevel.MANDATORY)],
)
