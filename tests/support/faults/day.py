"""A day of polls and loads under the faults of its plan, and what must hold at its end.

A poll or a load that fails is run again, as its schedule would run it. Everything that a caller was told was taken is
in raw; the tables are those of an undisturbed run of the same polls; each disruption was told; every error was one
line; nothing is left running.
"""

import random
import resource
import subprocess
import tempfile
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError

from aviation import places, replay
from aviation.errors import AviationError, one_line
from aviation.jobs.start import run_producer
from aviation.local.processes import Process
from aviation.times import utc_text
from support import traces
from support.faults import kills, plan, raw, tables
from support.faults.place import Place
from support.faults.plan import Plan, Step
from support.faults.windows import Faults, Window

FILTERS = {"flights": {"dep_iata": "JFK"}, "cities": {"search": "New"}}
BUDGET = {"limit": 100, "max_calls": 40, "deadline_seconds": 20}
TRIES = 10
"""As often a step is run before it counts as one that never ends well."""
FILE_BYTES = (2 << 10, 16 << 10, 64 << 10)
"""How large a file can get on a disk that is full."""
BAD_LINES = b'{"entity": "flights", "record": {}}\nno json\n\x00\xff\n'
WARM_SECONDS = 60
NO_ROWS: tables.Tables = {table.name: Counter() for table in tables.COMPARED}


@dataclass
class Outcome:
    """What came of a day: faults by kind, of the runs that met a kind how many ended well (`well`), failed in one line
    (`failed`) or were killed (`killed`); in what the tables differ; what else does not hold (`problems`)."""

    seed: int
    day: str
    faults: Counter[str] = field(default_factory=Counter)
    well: Counter[str] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)
    killed: Counter[str] = field(default_factory=Counter)
    acknowledged: int = 0
    difference: tables.Difference = field(default_factory=tables.Difference)
    problems: list[str] = field(default_factory=list)
    rows: tables.Tables = field(default_factory=dict)
    told: Counter[str] = field(default_factory=Counter)

    @property
    def holds(self) -> bool:
        """Whether all that must hold does."""
        return not self.problems and self.difference == tables.Difference()


