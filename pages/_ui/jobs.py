"""Work that goes on in the background: one room for all visitors, in which each job is done once. No drawing.

A job is a key and a function that takes `progress`. Whoever asks first starts it, whoever asks meanwhile waits for
the same one, and its result is kept for all who ask later. A visitor may leave the page, and come back to it; one
who cancels stops waiting, and the work itself stops when nobody waits any more: its next report of progress raises
`errors.Cancelled`, at a place where nothing is half-written.
"""

import logging
import threading
import time
import traceback
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Any

from engine.errors import Cancelled, WinnowError
from engine.progress import Progress

Key = tuple[str, ...]  # the kind of work, then what it is done on
Work = Callable[[Progress], Any]

PATIENCE = 0.4  # seconds a page waits before it shows that something is under way: what is quicker never flickers
AT_ONCE = 4  # jobs; the numbers inside use the cores, these only keep visitors from waiting for one another
EACH = 2  # jobs of one visitor at once, so that one cannot take all places
KEPT = {"match": 4, "tables": 4, "plan": 4, "kept": 4}  # results of each kind that stay, the last used ones
KEPT_OTHERWISE = 24

ROUND = " · "  # between a stage's name and the number of its round, when work goes through it again
# How long the stages of a kind of work take, in order and in parts of the whole, until one was done here and measured.
# Rules are suggested from a trial, on a sample of a large table; so there each stage comes twice.
_MATCH: dict[str, float] = {"block": 10, "compare": 25, "patterns": 2, "weigh": 12, "forest": 6, "cluster": 2}
USUAL: dict[str, dict[str, float]] = {
    "match": {"encode": 30, **_MATCH},
    "suggest": {"encode": 30, **_MATCH, **{f"{stage}{ROUND}2": part for stage, part in _MATCH.items()}},
    "sample": {"read": 45, "map": 45, "save": 10},
    "older": {"read": 45, "map": 45, "save": 10},
    "kept": {"map": 80, "save": 20},
    "plan": {"evidence": 10, "findings": 20, "golden": 50, "items": 20},
}
_SURE = 0.03  # from this share on, and
_SOON = 1.0  # after so many seconds, the time left can be told
_log = logging.getLogger("winnow")


class Waiting(Exception):
    """What was asked for is not there: `jobs` say whether they are under way, were stopped, or failed."""

    def __init__(self, jobs: Sequence["Job"]) -> None:
        super().__init__("not there yet")
        self.jobs = list(jobs)


class Job:
    """One piece of work: waiting, running, done, failed or cancelled; its stages with their shares."""

    def __init__(self, key: Key, work: Work, usual: dict[str, float]) -> None:
        self.key, self.work, self.usual = key, work, usual
        self.state, self.share = "waiting", 0.0
        self.stages: dict[str, float] = {}
        self.entered: dict[str, float] = {}  # when each stage was first heard of
        self.now = ""
        self.started: float | None = None
        self.waiters: set[str] = set()
        self.error: WinnowError | None = None
        self.result: Any = None
        self.ended = threading.Event()
        self.unwanted = False

    def progress(self, stage: str, share: float) -> None:
        """What the work reports. Raises Cancelled when nobody waits any more, or the server stops."""
        if self.unwanted or not threading.main_thread().is_alive():
            raise Cancelled("the work was stopped")
        share = min(max(share, 0.0), 1.0)
        if stage != self.now.partition(ROUND)[0]:
            before = sum(name.partition(ROUND)[0] == stage for name in self.stages)
            self.now = f"{stage}{ROUND}{before + 1}" if before else stage
            self.entered[self.now] = time.monotonic()
        self.stages = {**dict.fromkeys(self.stages, 1.0), self.now: share}
        done = self._done(share) if self.usual else share
        self.share = min(max(self.share, done), 1.0)  # never back

    def _done(self, share: float) -> float:
        """→ the share of the whole: what stands before this stage is over, whether it was gone through or left out."""
        names, parts = list(self.usual), list(self.usual.values())
        if self.now not in self.usual:
            return 0.0
        at = names.index(self.now)
        return (sum(parts[:at]) + parts[at] * share) / sum(parts)

    def left(self, now: float | None = None) -> float | None:
        """→ seconds that the rest will probably take; None while nobody can tell."""
        spent = 0.0 if self.started is None else (time.monotonic() if now is None else now) - self.started
        if self.state != "running" or self.share < _SURE or spent < _SOON:
            return None
        return spent * (1 - self.share) / self.share

    def took(self) -> dict[str, float]:
        """→ seconds from each stage to the next: how long they will take the next time."""
        times = [*self.entered.values(), time.monotonic()]
        return {name: max(end - at, 1e-3) for (name, at), end in zip(self.entered.items(), times[1:], strict=True)}


