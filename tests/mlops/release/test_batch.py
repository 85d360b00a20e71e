"""A project that scores in batch only: champion and challenger score the same rows, and the better one stays."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import yaml

from mlops.errors import Misuse, Refused
from mlops.release.batch import Figures, decide, distance, roll_back, start
from mlops.release.settings import Guards
from mlops.release.status import status
from mlops.settings import Batch
from tests.mlops.release.shops import Shop

WELL = Figures(rows=1000, bad=3, minutes=1.0)
SERVICE = Batch(rows=1_000_000, deadline_minutes=10)


def decided(here: Figures, there: Figures | None = WELL):
    return decide(here, there, Guards(), SERVICE, times=2)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"distance": 0.11}, "shift: predictions lie 0.110 away from the champion's, 0.1 is allowed"),
        ({"bad": 9}, "errors: 0.60% more of the rows could not be scored, 0.50% is allowed"),
        ({"bad": 60}, "errors: 60 of 1,000 rows could not be scored, 5% is allowed"),
        ({"minutes": 2.2}, "cost: it works 2.2 times as long as the champion, 2 is allowed"),
        ({"minutes": 10.1}, "time: 1,000,000 rows take 10.1 minutes, 10 are allowed"),
    ],
)
def test_each_guard_rolls_back_and_says_why(changes, sentence):
    assert decided(WELL).act == "promote"
    found = decided(replace(WELL, **changes))
    assert found.act == "roll_back" and sentence in found.why


def test_all_that_speaks_against_it_is_said():
    found = decided(replace(WELL, bad=60, distance=0.5, minutes=15))
    assert [each.partition(":")[0] for each in found.why.split("; ")] == ["errors", "time", "errors", "shift", "cost"]


def test_the_first_one_is_held_to_the_service_only_and_a_small_cost_may_double():
    assert decided(replace(WELL, minutes=9), None).act == "promote"
    assert decided(replace(WELL, minutes=10.1), None).act == "roll_back"
    quick = replace(WELL, minutes=0.02)
    assert decided(replace(WELL, minutes=1.9), quick).act == "promote"


def test_the_distance_is_the_greatest_between_the_distributions():
    rng = np.random.default_rng(1)
    a, b = rng.normal(0, 1, 800), rng.normal(0.5, 1, 500)
    at = np.linspace(-6, 6, 4001)
    expected = np.abs((a[:, None] <= at).mean(axis=0) - (b[:, None] <= at).mean(axis=0)).max()
    assert distance(pl.Series(a), pl.Series(b)) == pytest.approx(expected, abs=0.004)
    assert distance(pl.Series(a), pl.Series(a)) == 0
    assert distance(pl.Series([0.0] * 5), pl.Series([0.0] * 4 + [1.0])) == pytest.approx(0.2)
    assert distance(pl.Series(["low"] * 3 + ["high"]), pl.Series(["low"] * 4)) == pytest.approx(0.25)
    assert distance(pl.Series([True, False]), pl.Series([True, True])) == pytest.approx(0.5)


@pytest.fixture
def monthly(shop: Shop) -> Shop:
    """Without an endpoint."""
    file = shop.path / "mlops.yaml"
    plain = yaml.safe_load(file.read_text())
    del plain["service"]["online"]
    file.write_text(yaml.safe_dump(plain))
    ages = [age % 80 + 18 for age in range(300)]
    pl.DataFrame({"age": ages, "place": "town"}).write_parquet(shop.path / "visits.parquet")
    return shop


def release(shop: Shop, reference: str):
    return start(shop.controller, reference, shop.path / "visits.parquet")


def served(shop: Shop) -> str:
    champion = shop.story.champion
    assert champion
    return champion.model


def test_a_good_challenger_takes_over_and_a_shifted_one_does_not(monthly: Shop):
    first, good, shifted = monthly.register(), monthly.register({"shift": 0.01}), monthly.register({"shift": 0.3})
    assert release(monthly, first).act == "promote"
    assert served(monthly) == first
    assert release(monthly, good).status == 0
    assert served(monthly) == good
    done = release(monthly, shifted)
    assert done.status == 1 and "shift: predictions lie 0." in done.why
    assert served(monthly) == good
    assert monthly.decisions == ["champion", "champion", "rollback"]


def test_each_version_scores_with_the_package_that_it_was_made_with(monthly: Shop):
    """A region is new in the contract, and the features are others: neither changes what the champion says."""
    contract, predict = (monthly.path / "src" / "shop" / name for name in ("contract.py", "predict.py"))
    strict = contract.read_text().replace('unseen="accept"', 'unseen="refuse"')
    contract.write_text(strict)
    release(monthly, monthly.register())
    contract.write_text(strict.replace('"country"', '"country", "island"'))
    predict.write_text(predict.read_text().replace("/ 100", "/ 200"))
    ages = [age % 80 + 18 for age in range(300)]
    rows = pl.DataFrame({"age": ages, "place": ["island"] + ["town"] * 299})
    rows.write_parquet(monthly.path / "visits.parquet")
    done = release(monthly, monthly.register())
    assert done.act == "roll_back" and done.why.startswith("shift: predictions lie 0."), done.why
    new, old = (each["bad"] for each in monthly.entries[-1].says["evidence"])
    assert (new, old) == (0, 1)


def test_the_distance_is_that_of_rows_which_both_could_score(monthly: Shop):
    contract = monthly.path / "src" / "shop" / "contract.py"
    contract.write_text(contract.read_text().replace("(18, 99)", "(18, 95)"))
    release(monthly, monthly.register())
    contract.write_text(contract.read_text().replace("(18, 95)", "(18, 99)"))
    done = release(monthly, monthly.register())
    assert done.act == "promote" and "0.000 away from the champion's" in done.why, done.why


def test_without_a_row_that_both_could_score_nothing_shows_that_they_agree(monthly: Shop):
    contract, rows = monthly.path / "src" / "shop" / "contract.py", monthly.path / "visits.parquet"
    contract.write_text(contract.read_text().replace("(18, 99)", "(18, 57)"))
    everybody = pl.read_parquet(rows)
    everybody.filter(pl.col("age") <= 57).write_parquet(rows)
    assert release(monthly, monthly.register()).act == "promote"
    contract.write_text(contract.read_text().replace("(18, 57)", "(58, 99)"))
    everybody.filter(pl.col("age") > 57).write_parquet(rows)
    done = release(monthly, monthly.register())
    assert done.act == "roll_back" and done.why.startswith("shift: predictions lie 1.000 away"), done.why


def test_one_that_throws_is_rolled_back(monthly: Shop):
    release(monthly, monthly.register())
    done = release(monthly, monthly.register({"throw": 1, "calm": 0}))
    assert done.status == 1 and done.why.startswith("errors: it failed on these rows with a RuntimeError; `mlops score")
    assert monthly.decisions == ["champion", "rollback"]


def test_a_rollback_is_the_switch_back(monthly: Shop):
    first, second = monthly.register(), monthly.register()
    release(monthly, first)
    with pytest.raises(Misuse, match="nothing was in service before shop:1 on local"):
        roll_back(monthly.controller, None, "too soon")
    release(monthly, second)
    done = roll_back(monthly.controller, None, "it was worse")
    assert (done.act, done.status, "rolled back: it was worse" in done.why) == ("rollback", 0, True)
    assert monthly.decisions == ["champion", "champion", "rollback"]
    assert served(monthly) == first


def test_what_may_not_be_released_scores_nothing(monthly: Shop):
    reference = monthly.register()
    assert monthly.mlops("stop", "--reason", "It finds fewer people than the old order").returncode == 0
    with pytest.raises(Refused, match="may not be released on local"):
        release(monthly, reference)
    assert not (Path(monthly.path) / ".mlops" / "batch").exists()


def test_what_an_earlier_release_scored_or_was_killed_in_is_gone(monthly: Shop):
    folder = monthly.path / ".mlops" / "batch"
    release(monthly, monthly.register())
    (place,) = folder.iterdir()
    (place / "summary.json").unlink()
    next((place / "scored").iterdir()).write_bytes(b"half")
    (folder / "m0" / ".csv").mkdir(parents=True)
    assert release(monthly, monthly.register()).act == "promote"
    assert {each.name for each in folder.iterdir()} == {each.deployment for each in monthly.story.champions}


def test_as_a_person_types_it(monthly: Shop):
    first, shifted = monthly.register(), monthly.register({"shift": 0.3})
    none = monthly.mlops("release", "start", first)
    assert none.returncode == 2 and "name the rows that it and the champion score, with --input" in none.stderr
    done = monthly.mlops("release", "start", first, "--input", "visits.parquet")
    assert done.returncode == 0 and "promote: no guard shows anything: 300 rows" in done.stdout, done.stderr
    done = monthly.mlops("release", "start", shifted, "--input", "visits.parquet")
    assert done.returncode == 1 and "roll back: shift: predictions lie" in done.stdout
    assert (monthly.controller.tick().act, served(monthly)) == ("nothing", first)
    assert monthly.endpoint.state().deployments == {}
    assert release(monthly, monthly.register()).act == "promote"
    back = monthly.mlops("release", "rollback", "--reason", "the old order was better")
    assert back.returncode == 0 and served(monthly) == first, back.stderr
    said = status(monthly.controller).said
    assert said["in service"] == first and "to do" not in said
