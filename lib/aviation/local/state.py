"""What `up` remembers in `<home>/stack.json`, and the environment that follows from it."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from aviation import home, replay
from aviation.errors import ParameterError
from aviation.local import spark
from aviation.local.access import access_key

STACK = "aviation"
REGION = "us-east-1"


@dataclass(frozen=True)
class State:
    """Ports on loopback, the replayed day (ISO), and the URL of the flight API if that is not the replay."""

    emulator_port: int | None = None
    replay_port: int | None = None
    board_port: int | None = None
    day: str = replay.DEFAULT_DAY
    api_url: str | None = None

    @classmethod
    def read(cls, file: Path) -> "State":
        """As the last `up` wrote it to `file`; the defaults if it holds anything else."""
        try:
            state = cls(**json.loads(file.read_text()))
            replay.check_day(state.day)
        except (OSError, ValueError, TypeError, ParameterError):
            return cls()
        return state

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
