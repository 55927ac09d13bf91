"""Lighthouse, the Nu HTML checker and the scales, over a server that runs.

The two programs come from npm into a folder of their own (`tools`); Lighthouse drives the Chromium of this machine,
the checker needs a Java. Nothing here knows how the server was started.
"""

import gzip
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import mechanicalsoup
from django.urls import Resolver404, resolve

PACKAGES = ("lighthouse@12.8.2", "vnu-jar@26.9.27")
CATEGORIES = {"performance": 95, "accessibility": 100, "best-practices": 100, "seo": 100}
"""Lighthouse's categories and the least that we accept, of 100."""
MOST_BYTES = 150_000
MOST_SHIFT = 0.0
CHROME_FLAGS = "--headless=new --no-sandbox --disable-gpu --disable-dev-shm-usage"
NOT_OURS = ("/desk/", "/plant/", "/api/", "/static/", "/media/", "/accounts/logout/")
"""Addresses whose pages other packages draw, or which are no pages."""
PATIENCE, ATTEMPTS = 600, 2
SLOWDOWN, STRONG = 4.0, 1500
"""Lighthouse slows a strong machine (its benchmark index about 1500) down four times to play a telephone of the middle
class. A weaker one, or a busy one, is in proportion nearer to that telephone already."""


class NoTool(Exception):
    """A program that the audit needs is missing; the message says where to get it."""


@dataclass(frozen=True)
class Score:
    """What Lighthouse says of one page, and what its first visit weighs compressed, in bytes."""

    path: str
    points: dict[str, int]
    shift: float
    paint_ms: int
    blocked_ms: int
    index: int
    weight: int
    failed: tuple[str, ...]

    @property
    def holds(self) -> bool:
        good = all(self.points[name] >= least for name, least in CATEGORIES.items())
        return good and self.shift <= MOST_SHIFT and self.weight < MOST_BYTES


def install(tools: Path) -> None:
    """Put both programs into `tools`, unless these versions are there."""
    for program, advice in (("npm", "Node.js 20 or newer"), ("java", "apt-get install default-jre-headless")):
        if not shutil.which(program):
            raise NoTool(f"The audit needs {program}: {advice}")
    stamp = tools / "installed"
    if not stamp.exists() or stamp.read_text() != " ".join(PACKAGES):
        tools.mkdir(parents=True, exist_ok=True)
        command = ["npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", str(tools), *PACKAGES]
        subprocess.run(command, check=True, cwd=tools, timeout=PATIENCE)
        stamp.write_text(" ".join(PACKAGES))


# Pages: one of each kind, found by following links


def visitor(base: str, email: str = "", password: str = "") -> mechanicalsoup.StatefulBrowser:
    """A browser without scripts, logged in if it is given an account."""
    browser = mechanicalsoup.StatefulBrowser(soup_config={"features": "html.parser"})
    if email:
        browser.open(urljoin(base, "/accounts/login/"))
        browser.select_form("main form")
        browser["login"], browser["password"] = email, password
        browser.submit_selected()
    return browser


def page_types(base: str, browser: mechanicalsoup.StatefulBrowser, most: int = 90) -> dict[str, str]:
    """One page of each kind that this visitor reaches from the front page: name of the view → its HTML."""
    found: dict[str, str] = {}
    ahead, seen = ["/"], {"/"}
    while ahead and len(found) < most:
        path = ahead.pop(0)
        name = view_of(path)
        if name is None or name in found:
            continue
        answer = browser.open(urljoin(base, path))
        if answer.status_code != 200 or "text/html" not in answer.headers.get("Content-Type", ""):
            continue
        found[name] = answer.text
        links = [anchor["href"] for anchor in browser.page.select("a[href]")]
        fresh = [link for link in dict.fromkeys(links) if link.startswith("/") and link not in seen]
        seen.update(fresh)
        ahead += fresh
    return found


def view_of(link: str) -> str | None:
    """The view behind an address of ours; None for what is drawn by others or is nowhere."""
    path = urlsplit(link).path
    if path.startswith(NOT_OURS):
        return None
    try:
        return str(resolve(path).view_name)
    except Resolver404:
        return None


