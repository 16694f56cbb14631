"""What `up` remembers in `<home>/stack.json`, and the environment that follows from it."""

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from aviation import home, replay
from aviation.errors import ParameterError, StackError
from aviation.local import spark
from aviation.local.access import access_key
from aviation.poll.client import check_base_url
from aviation.poll.plans import PLANS

STACK = "aviation"
REGION = "us-east-1"


def damaged(file: Path) -> StackError:
    """The error where a file of the stack's state cannot be read."""
    return StackError(
        f"{file} is damaged: put a copy of it back, or delete all data of the stack with 'aviation up --purge'"
    )


@dataclass(frozen=True)
class State:
    """Ports on loopback, the replayed day (ISO), and the URL of the flight API if that is not the replay, with the plan
    of its key."""

    emulator_port: int | None = None
    replay_port: int | None = None
    board_port: int | None = None
    day: str = replay.DEFAULT_DAY
    api_url: str | None = None
    plan: str | None = None

    @classmethod
    def read(cls, file: Path) -> "State":
        """As the last `up` wrote it to `file`; the defaults if it holds anything else."""
        try:
            return cls.of(file)
        except StackError:
            return cls()

    @classmethod
    def of(cls, file: Path) -> "State":
        """As the last `up` wrote it to `file`; the defaults if there is none. StackError where it is damaged: which API
        the stack polled is then unknown, and the flights of two would mix."""
        try:
            state = cls(**json.loads(file.read_text()))
            replay.check_day(state.day)
        except FileNotFoundError:
            return cls()
        except (OSError, ValueError, TypeError, RecursionError, ParameterError):
            raise damaged(file) from None
        return state

    def polling(self, day: str | None, api_url: str | None, plan: str | None) -> "State":
        """What follows where `up` is given these: a stack that polls an API goes on with it. ParameterError or ApiError
        where it cannot be: the replay's flights would mix with real ones."""
        if day and self.api_url and not api_url:
            raise ParameterError(
                f"this stack has the flights of {self.api_url}, with which those of the replay would mix: "
                f"'aviation up --day {day} --purge' deletes them first"
            )
        polled = State(day=replay.check_day(day or self.day), api_url=self.api_url, plan=self.plan)
        if not api_url:
            return polled
        # Every plan answers as many records a call as the smallest one.
        plan = plan or min(PLANS.values(), key=lambda plan: plan.limit).name
        return replace(polled, api_url=check_base_url(api_url), plan=plan)

    def write(self, file: Path) -> None:
        """Remember it in `file`."""
        home.write(file, json.dumps(asdict(self), indent=2) + "\n")

    @property
    def endpoint(self) -> str:
        """Where the emulator of AWS answers."""
        return f"http://127.0.0.1:{self.emulator_port}"

    @property
    def replay_url(self) -> str:
        """The base URL of the replay's API."""
        return f"http://127.0.0.1:{self.replay_port}/v1"

    def environment(self, folder: Path) -> dict[str, str]:
        """The environment in which any tool reaches the stack whose state folder is `folder`, its access key included:
        made, if it has none."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_REGION": REGION,
            **access_key(folder).environment,
            "AVIATION_STACK": STACK,
            "AVIATION_HOME": str(folder.resolve()),
            "AVIATION_LOCAL": "1",
            "AVIATIONSTACK_BASE_URL": self.api_url or self.replay_url,
            **home.without_proxy(),
            **spark.environment(folder / "spark"),
        }
