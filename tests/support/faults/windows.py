"""Windows of faults: after so many requests to a service, so large a share of the next ones meets a fault."""

import random
import threading
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

KINDS = ("throttle", "error", "reset", "lost", "headers", "body", "half")
"""What can happen to a request. Throttle and error are refusals, reset is a connection cut before the request was
carried out, lost one cut after it, headers and body drip in slowly, half of an answer comes and no more."""
REFUSED_RECORDS = "records"
"""To PutRecords alone: it succeeds, and no record was taken."""
STRIKE = "strike"
"""The request goes through; what the window's holder does meanwhile is its own matter, a kill for one."""


@dataclass
class Window:
    """After `after` requests that it could hit, each of the next meets a `kind` of fault with the probability `rate`,
    until `most` have. `name` is what is counted."""

    service: str
    kind: str
    rate: float
    after: int
    most: int
    seed: int
    name: str = ""
    hits: int = 0
    passed: int = 0

    def __post_init__(self) -> None:
        self.name = self.name or f"{self.service} {self.kind}"
        self.rng = random.Random(self.seed)

    def takes(self, request: "Asked") -> bool:
        """Whether this request meets the fault."""
        if request.service != self.service or self.hits >= self.most:
            return False
        if self.kind == REFUSED_RECORDS and request.operation != "PutRecords":
            return False
        if self.kind in ("lost", STRIKE) and not request.changes:
            return False
        self.passed += 1
        if self.passed <= self.after or self.rng.random() >= self.rate:
            return False
        self.hits += 1
        return True


@dataclass(frozen=True)
class Asked:
    """What a request asks for; `changes` is whether it may change anything (a call of the API does: it is paid)."""

    service: str
    operation: str
    changes: bool


@dataclass
class Faults:
    """The open windows, and what met them: `hits` by name, the lines that Kinesis acknowledged to a caller, and how
    often SNS took each message (by its id). `strike` is called with a window of the kind STRIKE."""

    strike: Callable[[Window], None] = lambda window: None
    windows: list[Window] = field(default_factory=list)
    hits: Counter[str] = field(default_factory=Counter)
    acknowledged: set[bytes] = field(default_factory=set)
    told: Counter[str] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def open(self, windows: Iterable[Window]) -> None:
        """These windows in place of those before."""
        with self.lock:
            self.windows = list(windows)

    def take(self, request: Asked) -> Window | None:
        """The window that a request meets, counted; None where it goes through."""
        with self.lock:
            for window in self.windows:
                if window.takes(request):
                    self.hits[window.name] += 1
                    return window
        return None
