"""The local stack: MiniStack for AWS, the replay for the flight API, the template deployed into them.

Its state is one folder (`aviation.home.home()`): `stack.json` remembers ports and day, `env` is what any tool needs to
reach the stack, `<name>.pid` and `logs/` belong to the processes, `ministack/` is the emulator's own.
"""

import json
import logging
import os
import secrets
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from aviation import api_key, home, replay
from aviation.deploy.stack import deploy
from aviation.deploy.template import read_parameters
from aviation.errors import AccessKeyError, StackError
from aviation.local import schedules, spark
from aviation.local.load import configure_spark
from aviation.local.processes import Process, answers, choose_port, plain_environment
from aviation.poll.client import check_base_url
from aviation.replay.records import over

logger = logging.getLogger(__name__)

DEFAULT_DAY = "2013-07-10"
STACK = "aviation"
REGION = "us-east-1"
EMULATOR = Path(".aviation/emulator/bin/ministack")


@dataclass
class State:
    """What `up` remembers: ports on loopback, the replayed day (ISO), the flight API where it is not the replay."""

    emulator_port: int | None = None
    replay_port: int | None = None
    day: str = DEFAULT_DAY
    api_url: str | None = None

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.emulator_port}"

    @property
    def replay_url(self) -> str:
        return f"http://127.0.0.1:{self.replay_port}/v1"


