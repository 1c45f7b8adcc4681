"""Chromium without a window, driven by the W3C WebDriver protocol of chromedriver."""

import json
import shutil
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import Any, Self

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
DRIVER = shutil.which("chromedriver")
MISSING = "needs chromium and chromedriver (Debian: apt-get install chromium chromium-driver)"
# No window is narrower.
LEAST_WIDTH = 500
# Of the protocol: keys without a sign.
KEYS = {"Backspace": "\ue003", "Enter": "\ue007", "Control": "\ue009", "ArrowLeft": "\ue012"}


class Browser:
    """One window; what it downloads lies in `folder`.

    Attributes:
        folder: of the downloads.
    """

    def __init__(self, folder: Path, width: int = 1280, height: int = 900) -> None:
        self.folder = folder
        self._options: dict[str, Any] = {
            "binary": CHROMIUM,
            "args": [
                *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"),
                f"--window-size={width},{height}",
                f"--user-data-dir={folder / 'profile'}",
            ],
            "prefs": {"download.default_directory": str(folder)},
        }
        if width < LEAST_WIDTH:
            metrics = {"width": width, "height": height, "pixelRatio": 1}
            self._options["mobileEmulation"] = {"deviceMetrics": metrics}

    def __enter__(self) -> Self:
        assert DRIVER is not None
        log = self.folder / "driver.log"
        self._process = subprocess.Popen(
            [DRIVER, "--port=0", f"--log-path={log}"], stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdout is not None
        said = next(line for line in self._process.stdout if "started successfully" in line)
        port = said.split()[-1].rstrip(".")
        self._place = f"http://127.0.0.1:{port}/session"
        wanted = {
            "goog:chromeOptions": self._options,
            "goog:loggingPrefs": {"performance": "ALL", "browser": "ALL"},
        }
        session = self._ask("POST", "", {"capabilities": {"alwaysMatch": wanted}})
        self._place += f"/{session['sessionId']}"
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            self._ask("DELETE", "")
        finally:
            self._process.kill()
            self._process.wait()
            assert self._process.stdout is not None
            self._process.stdout.close()

    def _ask(self, method: str, path: str, body: Any = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self._place + path, data, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            raise AssertionError(json.load(error)["value"]["message"]) from error

    def open(self, page: Path) -> None:
        """Shows a page of the disk."""
        self._ask("POST", "/url", {"url": page.resolve().as_uri()})

    def run(self, script: str) -> Any:
        """What a JavaScript function body returns."""
        return self._ask("POST", "/execute/sync", {"script": script, "args": []})

    def press(self, *keys: str, holding: str | None = None) -> None:
        """Presses keys, one after the other, as a person does."""
        held = [] if holding is None else [KEYS[holding]]
        actions = [{"type": "keyDown", "value": key} for key in held]
        for key in keys:
            actions += [
                {"type": kind, "value": KEYS.get(key, key)} for kind in ("keyDown", "keyUp")
            ]
        actions += [{"type": "keyUp", "value": key} for key in held]
        self._ask("POST", "/actions", {"actions": [{"type": "key", "id": "k", "actions": actions}]})

    def click(self, css: str) -> None:
        """Clicks the middle of an element, as a person does; it must be in sight."""
        found = self._ask("POST", "/element", {"using": "css selector", "value": css})
        self._ask("POST", f"/element/{next(iter(found.values()))}/click", {})

    def downloaded(self, name: str) -> Path:
        """A file that is being downloaded, when it is there."""
        path = self.folder / name
        for _ in range(100):
            if path.exists():
                return path
            time.sleep(0.1)
        raise AssertionError(f"{name} was not downloaded")

    def requests(self) -> list[str]:
        """Addresses that a page has requested, but for those of data and of the browser itself."""
        found = []
        for entry in self._ask("POST", "/se/log", {"type": "performance"}):
            message = json.loads(entry["message"])["message"]
            if message["method"] == "Network.requestWillBeSent":
                found.append(message["params"]["request"]["url"])
        return [
            address for address in found if not address.startswith(("data:", "blob:", "chrome:"))
        ]

    def complaints(self) -> list[str]:
        """What the console says of errors and of refused scripts."""
        return [entry["message"] for entry in self._ask("POST", "/se/log", {"type": "browser"})]
