"""The local stack: MiniStack for AWS, the replay for the flight API, and the template deployed into them.

Its state is one folder (`aviation.home.home()`): `stack.json` holds the ports and the day, `env` is what any tool needs
to reach the stack, `<name>.pid` and `logs/` belong to the processes, `ministack/` to the emulator.
"""

import logging
import secrets
import shutil
import sys
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import requests

from aviation import home, replay
from aviation.deploy.stack import deploy, stored_key
from aviation.errors import StackError
from aviation.local import access, emulator, forecast, schedules
from aviation.local.board import PORT, BoardProcess
from aviation.local.driver import WarmDriver
from aviation.local.load import configure_spark
from aviation.local.plan import Plan, needs_key, polled
from aviation.local.ports import Listener, choose
from aviation.local.processes import Process, plain_environment, stop
from aviation.local.state import STACK, State
from aviation.replay import records
from aviation.times import utc_text

logger = logging.getLogger(__name__)


class LocalStack:
    """The stack of one state folder and one checkout (`root`)."""

    def __init__(self, root: Path, folder: Path | None = None) -> None:
        self.root = root
        self.home = folder or home.home()
        self.emulator = Process(self.home, "ministack")
        self.replay = Process(self.home, "replay")
        self.schedules = Process(self.home, "schedules")
        self.driver = WarmDriver(self.home)
        self.board = BoardProcess(self.home)
        self.state_file = self.home / "stack.json"

    def up(
        self,
        *,
        day: str | None = None,
        api_url: str | None = None,
        plan: str | None = None,
        port: int | None = None,
        replay_port: int | None = None,
        board_port: int | None = None,
        schedule: bool = False,
        every: int | None = None,
        purge: bool = False,
    ) -> dict[str, str]:
        """Start what is not running, deploy, store the API's key; returns the environment that reaches the stack.

        `plan` is that of the key for the API at `api_url` (basic, if it is not given). With `schedule` or `every` the
        deployed schedules run, flights every `every` minutes (else as in the template), and the replay's clock advances
        half an hour from poll to poll. With `purge` all data of the last stack is deleted first. Impossible options are
        refused (ParameterError, ApiError, StackError) before anything is stopped or deleted.
        """
        minutes = every or (schedules.EVERY_DEFAULT if schedule else None)
        parameters = schedules.template_parameters(every) if minutes else {}
        api = polled(State() if purge else State.of(self.state_file), day, api_url, plan)
        ports = port, replay_port, board_port
        intended = self._plan(api, ports, parameters, minutes)
        if purge:
            self.down(purge=True)
            intended = self._plan(api, ports, parameters, minutes)
        self.board.tell_port(board_port, intended.state)
        home.use_environment(intended.environment)
        self._start_emulator(intended.state)
        stored = stored_key(STACK)
        if intended.state.api_url and not (intended.key or stored):
            raise needs_key(intended.state.api_url)
        key = intended.key or stored or secrets.token_hex(16)
        deploy(STACK, intended.parameters, root=self.root, key=key)
        self._provide_api(intended, key, is_new=key != stored)
        self._remember(intended)
        self._drive(intended)
        return intended.environment

    def down(self, *, purge: bool = False) -> bool:
        """Stop it; `purge` also deletes its data. Returns whether anything was running."""
        self.driver.waiting.unlink(missing_ok=True)
        processes = (self.board.process, self.schedules, self.driver.process, self.replay, self.emulator)
        if running := [process.name for process in processes if process.running()]:
            logger.info("down: waiting for these to end: %s", ", ".join(running))
        stopped = stop(*processes)
        (self.home / home.ENVIRONMENT).unlink(missing_ok=True)
        if purge:
            for name in ("ministack", "logs", "runs", "spark", "tmp"):
                shutil.rmtree(self.home / name, ignore_errors=True)
            for file in (self.state_file, self.home / "alerts.jsonl"):
                file.unlink(missing_ok=True)
            access.forget(self.home)
        return stopped

    def clock(self, when: datetime | None = None) -> datetime:
        """The replay's clock, after setting it to `when` (aware) if that is given.

        ParameterError if `when` is outside the days that the replay has, StackError if the replay is not running.
        """
        state = self.read_state()
        if when:
            replay.check_clock(when)
        if not self.replay.running():
            raise StackError("the replay is not running: start it with 'aviation up'")
        if when:
            replay.set_clock(state.replay_url, when)
        return datetime.fromisoformat(replay.state(state.replay_url)["clock"])

    def past_instants(self, day: str, every: timedelta | None) -> list[str]:
        """As of when polls ask the replay about a day (ISO): at each of its instants, so far apart; without `every`,
        and for a day that it does not have, when every flight has ended, or as near as it can go: it then knows no
        flights. Empty text where the flight API is another."""
        if self.read_state().api_url:
            return [""]
        if every and (instants := records.instants(day, every)):
            return list(map(utc_text, instants))
        return [utc_text(min(max(records.over(day), replay.EARLIEST_CLOCK), replay.LATEST_CLOCK))]

    def read_state(self) -> State:
        """What the last `up` remembered."""
        return State.read(self.state_file)

    def _next_state(self, api: State, *ports: int | None) -> State:
        """What `up` will remember; `ports` are the emulator's, the replay's and the board's. ParameterError or
        StackError if it cannot be."""
        last = self.read_state()
        port, replay_port, board_port = ports
        emulator_port, replay_port, board_port = choose(
            Listener(self.emulator, "--port", port, last.emulator_port),
            Listener(self.replay, "--replay-port", replay_port, last.replay_port),
            Listener(self.board.process, "--board-port", board_port, last.board_port or PORT),
        )
        return replace(api, emulator_port=emulator_port, replay_port=replay_port, board_port=board_port)

    def _plan(self, api: State, ports: Iterable[int | None], parameters: dict[str, str], every: int | None) -> Plan:
        return Plan.of(self._next_state(api, *ports), parameters, every, root=self.root, folder=self.home)

    def _start_emulator(self, state: State) -> None:
        if emulator.is_up(self.emulator, state, self.home):
            return
        was_killed = self.emulator.pid_file.exists() and not self.emulator.running()
        emulator.start(self.emulator, state, root=self.root, folder=self.home)
        if was_killed:
            key = "the API's key" if stored_key(STACK) else "no API key"
            logger.info("up: the AWS emulator had been killed; it still has %s and %s", emulator.holds(self.home), key)
        # If what follows fails, the next `up` has to find the emulator.
        replace(self.read_state(), emulator_port=state.emulator_port).write(self.state_file)

    def _provide_api(self, plan: Plan, key: str, *, is_new: bool) -> None:
        """Have the replay ask for the key. Only the stack's secret and the replay's environment hold it."""
        state = plan.state
        if state.api_url:
            self.replay.stop()
            return
        running = self._running_replay()
        same_day = running is not None and running["day"] == state.day
        if same_day and not is_new and state.replay_port == self.read_state().replay_port:
            return
        self.replay.stop()
        logger.info("up: starting the replay of %s at %s", state.day, state.replay_url)
        command = [sys.executable, "-m", "aviation.replay", "--day", state.day, "--port", str(state.replay_port)]
        environment = plain_environment(AVIATIONSTACK_ACCESS_KEY=key, HOME=str(self.home))
        self.replay.start(command, environment, f"http://127.0.0.1:{state.replay_port}/_replay")
        if running and same_day:
            replay.control(state.replay_url, clock=running["clock"])

    def _remember(self, plan: Plan) -> None:
        """Write what reaches the stack: for the next `up`, for Spark and for any other tool."""
        plan.state.write(self.state_file)
        configure_spark()
        dotenv = "".join(f"{name}={value}\n" for name, value in plan.environment.items())
        home.write(self.home / home.ENVIRONMENT, dotenv, private=True)

    def _running_replay(self) -> dict[str, Any] | None:
        """The state of the replay that runs now; None if none does, or does not answer where it was last."""
        if not self.replay.running():
            return None
        try:
            return replay.state(self.read_state().replay_url)
        except requests.RequestException:
            return None

    def _drive(self, plan: Plan) -> None:
        """Let the deployed schedules run as planned, each load with a warm driver, or nothing run by itself."""
        if self.schedules.stop() and not plan.every:
            logger.info("up: the schedules are stopped: 'aviation up --schedule' starts them again")
        state, every = plan.state, plan.every
        if not state.api_url:
            forecast.provide()
            # A day that is over would look the same at each poll: it starts again.
            is_over = replay.default_clock(state.day) <= self.clock()
            restart = {"clock": utc_text(replay.first_poll(state.day))} if every and is_over else {}
            # Polls that go on for days meet the days after this one.
            days = replay.LAST_DAY if every else state.day
            rate = schedules.EVERY_DEFAULT / every if every else 0
            replay.control(state.replay_url, rate=rate, last_day=days, **restart)
        if not every:
            if self.driver.waiting.exists() or not self.driver.process.running():
                self.driver.stop()
            return
        environment = plain_environment(HOME=str(self.home), **plan.environment)
        self.schedules.start([sys.executable, "-m", "aviation.local.schedules"], environment, None)
        logger.info(
            "up: flights are polled and loaded every %d minutes: see 'aviation status' and %s",
            every,
            self.schedules.log,
        )
        if not self.driver.process.running():  # one that runs may be serving a load
            self.driver.start()
