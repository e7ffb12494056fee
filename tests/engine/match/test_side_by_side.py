"""Pieces done side by side: every result under its name, progress after each, and a clean end when one fails."""

import pytest

from engine.errors import Cancelled
from engine.match.side_by_side import side_by_side


def test_results_keep_the_order_of_the_pieces():
    seen = []
    made = side_by_side("s", {"b": 2, "a": 1, "c": 3}, lambda n: n * n, progress=lambda *told: seen.append(told))
    assert list(made.items()) == [("b", 4), ("a", 1), ("c", 9)]
    assert seen == [("s", 1 / 3), ("s", 2 / 3), ("s", 1.0)]


def test_nothing_to_do_is_done():
    assert side_by_side("s", {}, lambda n: n, progress=lambda *_: None) == {}


def test_a_cancelled_job_begins_nothing_more():
    done = []

    def stop(stage, share):
        raise Cancelled("stop")

    with pytest.raises(Cancelled):
        side_by_side("s", {str(n): n for n in range(200)}, done.append, progress=stop)
    assert len(done) < 200


def test_a_failure_of_one_piece_is_the_failure_of_all():
    with pytest.raises(ZeroDivisionError):
        side_by_side("s", {"a": 1, "b": 0}, lambda n: 1 / n, progress=lambda *_: None)
