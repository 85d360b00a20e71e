"""The gate on privacy: what looks like personal data, by name or by values, is declared or is refused by its column."""

import random
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from stdnum import luhn
from stdnum.es import dni
from stdnum.pl import pesel

from mlops.contract.types import Column, Contract, Dtype
from mlops.gates.base import Verdict
from mlops.gates.personal import found, named
from mlops.gates.privacy import Limits, check, measure
from tests.support.sources import given

LABEL = Column("good", "flag", "label")
RANDOM = random.Random(7)
GIVEN, FAMILY = ("James", "Ahmet", "Agnieszka", "Ines", "Xu", "Jürgen"), ("Smith", "O'Neil", "García", "Łaski", "Vogt")


def made(value: Callable[[int], str], rows: int = 100) -> list[str]:
    return [value(row) for row in range(rows)]


def digits(count: int) -> str:
    return str(RANDOM.randrange(10 ** (count - 1), 10**count))


def valid(is_valid: Callable[[str], bool], value: Callable[[], str]) -> list[str]:
    found: list[str] = []
    while len(found) < 60:
        found += [text for text in [value()] if is_valid(text)]
    return found


def day() -> str:
    return f"{RANDOM.randint(1, 12):02}{RANDOM.randint(1, 28):02}"


CARDS = made(lambda row: (start := "4" + digits(14)) + luhn.calc_check_digit(start))
PEOPLE = {
    "e-mail addresses": made(lambda row: f"p{row}@example.org"),
    "phone numbers": made(lambda row: f"+49 30 {digits(7)}"),
    "bank accounts": ["DE89 3704 0044 0532 0130 00", "GB82WEST12345698765432"],
    "social security numbers": made(lambda row: f"{RANDOM.randint(100, 600)}-{digits(2)}-{digits(4)}"),
    "card numbers": CARDS,
    "names of people": [f"{given} {family}" for given in GIVEN for family in FAMILY],
    "national ids (pl.pesel)": valid(pesel.is_valid, lambda: digits(2) + day() + digits(5)),
    "national ids (es.dni)": valid(dni.is_valid, lambda: digits(8) + RANDOM.choice("TRWAGMYFPDXBNJZSQVHLCKE")),
}
THINGS = {
    "places": ["New York", "San Antonio", "Santa Maria", "Saint Paul", "Salt Lake City", "Jordan", "Chad"],
    "jobs": ["Data Scientist", "Police Officer", "Adm-clerical", "Taxi Driver", "Nurse"],
    "dates": made(lambda row: f"{1 + row % 28:02}-{1 + row % 12:02}-20{row % 25:02}"),
    "instants": made(lambda row: f"2024{day()}{10 + row % 14}{10 + row % 50}00"),
    "seconds": made(lambda row: str(1_700_000_000 + 977 * row)),
    "decimals": made(lambda row: f"0{RANDOM.random() * 10:.6f}"),
    "serial numbers": made(lambda row: f"{row:010}"),
    "random numbers": made(lambda row: digits(11), 1000),
    "orders": made(lambda row: f"ORD-{row:08}"),
    "books": made(lambda row: "978" + digits(10)),
    "prose": made(lambda row: f"asks for help with the rent since {row} weeks, see page 0{row}"),
    "digests": made(lambda row: f"{RANDOM.getrandbits(64):016x}"),
}  # fmt: skip


@pytest.mark.parametrize("kind", PEOPLE)
def test_values_of_people_are_known_by_their_shape(kind: str):
    shares = found(pl.Series(PEOPLE[kind]))
    assert shares.keys() == {kind} and shares[kind] > 0.3


@pytest.mark.parametrize("kind", THINGS)
def test_values_of_things_are_not_taken_for_people(kind: str):
    assert found(pl.Series(THINGS[kind]).unique()) == {}


@pytest.mark.parametrize("text", ["(212) 555-0187", "030 1234567", "01 42 68 53 00", "01.42.68.53.00", "020 7946 0018"])
def test_phone_numbers_are_known_as_people_write_them(text: str):
    assert found(pl.Series([f"call {text}", f"{text}, or later"])) == {"phone numbers": 1.0}


@pytest.mark.parametrize("text", ["4539 1488 0343 6467", "4539-1488-0343-6467"])
def test_card_numbers_are_known_in_groups_of_four(text: str):
    assert "card numbers" in found(pl.Series([f"{' ' * space}{text}" for space in range(10)]))


@pytest.mark.parametrize(
    "name",
    ["email", "E-Mail", "homePhone", "first_name", "FIRSTNAME", "customer_name", "name", "dateNaissance"]
    + ["Vorname", "Straße", "prénom", "apellido2", "codice_fiscale", "imię", "BSN", "card_number", "patient mobile"],
)  # fmt: skip
def test_a_name_of_a_person_is_known_in_many_spellings(name: str):
    assert named(name)


@pytest.mark.parametrize(
    "name", ["age", "product_name", "file_name", "hostname", "birth_year", "mobile_app", "country", "owner", "nominal"]
)
def test_a_name_of_a_thing_is_not(name: str):
    assert not named(name)


