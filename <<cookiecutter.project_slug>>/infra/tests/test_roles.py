"""Nobody may do more than the matrix says, and the matrix stays narrow."""

import re
from collections import Counter
from pathlib import Path

import pytest
import rights as page
import roles
import settings
from delegation import condition, delegable
from roles import BUILT_IN, CUSTOM, RIGHTS, SCOPES, WHO, WITHIN, Right, rights

from mlops.errors import Misuse

ENVIRONMENTS = ("dev", "staging", "prod")
PEOPLE = {"data_scientists", "operators", "signers", "readers", "investigators"}
GRANTING = {"Owner", "User Access Administrator", "Role Based Access Control Administrator"}


@pytest.mark.parametrize("right", RIGHTS, ids=lambda right: f"{right.who}-{right.role}-{right.scope}")
def test_a_row_says_who_what_where_and_why(right: Right) -> None:
    assert right.who in WHO
    assert right.scope in SCOPES
    assert right.role in BUILT_IN.keys() | CUSTOM.keys()
    assert right.assigned_by in ("stack", "organisation")
    assert right.environments <= set(ENVIRONMENTS)
    assert re.fullmatch(r"[A-Z][^.|]+\.", right.why), "one sentence, which fits into a table"


def test_no_row_stands_twice() -> None:
    assert max(Counter((row.who, row.role, row.scope) for row in RIGHTS).values()) == 1


def test_every_role_is_used() -> None:
    assert {right.role for right in RIGHTS} == BUILT_IN.keys() | CUSTOM.keys()


def test_nobody_is_owner() -> None:
    assert not {"Owner", "User Access Administrator"} & BUILT_IN.keys()


def test_only_the_deploying_ci_changes_resources_and_gives_roles() -> None:
    assert {right.who for right in RIGHTS if right.role in GRANTING | {"Contributor"}} == {"deploy"}


def test_no_role_of_our_own_deletes_grants_or_allows_everything() -> None:
    actions = [action for role in CUSTOM.values() for action in (*role.actions, *role.data_actions)]
    assert not [action for action in actions if action == "*" or action.startswith("Microsoft.Authorization")]
    deletes = [action for action in actions if action.endswith("/delete")]
    assert all(action.endswith("/deployments/delete") for action in deletes)


@pytest.mark.parametrize("environment", ["staging", "prod"])
def test_people_change_nothing_after_dev(environment: str) -> None:
    found = [right for right in RIGHTS if right.who in PEOPLE and environment in right.environments]
    there = {right.role for right in found if right.scope == "resource_group"}
    assert there - {roles.MODEL_READER} == {"Reader", "Storage Blob Data Reader"}
    assert {right.role for right in found if right.scope != "resource_group"} == {
        *("Reader", "Log Analytics Reader", "Storage Blob Data Reader"),
        *("MLOps Ledger Writer", "MLOps Signer"),
    }
    assert {right.who for right in found if right.role in ("MLOps Ledger Writer", "MLOps Signer")} == {"signers"}


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_a_pull_request_changes_nothing(environment: str) -> None:
    found = {right.role for right in RIGHTS if right.who == "reader" and environment in right.environments}
    looks = {"Reader", "Log Analytics Reader", "Storage Blob Data Reader", "MLOps State Key User"}
    assert found - {roles.MODEL_READER} == looks


def test_only_prod_is_operated() -> None:
    assert {environment for right in RIGHTS if right.who == "operate" for environment in right.environments} == {"prod"}


def test_who_signs_adds_to_the_ledger_and_changes_nothing_in_it() -> None:
    actions = CUSTOM["MLOps Ledger Writer"].data_actions
    assert {action.rpartition("blobs/")[2] for action in actions} == {"read", "add/action"}


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_a_stack_assigns_roles_to_its_own_identities_only(environment: str) -> None:
    assert {right.who for right in rights(environment, "stack")} == {"workspace", "compute", "endpoint"}
    assert all(right.role in BUILT_IN for right in rights(environment, "stack"))


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_ci_may_give_exactly_what_the_stack_assigns(environment: str) -> None:
    rows = rights(environment, "stack")
    assert delegable(environment) == {BUILT_IN[row.role] for row in rows if row.scope in WITHIN}
    assert delegable(environment, "registry") == {BUILT_IN[row.role] for row in rows if row.scope == "registry"}
    assert delegable(environment, "source_data") == {BUILT_IN["Storage Blob Data Reader"]}
    outside = {row.scope for row in rows} - WITHIN
    assert not delegable(environment, "source") & delegable(environment, "source_data")
    assert outside == {
        row.scope for row in rights(environment, "organisation") if row.role in GRANTING and row.scope not in WITHIN
    }


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_ci_cannot_pass_on_its_own_power(environment: str) -> None:
    given = {BUILT_IN["Contributor"], BUILT_IN["Role Based Access Control Administrator"]}
    assert not delegable(environment) & given


