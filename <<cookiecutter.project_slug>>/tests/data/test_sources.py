"""The data that the project ships keeps its contracts, and whatever does not keep them is found."""

import polars as pl
import pytest

from mlops.contract.synthetic import poisoned
from mlops.contract.table import conform
from mlops.contract.validate import violations


def test_the_shipped_tables_keep_their_contracts(model, sources):
    for name, table in sources.items():
        assert violations(table, model.contract.SOURCES[name]) == [], name


def test_the_prepared_rows_keep_theirs(model, prepared):
    assert violations(prepared.lazy(), model.contract.ROW) == []


def test_every_mistake_that_a_contract_rules_out_is_found(model):
    for name, contract in (*model.contract.SOURCES.items(), ("ROW", model.contract.ROW)):
        for poison in poisoned(contract):
            found = [(each.column, each.check) for each in violations(poison.frame.lazy(), contract)]
            assert found == [(poison.column, poison.check)], (name, poison.name)


def test_what_a_contract_leaves_open_is_accepted(model, prepared):
    for column in model.contract.ROW:
        holes = [None] * column.nullable + ["Not seen before"] * (column.unseen == "accept")
        for hole in holes:
            changed = prepared.lazy().with_columns(pl.lit(hole).alias(column.name))
            assert [each for each in violations(changed, model.contract.ROW) if each.column == column.name] == []


def test_a_model_row_has_features_and_a_label(model):
    assert model.contract.ROW.features
    assert model.contract.ROW.one("label")


def test_preparing_changes_no_value_that_a_caller_sends(model, sources, prepared):
    row = model.contract.ROW
    key = row.one("id")
    keyed = {name for name, source in model.contract.SOURCES.items() if key and source.one("id") and key.name in source}
    if not keyed:
        pytest.skip("no source has the id of the model rows, so nothing says which row came from which")
    for name in sorted(keyed):
        sent = [key.name, *(column.name for column in row.features if column.name in model.contract.SOURCES[name])]
        rows = conform(prepared.lazy(), row).select(sent).sort(key.name)
        as_sent = sources[name].select(sent).join(rows.select(key.name), on=key.name).sort(key.name)
        assert rows.collect().equals(as_sent.collect()), name


def test_everything_is_documented(model, project, known_settings):
    page = (project / "data" / "README.md").read_text(encoding="utf-8")
    assert known_settings.data.keys() == model.contract.SOURCES.keys()
    for contract in (*model.contract.SOURCES.values(), model.contract.ROW):
        assert all(column.about for column in contract), [column.name for column in contract if not column.about]
    for name, contract in model.contract.SOURCES.items():
        missing = [column.name for column in contract if f"`{column.name}`" not in page]
        assert not missing, f"data/README.md does not say what these columns of {name} are"
