"""The shape of the house: imports point down, only services write, nothing hides."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
APPS = ("refurbishers", "catalog", "buyback", "orders", "reviews")
# Each app may import the ones named here, and the ground.
BELOW = {
    "refurbishers": set(),
    "catalog": {"refurbishers"},
    "buyback": {"refurbishers", "catalog"},
    "orders": {"refurbishers", "catalog"},
    "reviews": {"refurbishers", "catalog", "buyback", "orders"},
}
# The top of backmarket/: what joins the apps. Everything else in backmarket/ is ground.
TOP = {
    "backmarket.account",
    "backmarket.admin",
    "backmarket.api",
    "backmarket.context",
    "backmarket.design_page",
    "backmarket.figures",
    "backmarket.reconciling",
    "backmarket.management",
    "backmarket.pages",
    "backmarket.sandbox_urls",
    "backmarket.sandbox_views",
    "backmarket.settings",
    "backmarket.sites",
    "backmarket.urls",
    "backmarket.wiring",
}


def sources() -> list[Path]:
    files = [path for top in ("backmarket", *APPS) for path in sorted((ROOT / top).rglob("*.py"))]
    return [path for path in files if "migrations" not in path.parts]


def module_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def imports(path: Path) -> Iterator[tuple[int, str]]:
    """Every import of a file, those hidden in functions included; `from a import b` counts as a and a.b."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)


def is_top(module: str) -> bool:
    return any(module == top or module.startswith(f"{top}.") for top in TOP)


def forbidden(importer: str, imported: str) -> bool:
    app, target = importer.split(".")[0], imported.split(".")[0]
    if is_top(importer):
        return False
    if app in APPS:
        upward = target in APPS and target != app and target not in BELOW[app]
        return upward or imported.startswith(("backmarket.pages", "backmarket.management.", "backmarket.wiring"))
    return target in APPS


def test_imports_point_down_even_those_hidden_in_functions() -> None:
    wrong = [
        f"{path.relative_to(ROOT)}:{line} imports {imported}"
        for path in sources()
        for line, imported in imports(path)
        if forbidden(module_of(path), imported)
    ]
    assert wrong == []


@pytest.mark.parametrize(
    ("importer", "imported"),
    [
        ("catalog.services.stock", "orders.models"),
        ("orders.selectors", "buyback.models"),
        ("buyback.services.trades", "orders.models"),
        ("refurbishers.models", "catalog.models"),
        ("backmarket.payments.services", "orders.models"),
    ],
)
def test_the_rule_itself_refuses_what_points_up_or_sideways(importer: str, imported: str) -> None:
    assert forbidden(importer, imported)


def test_only_entry_points_ask_what_time_it_is() -> None:
    """Services take `at`. Entry points ask timetravel.now(); only the queue's own mechanics ask the real clock."""
    allowed = {
        "backmarket/timetravel.py",
        "backmarket/events/services.py",
        "backmarket/events/inbox.py",
        "backmarket/health.py",
        "backmarket/notifications/services.py",
        "backmarket/sandbox_views.py",
        "backmarket/accounts/models.py",
    }
    found = {
        str(path.relative_to(ROOT))
        for path in sources()
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute)
        and node.attr == "now"
        and ast.unparse(node.value) in ("timezone", "datetime")
    }
    assert found <= allowed


def test_services_never_see_http() -> None:
    wrong = [
        f"{path.relative_to(ROOT)}:{line} imports {imported}"
        for path in sources()
        if {"services", "models"} & set(path.parts) or path.name in ("services.py", "selectors.py", "models.py")
        for line, imported in imports(path)
        if imported.startswith(("django.http", "django.shortcuts", "django.forms", "rest_framework"))
        and not (module_of(path) == "orders.selectors" and imported == "django.http.HttpRequest")
    ]
    assert wrong == []


def test_nobody_uses_signals() -> None:
    wrong = [
        f"{path.relative_to(ROOT)}:{line}"
        for path in sources()
        for line, imported in imports(path)
        if imported.startswith(("django.db.models.signals", "django.dispatch"))
    ]
    assert wrong == []


def test_every_wired_handler_exists() -> None:
    from django.utils.module_loading import import_string

    from backmarket.wiring import WIRING

    for handler in {handler for handlers in WIRING.values() for handler in handlers}:
        assert callable(import_string(handler)), handler


def test_every_scheduled_job_exists() -> None:
    from django.utils.module_loading import import_string

    from backmarket.jobs import JOBS

    for job in JOBS.values():
        assert callable(import_string(job.function)), job.function


def raw_locks(source: str) -> list[int]:
    """Lines that lock rows by hand. Taking only what nobody holds (skip_locked) waits for nobody, and may."""
    nodes = list(ast.walk(ast.parse(source)))
    free = {
        node.func
        for node in nodes
        if isinstance(node, ast.Call) and any(word.arg == "skip_locked" for word in node.keywords)
    }
    return [
        node.lineno
        for node in nodes
        if isinstance(node, ast.Attribute) and node.attr == "select_for_update" and node not in free
    ]


def test_rows_are_locked_by_the_houses_helper_alone() -> None:
    """`backmarket.db.lock` locks in one order and lets foreign keys be checked: by hand, two can stand in a circle."""
    wrong = [
        f"{path.relative_to(ROOT)}:{line}"
        for path in sources()
        if module_of(path) != "backmarket.db"
        for line in raw_locks(path.read_text())
    ]
    assert wrong == []


@pytest.mark.parametrize(
    ("source", "refused"),
    [
        ("Cart.objects.select_for_update().get(pk=1)", True),
        ("rows.order_by('pk').select_for_update(of=('self',), no_key=True)", True),
        ("rows.select_for_update(skip_locked=True).first()", False),
        ("lock(Cart.objects.filter(pk=1)).get()", False),
    ],
)
def test_the_rule_on_locks_refuses_what_waits_without_an_order(source: str, refused: bool) -> None:
    assert bool(raw_locks(source)) is refused