def judged(folder: Path, columns: list[Column], values: dict, limits: Limits | None = None) -> list[Verdict]:
    contract = Contract(*columns, LABEL)
    rows = max(map(len, values.values()))
    filled = {name: [each[row % len(each)] for row in range(rows)] for name, each in values.items()}
    frame = pl.DataFrame(filled | {"good": [True] * rows})
    return list(check(measure(given(folder, frame, contract)), limits or Limits()))


def test_a_table_about_nobody_passes_with_one_sentence(tmp_path: Path):
    columns = [Column("job", "text"), Column("age", "number")]
    [verdict] = judged(tmp_path, columns, {"job": ["cook", "clerk"], "age": [20.0, 1e12]})
    assert verdict.passed and verdict.why == "none of 3 columns looks like personal data that is not declared."


def test_a_telling_name_is_refused_whatever_the_column_holds(tmp_path: Path):
    [verdict] = judged(tmp_path, [Column("street", "number")], {"street": [1, 2]})
    assert not verdict.passed and verdict.why == "people.street: it is named like personal data."
    assert "personal=True" in verdict.next_step and "gates.privacy.harmless" in verdict.next_step


def test_telling_values_are_refused_without_being_quoted(tmp_path: Path):
    notes = ["nothing new"] * 900 + [f"write to p{row}@example.org" for row in range(9)]
    [verdict] = judged(tmp_path, [Column("notes", "text")], {"notes": notes})
    assert not verdict.passed
    assert verdict.why == "people.notes: 90.0% of its different values look like e-mail addresses; 1.0% is allowed."
    assert "example.org" not in str(verdict)


def test_a_few_among_many_different_values_pass(tmp_path: Path):
    notes = [f"note {row}" for row in range(999)] + ["write to ann@example.org"]
    assert judged(tmp_path, [Column("notes", "text")], {"notes": notes})[0].passed


@pytest.mark.parametrize(
    ("dtype", "more", "refused"),
    [
        ("number", {}, True),
        ("number", {"range": (0, 10_000)}, False),
        ("text", {}, True),
        ("text", {"role": "id"}, True),
        ("text", {"role": "id", "personal": True}, False),
        ("text", {"role": "context", "personal": True}, False),
        ("category", {"categories": ("a",), "unseen": "accept"}, True),
        ("category", {"categories": tuple(sorted(set(CARDS)))}, False),
    ],
)
def test_values_count_where_they_are_neither_declared_nor_in_the_contract(
    tmp_path: Path, dtype: Dtype, more: dict, refused: bool
):
    values = [int(card) for card in CARDS] if dtype == "number" else CARDS
    verdicts = judged(tmp_path, [Column("thing", dtype, **more)], {"thing": values})
    assert [verdict.subject for verdict in verdicts if not verdict.passed] == ["people.thing"] * refused


def test_a_column_that_prepare_makes_is_judged_by_its_name(tmp_path: Path):
    source, row = (
        Contract(Column("age", "number"), LABEL),
        Contract(Column("age", "number"), Column("email", "text"), LABEL),
    )
    context = given(tmp_path, pl.DataFrame({"age": [1.0], "good": [True], "email": ["x"]}), source, row)
    assert [verdict.subject for verdict in check(measure(context), Limits()) if not verdict.passed] == ["ROW.email"]


def test_a_column_that_is_about_nobody_may_be_named_so(tmp_path: Path):
    columns, values = [Column("street", "text")], {"street": ["012-34567", "013-45678"]}
    assert len(judged(tmp_path, columns, values)) == 2
    [verdict] = judged(tmp_path, columns, values, Limits(harmless=["people.street"]))
    assert verdict.passed


def test_a_misspelt_harmless_column_is_refused(tmp_path: Path):
    limits = Limits(harmless=["people.stret"])
    verdicts = judged(tmp_path, [Column("street", "text")], {"street": ["a", "b"]}, limits)
    assert "did you mean `people.street`?" in verdicts[-1].why and not verdicts[-1].passed


def test_the_same_table_is_judged_alike_each_time(tmp_path: Path):
    values = made(lambda row: digits(12) if row % 40 else f"p{row}@example.org", 20_000)
    columns = [Column("notes", "text")]
    first, second = (judged(tmp_path, columns, {"notes": each}) for each in (values, values[::-1]))
    assert first == second and not first[0].passed


@pytest.mark.parametrize(
    "column",
    [
        Column("has_phone", "flag"),
        Column("phone_type", "category", categories=("mobile", "none")),
        Column("days_since_last_email", "number", range=(0, 365)),
    ],
)
def test_what_no_personal_data_can_stand_in_may_be_named_after_it(tmp_path: Path, column: Column):
    values = {"flag": [True, False], "category": ["mobile", "none"], "number": [3.0, 90.0]}[column.dtype]
    frame = pl.DataFrame({column.name: values, "good": [True, False]})
    assert all(verdict.passed for verdict in check(measure(given(tmp_path, frame, Contract(column, LABEL))), Limits()))
