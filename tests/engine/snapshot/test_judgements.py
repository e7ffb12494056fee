"""Judgements are only ever added to, and taking one back restores exactly what stood before."""

from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.snapshot.judgements import VERDICTS, Judgements

PAIRS = [("a", "b"), ("c", "b"), ("a", "d")]


def row(pair: tuple[str, str], verdict: str, judge: str, at: int) -> dict[str, str]:
    left, right = pair
    said = {"entity": "contact", "left_id": left, "right_id": right, "verdict": verdict, "judge": judge}
    return {**said, "judged_at": f"2026-10-31T00:00:{at:02}"}


ROWS = st.tuples(st.sampled_from(PAIRS), st.sampled_from(VERDICTS), st.sampled_from(["", "Anna"]))


@given(before=st.lists(ROWS, max_size=8), then=st.lists(ROWS, min_size=1, max_size=4))
@settings(max_examples=40, deadline=None)
def test_what_is_taken_back_leaves_no_trace(tmp_path_factory, before, then):
    kept = Judgements(tmp_path_factory.mktemp("judged") / "judgements.jsonl")
    rows = [row(*said, at) for at, said in enumerate([*before, *then])]
    for one in rows[: len(before)]:
        kept.add(one)
    stood = kept.read()
    for one in rows[len(before) :]:
        kept.add(one)
    assert kept.read().height >= stood.height
    for one in reversed(rows[len(before) :]):
        kept.take_back(one)
    assert kept.read().equals(stood)
    assert kept.path.read_bytes().count(b"\n") >= len(rows) + len(then)  # nothing was erased


def test_only_the_own_judgement_is_taken_back_whoever_judged_since(tmp_path: Path) -> None:
    kept = Judgements(tmp_path / "judgements.jsonl")
    mine, theirs = row(("a", "b"), "match", "", 1), row(("b", "a"), "non_match", "", 2)
    kept.add(mine)
    kept.add(theirs)
    kept.take_back(mine)
    assert kept.read()["verdict"].to_list() == ["non_match"]
    kept.take_back(mine)  # again, or one that never was: nothing happens
    kept.take_back(row(("a", "b"), "match", "Anna", 9))
    assert kept.read()["verdict"].to_list() == ["non_match"]