class Day:
    """One run of a plan, in a folder; `say` is given a line of progress."""

    def __init__(self, wanted: Plan, folder: Path, key: str, say: Callable[[str], None] = print):
        self.plan, self.say = wanted, say
        self.rng = random.Random(wanted.seed)
        self.faults = Faults(strike=self.strike)
        self.place = Place(folder, self.faults, key)
        self.outcome = Outcome(wanted.seed, wanted.day)
        self.handed: set[str] = set()
        self.struck = threading.Event()

    def run(self, expected: Outcome | None = None) -> Outcome:
        """Run it, and hold it against the undisturbed day, if one is given."""
        with self.place.running(self.plan.day):
            try:
                self.steps()
            except Exception as error:  # the days after this one are run all the same
                self.outcome.problems.append(f"the day ended with {type(error).__name__}: {error}")
        self.outcome.faults += self.faults.hits
        if expected:
            self.outcome.difference = tables.difference(expected.rows, self.outcome.rows or NO_ROWS)
            self.check_alerts(expected)
        self.check_leftovers()
        return self.outcome

    def steps(self) -> None:
        """Run every step, and look at what is there while the stack is up."""
        self.place.replace({}, {f"flights/{datetime.now(UTC):%Y/%m/%d/%H}/bad": BAD_LINES})
        for step in self.plan.steps:
            self.step(step)
        # As the next interval's: alerts that a fault kept back go out after it.
        self.step(Step(None))
        self.outcome.rows, self.outcome.told = tables.read(), self.faults.told
        self.check_raw()
        self.check_key()

    def step(self, step: Step) -> None:
        """Run a step until it ends well."""
        limits = [what for what in step.before if self.prepare(what)]
        self.faults.open(step.windows)
        for _ in range(TRIES):
            before = self.faults.hits.copy()
            self.struck.clear()
            error = self.poll(step) if step.entity else self.load(limits.pop(0) if limits else "")
            met = (self.faults.hits - before).keys()
            if error is None:
                self.outcome.well.update(met)
                return
            (self.outcome.killed if self.struck.is_set() else self.outcome.failed).update(met)
            self.say(f"  {step.words}: {'killed' if self.struck.is_set() else error[-200:]}")
            self.place.mend()
        self.outcome.problems.append(f"{step.words}: failed {TRIES} times, at last with {error}")

    def prepare(self, what: str) -> bool:
        """Do what comes before a step; whether it is for the step's first run."""
        if what in raw.WAYS:
            self.hand_over_again(what)
        elif what == plan.CLOCK:
            turned = self.rng.uniform(-20, 20)
            replay.set_clock(
                self.place.direct["AVIATIONSTACK_BASE_URL"],
                replay.default_clock(self.plan.day) + timedelta(hours=turned),
            )
            self.outcome.faults[what] += 1
            self.outcome.well[what] += 1
        else:
            return True
        return False

    def hand_over_again(self, way: str) -> None:
        """Hand the raw objects over that came since the last time, in such a way."""
        found = self.place.objects(places.place("RawBucket"), "flights/")
        new = {key: content for key, content in found.items() if key not in self.handed}
        if new:
            turned = raw.WAYS[way](self.rng, new)
            self.place.replace(new, turned)
            self.outcome.faults[way] += len(turned)
            self.outcome.well[way] += 1

    def poll(self, step: Step) -> str | None:
        """Poll as of the step's hour; the error, if any."""
        when = datetime.fromisoformat(f"{self.plan.day}T00:00:00+00:00") + timedelta(hours=step.hour)
        given = {"watch": {}, "filters": FILTERS[step.entity or ""], "instant": utc_text(when), **BUDGET}
        try:
            run_producer(step.entity or "", given)
        except (AviationError, BotoCoreError, ClientError) as error:
            return self.one_line(step.words, one_line(error))
        return None

    def load(self, limit: str) -> str | None:
        """Load, within the limit if there is one; the error, if any. What was loaded is not handed over again."""
        self.handed |= self.place.objects(places.place("RawBucket"), "flights/").keys()
        if limit == plan.WRITERS:
            return self.two_loads()
        if limit in plan.LOCAL:
            return self.limited_load(limit)
        self.wait_until_warm()
        return self.ended(self.place.run("load", environment=self.place.through))

    def limited_load(self, limit: str) -> str | None:
        """A load with a full disk, or with a file where it wants a folder."""
        self.place.driver.stop()
        runs = self.place.home / "runs"
        if limit == "disk full":
            most = self.rng.choice(FILE_BYTES)
            limited = {"preexec_fn": lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))}
        else:
            limited, kept = {}, runs.with_name("runs-kept")
            if runs.is_dir():
                runs.rename(kept)
            runs.write_text("no folder")
        try:
            error = self.ended(self.place.run("load", environment=self.place.through, **limited))
        finally:
            if limit != "disk full":
                runs.unlink(missing_ok=True)
                if kept.is_dir():
                    kept.rename(runs)
            self.place.driver.start()
        self.outcome.faults[limit] += error is not None
        self.outcome.failed[limit] += error is not None
        return error

    def two_loads(self) -> str | None:
        """Two loads at once, each with a state folder of its own, so that neither waits for the other."""
        other = self.place.through | {"AVIATION_HOME": str(self.place.home.with_name("other"))}
        errors: list[str | None] = []
        beside = threading.Thread(target=lambda: errors.append(self.ended(self.place.run("load", environment=other))))
        Path(other["AVIATION_HOME"]).mkdir(exist_ok=True)
        beside.start()
        errors.append(self.ended(self.place.run("load", environment=self.place.through)))
        beside.join()
        failed = [error for error in errors if error]
        self.outcome.faults[plan.WRITERS] += 1
        self.outcome.well[plan.WRITERS] += not failed
        self.outcome.failed[plan.WRITERS] += bool(failed)
        return failed[0] if failed else None

    def wait_until_warm(self) -> None:
        """As a load of a schedule, whose driver has had its time."""
        driver, waited = self.place.driver, threading.Event()
        for _ in range(WARM_SECONDS * 5):
            if driver.waiting.exists() or not driver.process.running():
                return
            waited.wait(0.2)

    def ended(self, done: "subprocess.CompletedProcess[str]") -> str | None:
        """How a command ended: None if well, else its line; what is wrong with that is a problem."""
        if done.returncode == 0:
            if "Traceback" in done.stderr:
                self.outcome.problems.append(f"a traceback of a load that went well: {done.stderr[-2000:]}")
            return None
        lines = [line for line in done.stderr.splitlines() if line.startswith("aviation: ")]
        if done.returncode > 0 and len(lines) != 1 and not self.struck.is_set():
            self.outcome.problems.append(f"a load ended with {done.returncode} and {len(lines)} lines of error")
        return self.one_line("load", lines[0] if lines else done.stderr[-2000:])

    def one_line(self, what: str, error: str) -> str:
        """The error, which is a problem where it is not one clear line."""
        if ("Traceback" in error or "\n" in error.strip()) and not self.struck.is_set():
            self.outcome.problems.append(f"{what}: the error is not one line: {error[:2000]}")
        return error

    def strike(self, window: Window) -> None:
        """Kill what the window names."""
        home, load = self.place.home, self.place.load
        victims = {
            "kill the function": lambda: kills.functions(home),
            "kill the replay": lambda: kills.tree(Process(home, "replay").running()),
            "kill the load": lambda: kills.tree(load),
            "kill Spark": lambda: kills.jvms(home, load),
            plan.EMULATOR: lambda: kills.tree(Process(home, "ministack").running()),
        }[window.name]()
        if window.name != "kill Spark":  # a load that has lost it says so
            self.struck.set()
        if not kills.kill(victims):
            self.outcome.problems.append(f"{window.name}: there was nothing to kill")

    def check_raw(self) -> None:
        """What was acknowledged is in raw."""
        bucket = places.place("RawBucket")
        lines = {
            line
            for entity in FILTERS
            for content in self.place.objects(bucket, f"{entity}/").values()
            for line in content.splitlines()
        }
        self.outcome.acknowledged = len(self.faults.acknowledged)
        if missing := self.faults.acknowledged - lines:
            self.outcome.problems.append(f"{len(missing)} lines that the stream acknowledged are not in raw")

    def check_key(self) -> None:
        """The API's key is where it must be (the emulator's secrets, the replay's environment), and nowhere else."""
        home = self.place.home
        replays = {process.pid for process in kills.tree(Process(home, "replay").running())}
        found = traces.in_files(self.place.key, [home.parent], but=[home / "ministack/state"])
        found += traces.in_processes(self.place.key, traces.of_stack(home.parent) - replays)
        if found:
            self.outcome.problems.append(f"the API's key is in {found[:5]}")

    def check_alerts(self, expected: Outcome) -> None:
        """Each disruption of the undisturbed day was told, and nothing more than a batch twice for each run cut off."""
        if untold := expected.told.keys() - self.outcome.told.keys():
            self.outcome.problems.append(f"{len(untold)} disruptions were never told, of {len(expected.told)}")
        cut_off = sum(self.faults.hits[name] for name in self.faults.hits if name.startswith(("sns", "s3", "kill")))
        if (again := self.outcome.told.total() - len(self.outcome.told)) > 10 * cut_off:
            self.outcome.problems.append(
                f"{again} alerts were told again, after {cut_off} faults that can cut a run off"
            )

    def check_leftovers(self) -> None:
        """Nothing of the stack is left running, and no scratch is left."""
        if left := kills.alive(traces.of_stack(self.place.home.parent)):
            self.outcome.problems.append(f"left running: {[kills.words(process) for process in left]}")
            kills.kill(left)
        if scratch := sorted(path.name for path in self.place.scratch.iterdir()):
            self.outcome.problems.append(f"left behind in the folder for temporary files: {scratch[:5]}")


def folder_of(seed: int) -> Path:
    """A new folder for the day of a seed; the caller removes it."""
    return Path(tempfile.mkdtemp(prefix=f"aviation-faults-{seed}-"))