def test_the_condition_names_roles_identities_and_exceptions_for_both_actions() -> None:
    text = condition("prod", "registry", ["00000000-0000-0000-0000-000000000001"])
    assert text.count("(") == text.count(")")
    for action, source in (("write", "@Request"), ("delete", "@Resource")):
        assert f"ActionMatches{{'Microsoft.Authorization/roleAssignments/{action}'}}" in text
        for attribute in ("RoleDefinitionId", "PrincipalType", "PrincipalId"):
            assert f"{source}[Microsoft.Authorization/roleAssignments:{attribute}]" in text
    assert all(role in text for role in delegable("prod", "registry"))
    assert BUILT_IN["AcrPull"] not in text


def test_only_investigators_read_the_sensitive_log_and_nothing_else() -> None:
    reads = [row for row in RIGHTS if row.role.startswith("Storage Blob") or row.role == roles.MODEL_READER]
    wide = [row for row in reads if row.scope in ("resource_group", "storage")]
    assert {row.who for row in wide} >= {"data_scientists", "deploy", "operate", "workspace", "compute", "endpoint"}
    for row in wide:
        only = "StringEquals" if row.who == "investigators" else "StringNotEquals"
        assert f"containers:name] {only} 'sensitive-log')" in str(row.limit)
    assert {row.who for row in RIGHTS if row.scope == "sensitive_log"} == {"endpoint"}
    assert not [row for row in RIGHTS if row.limit and row not in wide]


def test_who_looks_at_models_reads_no_other_blob() -> None:
    found = [row for row in RIGHTS if row.role == roles.MODEL_READER]
    limits = [row.limit for row in found]
    assert [row.who for row in found] == ["operators", "signers", "readers", "reader"]
    assert all(str(limit).endswith("blobs:path] StringLike 'mlops/models/*')") for limit in limits)


def test_a_registry_copies_from_dev_only() -> None:
    found = {(right.role, *right.environments) for right in RIGHTS if right.who == "registry"}
    assert found == {("Storage Blob Data Reader", "dev"), ("AcrPull", "dev")}


def test_images_are_built_in_dev_only() -> None:
    assert [right.environments for right in RIGHTS if right.role == "AcrPush"] == [frozenset({"dev"})]


def test_the_rights_page_is_what_the_matrix_says() -> None:
    assert page.current(page.PAGE), "run `make infra-rights`"


def test_a_page_that_says_something_else_is_seen(tmp_path: Path) -> None:
    other = tmp_path / "rights.md"
    other.write_text(page.body().replace("Reader", "Contributor") + page.UNSIGNED, "utf-8")
    assert not page.current(other)


def test_a_signature_stays_while_the_rights_do(tmp_path: Path) -> None:
    signed = tmp_path / "rights.md"
    page.write(signed)
    signed.write_text(signed.read_text("utf-8").replace("| | platform team |", "| Ada | platform team |"), "utf-8")
    assert page.current(signed)
    page.write(signed)
    assert "| Ada |" in signed.read_text("utf-8")


def test_changed_rights_must_be_signed_again(tmp_path: Path) -> None:
    signed = tmp_path / "rights.md"
    signed.write_text(f"old\n{page.SIGNED}\n| Ada |", "utf-8")
    page.write(signed)
    assert "Ada" not in signed.read_text("utf-8")


def test_a_role_that_nobody_knows_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    assert roles.unknown() == []
    row = roles.Right("compute", "Storage Blob Reader", "storage", "Easier.", assigned_by="stack")
    monkeypatch.setattr(roles, "RIGHTS", (*roles.RIGHTS, row))
    with pytest.raises(Misuse, match="roles.py: `Storage Blob Reader` is not known: add Azure's id of it to BUILT_IN"):
        settings.read("dev")