# The checker


def nu_errors(pages: dict[str, str], folder: Path, tools: Path) -> list[str]:
    """What the Nu HTML checker calls an error, as "page: line: message"."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name, html in pages.items():
        (folder / f"{name.replace(':', '_')}.html").write_text(html)
    jar = tools / "node_modules/vnu-jar/build/dist/vnu.jar"
    command = ["java", "-jar", str(jar), "--format", "json", "--errors-only", "--exit-zero-always", str(folder)]
    said = subprocess.run(command, check=True, capture_output=True, text=True, timeout=PATIENCE).stderr
    return [
        f"{Path(urlsplit(fault['url']).path).stem}: {fault.get('lastLine', 0)}: {fault['message']}"
        for fault in json.loads(said)["messages"]
    ]


# Lighthouse and the scales


def score(base: str, path: str, tools: Path, chromium: str) -> Score:
    """Lighthouse on a telephone. A machine slower than its authors' is slowed down less: see STRONG."""
    report = _lighthouse(urljoin(base, path), tools, chromium, SLOWDOWN)
    index = report["environment"]["benchmarkIndex"]
    if index < STRONG and report["categories"]["performance"]["score"] * 100 < CATEGORIES["performance"]:
        report = _lighthouse(urljoin(base, path), tools, chromium, max(1.0, round(SLOWDOWN * index / STRONG, 1)))
    return Score(
        path=path,
        points={name: round(100 * (report["categories"][name]["score"] or 0)) for name in CATEGORIES},
        shift=report["audits"]["cumulative-layout-shift"]["numericValue"],
        paint_ms=round(report["audits"]["largest-contentful-paint"]["numericValue"]),
        blocked_ms=round(report["audits"]["total-blocking-time"]["numericValue"]),
        index=round(index),
        weight=first_visit(base, path),
        failed=tuple(_failed(report)),
    )


def _lighthouse(url: str, tools: Path, chromium: str, slowdown: float) -> dict[str, Any]:
    command = [
        "node", str(tools / "node_modules/lighthouse/cli/index.js"), url, "--quiet", "--output=json",
        f"--only-categories={','.join(CATEGORIES)}", f"--chrome-flags={CHROME_FLAGS}",
        f"--throttling.cpuSlowdownMultiplier={slowdown}", "--max-wait-for-load=60000",
    ]  # fmt: skip
    for _attempt in range(ATTEMPTS):
        run = subprocess.run(
            command, check=False, capture_output=True, text=True, timeout=PATIENCE,
            env=os.environ | {"CHROME_PATH": chromium},
        )  # fmt: skip
        if run.returncode == 0:
            return dict(json.loads(run.stdout))
    raise NoTool(f"Lighthouse gave up on {url}: {run.stderr[-400:]}")


def _failed(report: dict[str, Any]) -> Iterator[str]:
    """The audits that cost points, worst weight first."""
    for name in CATEGORIES:
        for part in report["categories"][name]["auditRefs"]:
            result = report["audits"][part["id"]]
            if part["weight"] and result["score"] is not None and result["score"] < 0.9:
                yield f"{name}: {result['title']}"


def first_visit(base: str, path: str) -> int:
    """Bytes of HTML, stylesheets and scripts as a proxy that compresses sends them (gzip)."""
    browser = visitor(base)
    page = browser.open(urljoin(base, path))
    links = [tag["href"] for tag in browser.page.select("link[rel=stylesheet]")]
    links += [tag["src"] for tag in browser.page.select("script[src]")]
    parts = [page.content, *(browser.session.get(urljoin(base, link)).content for link in links)]
    return sum(len(gzip.compress(part, 6)) for part in parts)


def sample_pages(base: str) -> list[str]:
    """The four pages that are measured: home, a category, a search, a product."""
    browser = visitor(base)
    browser.open(urljoin(base, "/"))
    category = browser.page.select_one('.tiles a[href^="/c/"]')["href"]
    browser.open(urljoin(base, category))
    product = browser.page.select_one('.devices a[href^="/p/"]')["href"]
    return ["/", category, "/search/?q=ifone+12", product]