class LocalStack:
    """The stack of one state folder and one checkout (`root`)."""

    def __init__(self, root: Path, folder: Path | None = None):
        self.root = root
        self.home = folder or home.home()
        self.emulator = Process(self.home, "ministack")
        self.replay = Process(self.home, "replay")
        self.schedules = Process(self.home, "schedules")
        self.state_file = self.home / "stack.json"

    def up(
        self,
        *,
        day: str | None = None,
        api_url: str | None = None,
        port: int | None = None,
        replay_port: int | None = None,
        schedule: bool = False,
        every: int | None = None,
    ) -> dict[str, str]:
        """Start what is not running, deploy, put the API's key; the environment that reaches the stack.

        With `schedule` the deployed schedules run, flights every `every` minutes (else as the template says), and the
        replay's clock goes on by half an hour from poll to poll.
        """
        given_key = os.environ.get(api_key.VARIABLE)
        if api_url:
            check_base_url(api_url)
            if not given_key:
                raise AccessKeyError(f"{api_url} needs a key: set AVIATIONSTACK_ACCESS_KEY and run 'aviation up' again")
        state = self.read_state()
        state.day, state.api_url = (day or state.day), api_url
        self._start_emulator(state, port)
        if not (self.replay.running() and replay_port in (None, state.replay_port)):
            self.replay.stop()
            state.replay_port = choose_port(replay_port, state.replay_port, "--replay-port")
        self._write_state(state)
        environment = self._environment(state)
        home.use_environment(environment)
        parameters = read_parameters(self.root / "parameters/deploy/local.yaml", self.root)
        parameters["ApiBaseUrl"] = api_url or state.replay_url
        if schedule or every:
            parameters |= schedules.template_parameters(every)
        outputs = deploy(STACK, parameters, root=self.root)
        self._provide_api(state, given_key, outputs)
        configure_spark()
        home.write(self.home / home.ENVIRONMENT, "".join(f"{name}={value}\n" for name, value in environment.items()))
        self._drive(state, every or schedules.EVERY_DEFAULT if schedule or every else None)
        return environment

    def down(self, *, purge: bool = False) -> bool:
        """Stop it; `purge` also forgets its data. Whether anything was running."""
        stopped = [process.stop() for process in (self.schedules, self.replay, self.emulator)]
        (self.home / home.ENVIRONMENT).unlink(missing_ok=True)
        if purge:
            for name in ("ministack", "logs", "runs", "spark", "tmp"):
                shutil.rmtree(self.home / name, ignore_errors=True)
            for file in (self.state_file, self.home / "alerts.jsonl"):
                file.unlink(missing_ok=True)
        return any(stopped)

    def clock(self, when: datetime | None = None) -> datetime:
        """The replay's clock, set to `when` (aware) first where that is given."""
        state = self.read_state()
        if not self.replay.running():
            raise StackError("the replay is not running: start it with 'aviation up'")
        if when:
            replay.set_clock(state.replay_url, when)
        return datetime.fromisoformat(replay.state(state.replay_url)["clock"])

    @contextmanager
    def past_days(self) -> Iterator[Callable[[str], None]]:
        """Gives what turns the replay's clock past the last arrival of a day (ISO); at the end it is turned back."""
        if self.read_state().api_url:
            yield lambda day: None
            return
        before = self.clock()
        try:
            yield lambda day: self.clock(over(day)) and None
        finally:
            self.clock(before)

    def read_state(self) -> State:
        """What the last `up` remembered."""
        try:
            return State(**json.loads(self.state_file.read_text()))
        except (OSError, ValueError, TypeError):
            return State()

    def _start_emulator(self, state: State, port: int | None) -> None:
        health = "{}/_ministack/health"
        wanted = port in (None, state.emulator_port)
        if wanted and self.emulator.running() and answers(health.format(state.endpoint)):
            return
        self.emulator.stop()
        program = self.root / EMULATOR
        if not program.is_file():
            raise StackError(f"the emulator is not installed at {program}: run 'make setup'")
        state.emulator_port = choose_port(port, state.emulator_port, "--port")
        data = self.home / "ministack"
        (data / "tmp").mkdir(parents=True, exist_ok=True)
        data.chmod(0o700)  # the emulator keeps the API's key there, in a file that anyone could read
        # By default MiniStack listens on every interface, and its Lambdas inherit what it was started with.
        environment = plain_environment(
            HOME=str(data / "tmp"),
            TMPDIR=str(data / "tmp"),
            BIND_HOST="127.0.0.1",
            IOT_MTLS_ENABLED="0",
            GATEWAY_PORT=str(state.emulator_port),
            S3_PERSIST="1",
            S3_DATA_DIR=str(data / "s3"),
            PERSIST_STATE="1",
            STATE_DIR=str(data / "state"),
            MINISTACK_REGION=REGION,
            LOG_LEVEL="WARNING",
        )
        logger.info("up: starting the AWS emulator at %s", state.endpoint)
        self.emulator.start([str(program)], environment, health.format(state.endpoint))

    def _provide_api(self, state: State, given_key: str | None, outputs: dict[str, str]) -> None:
        """Put the key, and have the replay answer to it. Only the secret and the replay's environment hold it."""
        stored = api_key.read(outputs["ApiKeySecret"])
        key = given_key or stored or secrets.token_hex(16)
        api_key.put(outputs["ApiKeySecret"], key)
        if state.api_url:
            self.replay.stop()
            return
        clock = None
        if self.replay.running():
            now = replay.state(state.replay_url)
            if now["day"] == state.day and key == stored:
                return
            clock = datetime.fromisoformat(now["clock"]) if now["day"] == state.day else None
            self.replay.stop()
        logger.info("up: starting the replay of %s at %s", state.day, state.replay_url)
        command = [
            sys.executable,
            "-m",
            "aviation.replay",
            "--day",
            state.day,
            "--port",
            str(state.replay_port),
        ]
        environment = plain_environment(AVIATIONSTACK_ACCESS_KEY=key, HOME=str(self.home))
        self.replay.start(command, environment, f"http://127.0.0.1:{state.replay_port}/_replay")
        if clock:
            replay.set_clock(state.replay_url, clock)

    def _drive(self, state: State, every: int | None) -> None:
        """Let the schedules run every so many minutes, or (None) nothing run by itself."""
        self.schedules.stop()
        if not state.api_url:
            # A day that is over would be the same at each poll: it begins anew.
            over = replay.default_clock(state.day) <= datetime.fromisoformat(replay.state(state.replay_url)["clock"])
            turned = {"clock": f"{replay.first_poll(state.day):%Y-%m-%dT%H:%M:%SZ}"} if every and over else {}
            replay.control(state.replay_url, rate=schedules.EVERY_DEFAULT / every if every else 0, **turned)
        if not every:
            return
        environment = plain_environment(HOME=str(self.home), **self._environment(state))
        self.schedules.start([sys.executable, "-m", "aviation.local.schedules"], environment, None)
        logger.info(
            "up: flights are polled and loaded every %d minutes: see 'aviation status' and %s",
            every,
            self.schedules.log,
        )

    def _environment(self, state: State) -> dict[str, str]:
        return {
            "AWS_ENDPOINT_URL": state.endpoint,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_REGION": REGION,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AVIATION_STACK": STACK,
            "AVIATION_HOME": str(self.home.resolve()),
            "AVIATION_LOCAL": "1",
            "AVIATIONSTACK_BASE_URL": state.api_url or state.replay_url,
        } | spark.environment(self.home / "spark")

    def _write_state(self, state: State) -> None:
        home.write(self.state_file, json.dumps(asdict(state), indent=2) + "\n")
