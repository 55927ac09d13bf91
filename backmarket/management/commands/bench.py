"""Measure the shop: `make bench`, with SIZES= and JSON=."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from backmarket.management.benching import run

SIZES = "1k,10k,100k"


class Command(BaseCommand):
    help = "Measures every page of the shop under load, at several sizes of the catalogue, beside a page of constants."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--sizes", default=SIZES, help="buyables, as 1k,10k,100k")
        parser.add_argument("--seconds", type=int, default=5, help="of load on each page")
        parser.add_argument("--json", help="a file for the figures")
        parser.add_argument("--on-stage", help="measure the database of this environment, into this file")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["on_stage"]:
            found = run.bench_size(seconds=options["seconds"], tell=self.tell)
            Path(options["on_stage"]).write_text(json.dumps(found))
            return
        if not shutil.which("wrk"):
            raise CommandError(
                "wrk makes the load, and is not on this machine (Debian and Ubuntu: apt-get install wrk)."
            )
        figures = {size: self.measure(_count(size), options["seconds"]) for size in options["sizes"].split(",")}
        self.compare(figures)
        if options["json"]:
            Path(options["json"]).write_text(json.dumps(figures, indent=2))

    def measure(self, buyables: int, seconds: int) -> dict[str, Any]:
        """The figures of one size, measured by this command in an environment of its own."""
        self.tell(f"{buyables:,} buyables, {buyables * 10:,} listings")
        environment = run.environment(buyables)
        run.prepare(environment, buyables)
        with tempfile.NamedTemporaryFile() as figures:
            command = [sys.executable, str(Path(settings.BASE_DIR) / "manage.py"), "bench", "--on-stage", figures.name]
            subprocess.run([*command, "--seconds", str(seconds)], env={**os.environ, **environment}, check=True)
            found: dict[str, Any] = json.loads(figures.read())
        return found

    def compare(self, figures: dict[str, dict[str, Any]]) -> None:
        """The largest catalogue beside the smallest: what a page loses as the catalogue grows."""
        if len(figures) < 2:
            return
        smallest, *_, largest = figures.values()
        for small, large in zip(smallest["pages"], largest["pages"], strict=True):
            how = "as shipped" if small["as_shipped"] else "no caches"
            share = large["of_constant"] / small["of_constant"]
            sizes = " and ".join(f"{row['bytes'] // 1024} kB" for row in (small, large))
            self.tell(
                f"  {small['page']:28} {small['who']:10} {how:10} at the largest size: {share:.0%} of the smallest"
                f" ({sizes})"
            )

    def tell(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()


def _count(size: str) -> int:
    """ "10k" is 10,000."""
    number = size.strip().lower().removesuffix("k")
    if not (number.isascii() and number.isdecimal()):
        raise CommandError(f"SIZES are numbers of buyables, as 1k,10k,100k; not {size!r}.")
    return int(number) * (1_000 if size.strip().lower().endswith("k") else 1)
