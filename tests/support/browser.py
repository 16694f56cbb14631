"""Headless Chromium, driven over its own protocol (CDP): what a page did, not only how it looks."""

import os
import shutil
import subprocess
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from json import dumps, loads
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
import websocket

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = (
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", "--remote-debugging-port=0", "--remote-allow-origins=*"),
)
QUIET_SECONDS = 0.3
MOST_EVENTS = 5000
"""A page in which nothing has happened for so long has settled."""


class Trap:
    """A server on loopback that counts what is asked of it."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        asked = self.asked

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                asked.append(self.path)
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


class Browser:
    """One tab. `requests` are the URLs that the page asked for beside its own file and data, but for those that its
    policy held back; `dialogs` what it had Chromium say to the person."""

    def __init__(self, profile: Path) -> None:
        self.numbers = count(1)
        command = [str(CHROMIUM), *FLAGS, f"--user-data-dir={profile}", "about:blank"]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        port_file = profile / "DevToolsActivePort"
        for _ in range(300):
            if port_file.is_file() and port_file.read_text().count("\n"):
                break
            time.sleep(0.05)
        port = port_file.read_text().splitlines()[0]
        [tab] = [
            one for one in requests.get(f"http://127.0.0.1:{port}/json", timeout=5).json() if one["type"] == "page"
        ]
        self.socket = websocket.create_connection(tab["webSocketDebuggerUrl"], timeout=20)
        for domain in ("Page", "Network", "Runtime"):
            self.call(f"{domain}.enable")

    def close(self) -> None:
        self.socket.close()
        self.process.terminate()
        self.process.wait(10)

    def open(self, page: Path) -> None:
        """Show the page, and wait until it has settled."""
        self.dialogs: list[str] = []
        self._sent: dict[str, str] = {}
        self._held_back: set[str] = set()
        self.page = page.as_uri()
        self.call("Page.navigate", url=self.page)
        self.settle()

    @property
    def requests(self) -> list[str]:
        own = ("data", "about", "blob")
        asked = {url for number, url in self._sent.items() if number not in self._held_back}
        return sorted(url for url in asked if urlsplit(url).scheme not in own and url.partition("#")[0] != self.page)

    def settle(self) -> None:
        """Take in what happens until nothing has for QUIET_SECONDS; AssertionError where it does not end."""
        self.socket.settimeout(QUIET_SECONDS)
        try:
            for _ in range(MOST_EVENTS):
                self._note(loads(self.socket.recv()))
            raise AssertionError(f"{self.page} does not settle")
        except websocket.WebSocketTimeoutException:
            self.socket.settimeout(20)

    def evaluate(self, expression: str) -> Any:
        """The value of an expression of JavaScript in the page, as JSON."""
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        number = next(self.numbers)
        self.socket.send(dumps({"id": number, "method": method, "params": parameters}))
        while True:
            said = loads(self.socket.recv())
            if said.get("id") == number:
                assert "error" not in said, said
                return dict(said["result"])
            self._note(said)

    def _note(self, said: dict[str, Any]) -> None:
        details = said.get("params", {})
        match said.get("method"):
            case "Network.requestWillBeSent":
                self._sent[details["requestId"]] = details["request"]["url"]
            case "Network.loadingFailed" if details.get("blockedReason"):
                self._held_back.add(details["requestId"])
            case "Page.javascriptDialogOpening":
                self.dialogs.append(details["message"])
                # Its answer is not waited for: this may be within a call.
                dismissed = {"id": next(self.numbers), "method": "Page.handleJavaScriptDialog"}
                self.socket.send(dumps(dismissed | {"params": {"accept": False}}))


def needs_chromium() -> None:
    """Skip where there is no Chromium, or fail where no test may be skipped."""
    if not CHROMIUM:
        if os.environ.get("REQUIRE_ALL_TESTS"):
            pytest.fail("Chromium is not installed, and no test may be skipped here")
        pytest.skip("Chromium is not installed: the page was not looked at in a browser")
