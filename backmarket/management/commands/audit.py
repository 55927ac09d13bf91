"""Start the product as the demo does, judge its pages with other people's tools, print a table."""

import shutil
from contextlib import ExitStack
from typing import Any

from django.core.management.base import CommandError, CommandParser

from backmarket import embedded
from backmarket.management import audit
from backmarket.management.commands import demo
from backmarket.management.demo_logins import LOGINS
from backmarket.management.processes import Processes

PEOPLE = ("alice@example.com", "carol@example.com")
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


class Command(demo.Command):
    help = "Lighthouse on four pages, the Nu HTML checker on every kind of page. --url judges a server that runs."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--url", default="", help="judge this server, and start none")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["url"]:
            self.judge(options["url"])
        else:
            super().handle(*args, **options)

    def run(self, stack: ExitStack, processes: Processes) -> None:
        with self.step("PostgreSQL and Valkey"):
            stack.enter_context(embedded.servers())
        self.prepare()
        with self.step("Web server, worker and beat"):
            self.start(processes)
            self.wait_until_ready(processes)
        self.judge(f"http://{demo.HOST}:{self.port}")

    def judge(self, base: str) -> None:
        tools = embedded.var_dir() / "audit"
        try:
            with self.step("Lighthouse and the Nu HTML checker"):
                audit.install(tools)
            chromium = next((path for name in BROWSERS if (path := shutil.which(name))), None)
            if chromium is None:
                raise audit.NoTool("The audit needs a Chromium: apt-get install chromium")
            scores = [self.scored(base, path, chromium) for path in audit.sample_pages(base)]
        except audit.NoTool as missing:
            raise CommandError(str(missing)) from None
        errors = self.checked(base)
        if errors or not all(score.holds for score in scores):
            raise CommandError("The audit found something to mend.")

    def scored(self, base: str, path: str, chromium: str) -> audit.Score:
        score = audit.score(base, path, embedded.var_dir() / "audit", chromium)
        points = "  ".join(f"{name} {value:3}" for name, value in score.points.items())
        times = f"paint {score.paint_ms} ms  blocked {score.blocked_ms} ms  machine {score.index}"
        facts = f"shift {score.shift:.3f}  {times}  {score.weight / 1000:.1f} kB"
        self.stdout.write(f"{'good' if score.holds else 'BAD '}  {points}  {facts}  {path}")
        for reason in () if score.holds else score.failed:
            self.stdout.write(f"        {reason}")
        return score

    def checked(self, base: str) -> list[str]:
        """Every kind of page: a stranger's, a shopper's and a seller's."""
        passwords = {email: password for _role, email, password, _waiting in LOGINS}
        pages = audit.page_types(base, audit.visitor(base))
        for email in PEOPLE:
            own = audit.page_types(base, audit.visitor(base, email, passwords[email]))
            pages |= {f"{email.split('@')[0]}-{name}": html for name, html in own.items() if name not in pages}
        folder = embedded.var_dir() / "audit"
        errors = audit.nu_errors(pages, folder / "pages", folder)
        for error in errors:
            self.stdout.write(f"BAD   {error}")
        self.stdout.write(f"{len(pages)} kinds of pages, {len(errors)} errors of HTML")
        return errors
