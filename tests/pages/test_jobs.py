"""Background work: done once for all who ask, cancelled when nobody waits, and nobody stands in another's way."""

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from engine.errors import InputError
from pages._ui import text
from pages._ui.components import background
from pages._ui.jobs import KEPT_OTHERWISE, ROUND, Job, Room, Waiting

SOON = 10.0  # seconds within which anything here must have happened
KEY = ("read", "a")


class Slow:
    """Work that reports and goes on only when it is let."""

    def __init__(self, result: Any = "done") -> None:
        self.result, self.begun, self.calls = result, threading.Event(), 0
        self.free, self.stopped = threading.Event(), threading.Event()

    def __call__(self, progress: Callable[[str, float], None]) -> Any:
        self.calls += 1
        self.begun.set()
        try:
            while not self.free.wait(0.005):
                progress("read", 0.5)
        except BaseException:
            self.stopped.set()
            raise
        return self.result


@pytest.fixture
def room() -> Iterator[Room]:
    yield Room()


def waiting(room: Room, key: tuple[str, ...], work: Any, who: str = "ann", **named: Any) -> Job:
    """Ask, expect to have to wait → the job."""
    with pytest.raises(Waiting) as raised:
        room.ask(key, work, who=who, patience=0, **named)
    return raised.value.jobs[0]


def finish(slow: Slow, job: Job) -> None:
    slow.free.set()
    assert job.ended.wait(SOON)


def test_quick_work_is_there_at_once_and_done_once(room: Room) -> None:
    calls = []
    for _ in range(3):
        assert room.ask(KEY, lambda progress: calls.append(1) or "result", who="ann", patience=SOON) == "result"
    assert calls == [1]


def test_two_who_ask_for_the_same_share_it(room: Room) -> None:
    slow = Slow()
    ann, bob = (waiting(room, KEY, slow, who) for who in ("ann", "bob"))
    assert ann is bob
    finish(slow, ann)
    for who in ("ann", "bob"):
        assert room.ask(KEY, slow, who=who) == "done"
    assert slow.calls == 1


def test_who_cancels_what_another_waits_for_only_stops_waiting(room: Room) -> None:
    slow = Slow()
    job = waiting(room, KEY, slow, "ann")
    waiting(room, KEY, slow, "bob")
    room.cancel(KEY, "ann")
    assert room.stopped(KEY, "ann") and not room.stopped(KEY, "bob")
    assert room.of("ann") == [] and room.of("bob") == [job]
    assert waiting(room, KEY, slow, "ann").state == "cancelled"
    finish(slow, job)
    assert room.ask(KEY, slow, who="bob") == "done"
    assert room.ask(KEY, slow, who="ann") == "done"  # it is there: nothing is withheld


def test_work_that_nobody_waits_for_stops_and_begins_again_only_when_asked(room: Room) -> None:
    slow = Slow()
    job = waiting(room, KEY, slow)
    assert slow.begun.wait(SOON)
    room.cancel(KEY, "ann")
    assert slow.stopped.wait(SOON) and job.ended.wait(SOON)
    assert job.state == "cancelled" and room.known(KEY) is None
    assert waiting(room, KEY, slow).state == "cancelled" and slow.calls == 1
    room.again(KEY, "ann")
    second = waiting(room, KEY, slow)
    assert second is not job
    finish(slow, second)
    assert slow.calls == 2 and room.ask(KEY, slow, who="ann") == "done"


def test_what_is_cancelled_before_its_turn_never_begins() -> None:
    room, first, second = Room(at_once=1), Slow(), Slow()
    job = waiting(room, KEY, first)
    assert first.begun.wait(SOON)
    later = waiting(room, ("read", "b"), second)
    assert later.state == "waiting"
    room.cancel(("read", "b"), "ann")
    assert later.ended.is_set() and later.state == "cancelled"
    finish(first, job)
    assert second.calls == 0


def test_asking_for_another_thing_in_the_same_place_gives_up_the_one_before(room: Room) -> None:
    before, after = Slow(), Slow("new")
    old = waiting(room, KEY, before, slot=("match",))
    assert before.begun.wait(SOON)
    new = waiting(room, ("read", "b"), after, slot=("match",))
    assert before.stopped.wait(SOON) and old.ended.wait(SOON)
    finish(after, new)
    before.free.set()
    assert waiting(room, KEY, before, slot=("match",)) is not old  # back to it: it is done after all


