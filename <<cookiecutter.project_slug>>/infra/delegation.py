"""What CI may give away: the roles that the stack assigns, to the stack's own identities and nobody else."""

from collections.abc import Iterable

from role_definitions import BUILT_IN
from roles import WITHIN, rights


def delegable(environment: str, scope: str = "resource_group") -> set[str]:
    """Ids of the roles that CI may give away at a scope: those that the stack assigns there or inside it."""
    inside = WITHIN if scope == "resource_group" else {scope}
    return {BUILT_IN[right.role] for right in rights(environment, "stack") if right.scope in inside}


def condition(environment: str, scope: str, never: Iterable[str]) -> str:
    """The condition of Role Based Access Control Administrator: which roles, to identities only, never to some of them.

    Format: Examples to delegate Azure role assignment management with conditions (Microsoft, 2024-04-15).
    """
    granted = "Microsoft.Authorization/roleAssignments"
    roles, kept = ", ".join(sorted(delegable(environment, scope))), ", ".join(sorted(never))

    def limited(action: str, source: str) -> str:
        tests = [
            f"{source}[{granted}:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {{{roles}}}",
            f"{source}[{granted}:PrincipalType] ForAnyOfAnyValues:StringEqualsIgnoreCase {{'ServicePrincipal'}}",
            *([f"{source}[{granted}:PrincipalId] ForAnyOfAllValues:GuidNotEquals {{{kept}}}"] if kept else []),
        ]
        return f"(!(ActionMatches{{'{granted}/{action}'}}) OR ({' AND '.join(tests)}))"

    return f"{limited('write', '@Request')} AND {limited('delete', '@Resource')}"
