import datetime as dt

import polars as pl
import pytest

from engine.errors import InputError
from engine.storage.growth import difference, forecast, history
from tests.engine.plan.account import AS_OF, MB, ROWS, account


def test_difference_names_the_group_that_grew_most():
    files = [file for file in ROWS["file"] if file["record_id"] != "f2"]
    rows = difference(account(file=files), account(), "type", as_of_before=AS_OF, as_of_after=AS_OF).to_dicts()
    assert (rows[0]["group"], rows[0]["bytes_before"], rows[0]["bytes_change"]) == ("video", 0, 101 * MB)
    assert sum(row["bytes_change"] for row in rows) == 101 * MB


def test_groups_without_a_name_are_compared_with_each_other():
    rows = difference(account(), account(), "stage", as_of_before=AS_OF, as_of_after=AS_OF)
    assert rows["group"].is_unique().all()
    assert rows["bytes_change"].to_list() == [0] * rows.height


def test_history_ends_at_the_account_as_it_is():
    points = history(account(), as_of=AS_OF)
    assert (points.height, points["day"][-1]) == (13, AS_OF)
    assert points["bytes"][-1] == 132 * MB + 2
    assert points["bytes"].is_sorted()


def line(*values):
    return pl.DataFrame({"day": [AS_OF + dt.timedelta(days=10 * i) for i in range(len(values))], "bytes": list(values)})


def test_a_straight_line_meets_the_quota_when_it_does():
    estimate = forecast(line(100, 200, 300, 400), quota_bytes=1000)
    assert estimate.bytes_per_day == pytest.approx(10)
    assert estimate.day == AS_OF + dt.timedelta(days=90)
    assert estimate.earliest is not None and estimate.earliest <= estimate.day


@pytest.mark.parametrize(("values", "day", "reached"), [((400, 300), None, False), ((5, 5), None, False)])
def test_no_growth_no_date(values, day, reached):
    estimate = forecast(line(*values), quota_bytes=1000)
    assert (estimate.day, estimate.reached) == (day, reached)


def test_a_full_account_is_reached_today():
    assert forecast(line(900, 1100), quota_bytes=1000).reached


def test_one_day_is_no_line():
    with pytest.raises(InputError, match="two different days"):
        forecast(line(1), quota_bytes=10)
