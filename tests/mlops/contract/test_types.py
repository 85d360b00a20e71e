"""A contract that cannot mean anything is refused where it is written."""

import pytest

from mlops.contract.types import Column, Contract


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"dtype": "category"}, "categories belong to dtype 'category'"),
        ({"dtype": "number", "categories": ("a",)}, "categories belong to dtype 'category'"),
        ({"dtype": "category", "categories": ("a", "a")}, "a category is listed twice"),
        ({"dtype": "text", "range": (0, 1)}, "range belongs to dtype 'number'"),
        ({"dtype": "number", "range": (2, 1)}, "the range ends before it starts"),
        ({"dtype": "number", "sensitive": True}, "a sensitive column is a category or a flag"),
        ({"dtype": "text", "personal": True}, "what says who somebody is has role 'id' or 'context'"),
        ({"dtype": "flag", "role": "label", "personal": True}, "what says who somebody is has role 'id' or 'context'"),
        ({"dtype": "text", "role": "label"}, "a column with role 'label' cannot be a text"),
        ({"dtype": "text", "role": "time"}, "a column with role 'time' cannot be a text"),
        ({"dtype": "flag", "role": "label", "nullable": True}, "a column with role 'label' cannot be nullable"),
        (
            {"dtype": "number", "role": "weight", "range": (0, 9), "nullable": True},
            "a column with role 'weight' cannot be nullable",
        ),
        ({"dtype": "number", "role": "weight"}, "a weight has a range, which starts at 0 or above"),
        ({"dtype": "number", "role": "weight", "range": (-1, 9)}, "a weight has a range, which starts at 0 or above"),
        (
            {"dtype": "category", "categories": ("a",), "role": "label", "unseen": "accept"},
            "a label refuses unseen categories",
        ),
    ],
)
def test_an_impossible_column_is_refused_by_name(arguments, sentence):
    with pytest.raises(ValueError, match="column thing: ") as caught:
        Column("thing", **arguments)
    assert sentence in str(caught.value)


def test_a_contract_names_each_column_once_and_has_one_label():
    with pytest.raises(ValueError, match="names a column twice"):
        Contract(Column("a", "number"), Column("a", "text"))
    with pytest.raises(ValueError, match="at most one column with role 'label'"):
        Contract(Column("a", "flag", "label"), Column("b", "flag", "label"))


def test_columns_are_found_by_name_and_by_role():
    age, sex = Column("age", "number"), Column("sex", "flag", "context", sensitive=True)
    contract = Contract(age, sex, min_rows=5)
    assert list(contract) == [age, sex]
    assert contract["age"] is age and "sex" in contract and "race" not in contract
    assert contract.features == (age,) and contract.sensitive == (sex,)
    assert contract.one("label") is None
