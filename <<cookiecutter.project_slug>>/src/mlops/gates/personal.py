"""What looks like personal data: a column by its name, values by their shape. The words are in `personal.yml`."""

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import polars as pl
import yaml

CHECKED = 300
"""How many values of a shape are looked at one by one."""
FEWEST = 10
"""How many must be of a kind that other values are of by chance."""

APART = r"(?:^|[\s:;,])({})(?:$|[\s.;,])"
DATE = re.compile(r"\d{1,4}([./ -])\d{1,2}\1\d{1,4}")
HOLY = {"san", "santa", "santo", "saint", "st", "sao"}


@dataclass(frozen=True)
class Kind:
    """Which part of a text may be of this kind, whether it is, and the share of other texts that pass by chance."""

    shape: str
    real: Callable[[str], bool]
    chance: float = 0.0


@cache
def kinds() -> Mapping[str, Kind]:
    shapes = _table()["shapes"] | {name: APART.format(shape) for name, shape in _table()["shapes_apart"].items()}
    ids = {f"national ids ({name})": Kind(shapes["ids"], _stdnum(name), 0.25) for name in _words("national_ids")}
    return {
        "e-mail addresses": Kind(shapes["mail"], bool),
        "phone numbers": Kind(shapes["phone"], _phone),
        "bank accounts": Kind(shapes["iban"], _stdnum("iban")),
        "social security numbers": Kind(shapes["social"], _stdnum("us.ssn")),
        "card numbers": Kind(shapes["card"], _card, 0.25),
        "names of people": Kind(shapes["name"], _name, 0.1),
        **ids,
    }


def named(column: str) -> bool:
    """Whether a column is named after a person, or after a way to reach one."""
    words = re.findall("[a-z]+", plain(re.sub(r"(?<=[a-z\d])(?=[A-Z])", " ", column)))
    said, alone = f" {' '.join(words)} ", _words("alone").intersection(words)
    told = any(f" {name} " in said or name.replace(" ", "") in words for name in _words("names"))
    return told or bool(alone) and (len(words) == 1 or not _words("people").isdisjoint(words))


def found(values: pl.Series) -> dict[str, float]:
    """By kind, the share of these different texts that are of it, where it is more than chance."""
    shares = {}
    for name, kind in kinds().items():
        parts = values.str.extract(kind.shape).drop_nulls()
        some = parts.head(CHECKED)
        real = sum(map(kind.real, some))
        share = real / max(len(some), 1) * len(parts) / max(len(values), 1)
        if real >= (FEWEST if kind.chance else 1) and share > kind.chance:
            shares[name] = share
    return shares


def plain(text: str) -> str:
    """Lower case, without accents."""
    spelt = unicodedata.normalize("NFKD", text.lower().replace("ß", "ss").replace("ø", "o").replace("ł", "l"))
    return "".join(letter for letter in spelt if not unicodedata.combining(letter))


@cache
def _table() -> Mapping[str, Any]:
    return yaml.safe_load(Path(__file__).with_suffix(".yml").read_text("utf-8"))


@cache
def _words(name: str) -> frozenset[str]:
    return frozenset(word for line in _table()[name] for word in (line if isinstance(line, list) else [line]))


def _stdnum(module: str) -> Callable[[str], bool]:
    return import_module(f"stdnum.{module}").is_valid


def _card(text: str) -> bool:
    return _stdnum("luhn")(re.sub(r"\D", "", text))


def _phone(text: str) -> bool:
    from phonenumbers import NumberParseException, is_valid_number, parse

    def valid(region: str) -> bool:
        try:
            return is_valid_number(parse(text, region))
        except NumberParseException:
            return False

    return not DATE.fullmatch(text) and any(map(valid, _words("phone_regions")))


def _name(text: str) -> bool:
    words = re.findall("[a-z]+", plain(text))
    return not _words("given_names").isdisjoint(words) and HOLY.isdisjoint(words)