def test_a_failure_is_one_error_until_it_is_tried_again(room: Room) -> None:
    calls = []

    def work(progress: object) -> str:
        calls.append(1)
        if len(calls) == 1:
            raise InputError("the disk is full: make room")
        return "done"

    for _ in range(2):
        with pytest.raises(Waiting) as raised:
            room.ask(KEY, work, who="ann", patience=SOON)
        assert raised.value.jobs[0].state == "failed"
        assert str(raised.value.jobs[0].error) == "the disk is full: make room"
    assert calls == [1]
    room.again(KEY, "ann")
    assert room.ask(KEY, work, who="ann", patience=SOON) == "done"


def test_a_fault_of_ours_is_logged_without_its_message(room: Room, caplog: pytest.LogCaptureFixture) -> None:
    value = "".join(("+7 900 ", "111-22-33"))

    def work(progress: object) -> str:
        raise KeyError(value)

    with pytest.raises(Waiting) as raised:
        room.ask(KEY, work, who="ann", patience=SOON)
    job = raised.value.jobs[0]
    assert (job.state, job.error) == ("failed", None)
    assert "KeyError" in caplog.text and value not in caplog.text


def test_one_visitor_cannot_take_all_places() -> None:
    room, jobs = Room(at_once=3, each=2), []
    greedy = [Slow() for _ in range(3)]
    for number, slow in enumerate(greedy):
        jobs.append(waiting(room, ("read", str(number)), slow, "ann"))
    assert greedy[0].begun.wait(SOON) and greedy[1].begun.wait(SOON)
    other = Slow("theirs")
    theirs = waiting(room, ("read", "other"), other, "bob")
    assert other.begun.wait(SOON)  # though ann's third was asked for earlier
    assert not greedy[2].begun.is_set()
    finish(other, theirs)
    for slow, job in zip(greedy, jobs, strict=True):
        finish(slow, job)


def test_nobody_waits_for_work_under_other_rules(room: Room) -> None:
    slow = Slow()
    job = waiting(room, KEY, slow, "ann")
    assert slow.begun.wait(SOON)
    began = time.monotonic()
    assert room.ask(("read", "b"), lambda progress: "theirs", who="bob", patience=SOON) == "theirs"
    assert room.known(("read", "b")) == "theirs" and time.monotonic() - began < SOON / 2
    finish(slow, job)


def test_results_that_were_not_used_for_long_go(room: Room) -> None:
    for number in range(KEPT_OTHERWISE + 1):
        room.ask(("read", str(number)), lambda progress, n=number: n, who="ann", patience=SOON)
    assert room.known(("read", "0")) is None
    assert room.known(("read", "1")) == 1


def test_the_share_follows_the_usual_parts_and_never_goes_back() -> None:
    job = Job(KEY, lambda progress: None, {"encode": 3.0, "compare": 1.0})
    shares = []
    for stage, share in (("encode", 0.0), ("encode", 0.5), ("compare", 0.0), ("compare", 1.0), ("encode", 0.2)):
        job.progress(stage, share)
        shares.append(job.share)
    assert shares == [0.0, 0.375, 0.75, 1.0, 1.0]
    assert list(job.stages) == ["encode", "compare", f"encode{ROUND}2"]


def test_time_left_follows_from_share_and_time_spent() -> None:
    job = Job(KEY, lambda progress: None, {})
    job.state, job.started = "running", 100.0
    job.progress("read", 0.0)
    assert job.left(now=130.0) is None  # nothing done yet: nobody can tell
    job.progress("read", 0.25)
    assert job.left(now=100.5) is None  # too early
    assert job.left(now=130.0) == pytest.approx(90.0)


def test_the_next_job_of_a_kind_knows_how_long_the_stages_took(room: Room) -> None:
    def work(progress: Callable[[str, float], None]) -> str:
        progress("read", 0.0)
        time.sleep(0.15)
        progress("save", 0.0)
        return "done"

    room.ask(KEY, work, who="ann", patience=SOON)
    slow = Slow()
    job = waiting(room, ("read", "b"), slow)
    assert slow.begun.wait(SOON)
    deadline = time.monotonic() + SOON
    while job.share == 0 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert 0.4 < job.share < 0.51  # half of a stage that took nearly all the time
    finish(slow, job)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (None, ""), (3, "a few seconds left"), (30, "less than a minute left"), (50, "about 1 minute left"),
        (130, "about 2 minutes left"), (3500, "about 58 minutes left"), (8000, "about 2 hours left"),
    ],
)  # fmt: skip
def test_time_left_is_said_no_more_exactly_than_it_is_known(seconds: float | None, said: str) -> None:
    text.use("en")
    assert background.time_left(seconds) == said