class Room:
    """The jobs of all visitors and the results that are kept. No lock is held while anything is computed."""

    def __init__(self, *, at_once: int = AT_ONCE, each: int = EACH) -> None:
        self._at_once, self._each = at_once, each
        self._changed = threading.Condition()
        self._jobs: dict[Key, Job] = {}  # all that are not done: waiting, running, stopped or failed
        self._queue: list[Job] = []
        self._running: list[Job] = []
        self._threads = 0
        self._results: dict[str, OrderedDict[Key, Any]] = {}
        self._wanted: dict[tuple[str, Key], Key] = {}  # (visitor, slot) → what was asked for there last
        self._stopped: set[tuple[str, Key]] = set()  # (visitor, what this visitor cancelled)
        self._usual: dict[str, dict[str, float]] = {}

    def ask(self, key: Key, work: Work, *, who: str, slot: Key = (), patience: float | None = None) -> Any:
        """(key, work, visitor) → the result. Raises Waiting when it is not there after `patience` seconds.

        In one `slot` a visitor waits for one thing: asking there for another means that the one before is no longer
        wanted, as when a rule is changed again before the records were compared.
        """
        with self._changed:
            if slot:
                before = self._wanted.get((who, slot))
                self._wanted[(who, slot)] = key
                if before is not None and before != key:
                    self._leave(before, who)
                    self._stopped.discard((who, before))
            kept = self._results.get(key[0], OrderedDict())
            if key in kept:
                kept.move_to_end(key)
                return kept[key]
            if (who, key) in self._stopped:
                raise Waiting([self._stub(key, work)])
            job = self._jobs.get(key)
            if job is None or job.unwanted:
                job = self._jobs[key] = Job(key, work, self._usual.get(key[0]) or USUAL.get(key[0], {}))
                self._queue.append(job)
            job.waiters.add(who)
            self._hire()
            self._changed.notify_all()
        job.ended.wait(PATIENCE if patience is None else patience)
        if job.state == "done":
            return job.result
        raise Waiting([job])

    def known(self, key: Key) -> Any:
        """A key → its result when it is kept, else None."""
        with self._changed:
            return self._results.get(key[0], {}).get(key)

    def keep(self, key: Key, result: Any) -> None:
        """Keep a result that other work found out on its way."""
        with self._changed:
            self._keep(key, result)

    def cancel(self, key: Key, who: str) -> None:
        """This visitor no longer waits; the work stops when nobody else does. It begins again only by `again`."""
        with self._changed:
            self._stopped.add((who, key))
            self._leave(key, who)

    def again(self, key: Key, who: str) -> None:
        """What this visitor cancelled, or what failed, may begin anew when it is next asked for."""
        with self._changed:
            self._stopped.discard((who, key))
            if key in self._jobs and self._jobs[key].state == "failed":
                del self._jobs[key]
        self.drop(key)

    def drop(self, key: Key) -> None:
        """Forget a result: what it says is no longer so."""
        with self._changed:
            self._results.get(key[0], OrderedDict()).pop(key, None)

    def under_way(self, key: Key) -> bool:
        """→ whether that is being done for anybody."""
        with self._changed:
            return key in self._jobs and self._jobs[key].state in ("waiting", "running")

    def of(self, who: str) -> list[Job]:
        """→ the jobs under way for which this visitor waits, the oldest first."""
        with self._changed:
            return [j for j in self._jobs.values() if who in j.waiters and j.state in ("waiting", "running")]

    def stopped(self, key: Key, who: str) -> bool:
        """→ whether this visitor cancelled that."""
        return (who, key) in self._stopped

    # With the lock held ----------------------------------------------------------------------------------------------

    def _stub(self, key: Key, work: Work) -> Job:
        job = Job(key, work, {})
        job.state = "cancelled"
        return job

    def _leave(self, key: Key, who: str) -> None:
        job = self._jobs.get(key)
        if job is None:
            return
        job.waiters.discard(who)
        if not job.waiters and job.state in ("waiting", "running"):
            job.unwanted = True
            del self._jobs[key]
            if job in self._queue:
                self._queue.remove(job)
                job.state = "cancelled"
                job.ended.set()

    def _keep(self, key: Key, result: Any) -> None:
        kept = self._results.setdefault(key[0], OrderedDict())
        kept[key] = result
        kept.move_to_end(key)
        while len(kept) > KEPT.get(key[0], KEPT_OTHERWISE):
            kept.popitem(last=False)

    def _hire(self) -> None:
        if self._threads < self._at_once and len(self._running) + len(self._queue) > self._threads:
            self._threads += 1
            # Daemons: a server that is told to stop does not wait for them.
            threading.Thread(target=self._serve, name=f"job-{self._threads}", daemon=True).start()

    def _next(self) -> Job | None:
        """→ the job whose visitor has the fewest running, the oldest first; none while each has enough."""

        def busy(job: Job) -> int:
            return max((sum(who in other.waiters for other in self._running) for who in job.waiters), default=0)

        best = min(self._queue, key=busy, default=None)
        return None if best is None or busy(best) >= self._each else best

    # ------------------------------------------------------------------------------------------------------------------

    def _serve(self) -> None:
        while True:
            with self._changed:
                while (job := self._next()) is None:
                    self._changed.wait()
                self._queue.remove(job)
                self._running.append(job)
                job.state, job.started = "running", time.monotonic()
            state = self._do(job)
            with self._changed:
                self._running.remove(job)
                self._end(job, state)
                self._changed.notify_all()
            job.ended.set()
            del job  # its result may be large, and the next one may be long in coming

    def _do(self, job: Job) -> str:
        try:
            job.result = job.work(job.progress)
        except Cancelled:
            return "cancelled"
        except WinnowError as error:
            job.error = error
            return "failed"
        except Exception as error:  # its message may quote CRM values: only where it happened is logged
            _log.error("unexpected %s\n%s", type(error).__name__, "".join(traceback.format_tb(error.__traceback__)))
            return "failed"
        return "done"

    def _end(self, job: Job, state: str) -> None:
        job.state = state
        if state == "done":
            if len(job.entered) > 1:
                self._usual[job.key[0]] = job.took()
            self._keep(job.key, job.result)
        if self._jobs.get(job.key) is job and state != "failed":
            del self._jobs[job.key]
