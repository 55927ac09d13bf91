"""The demo for people who change its code: debug pages, and everything reloads."""

from backmarket.management.commands import demo
from backmarket.management.processes import RESTARTED


class Command(demo.Command):
    help = "Like demo, with DEBUG on, runserver, and a worker and beat that start again when the code changes."

    patient = frozenset(RESTARTED)

    def prepare(self) -> None:
        self.seen = newest_source()
        self.prepare_data()

    def web(self) -> list[str]:
        return ["manage.py", "runserver", f"{demo.HOST}:{self.port}"]

    def changed(self) -> bool:
        before, self.seen = self.seen, newest_source()
        return before != self.seen


def newest_source() -> tuple[int, float]:
    """How many Python files there are and when the newest of them changed."""
    apps = [folder for folder in demo.ROOT.iterdir() if (folder / "__init__.py").exists()]
    times = [path.stat().st_mtime for app in apps for path in app.rglob("*.py")]
    return len(times), max(times)
