"""The servers and the browser of a test run.

The process that leads the run starts the embedded PostgreSQL and Valkey (fsync off) before Django connects;
parallel workers find them at the same address. The browser is any Chromium of this machine.
"""

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from backmarket import embedded

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking"]
ADVICE = (
    "no Chromium found: `apt-get install chromium`, or `.venv/bin/playwright install chromium`, or CHROMIUM=/path/to/it"
)


def pytest_configure(config: pytest.Config) -> None:
    if hasattr(config, "workerinput") or config.option.help:
        return
    stack = contextlib.ExitStack()
    config.add_cleanup(stack.close)
    try:
        stack.enter_context(embedded.servers(fsync=False))
    except embedded.ServerFailed as error:
        pytest.exit(str(error), returncode=1)


def pytest_report_header() -> str:
    return f"chromium: {chromium() or ADVICE}"


def chromium() -> str | None:
    """The program to drive: CHROMIUM, a system's own, or the one Playwright downloaded."""
    if named := os.environ.get("CHROMIUM"):
        return shutil.which(named)
    installed = next((path for name in NAMES if (path := shutil.which(name))), None)
    cache = Path(os.environ.get("PLAYWRIGHT_BROWSERS_PATH") or Path.home() / ".cache/ms-playwright")
    return installed or next((str(path) for path in sorted(cache.glob("chromium-*/chrome-*/chrome"))), None)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A running Chromium; without one the test is skipped, or fails where REQUIRE_BROWSER=1."""
    program = chromium()
    if program is None:
        (pytest.fail if os.environ.get("REQUIRE_BROWSER") == "1" else pytest.skip)(ADVICE)
    # Playwright keeps an event loop in this thread, which Django would take for asynchronous code.
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        chrome = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        yield chrome
        chrome.close()
