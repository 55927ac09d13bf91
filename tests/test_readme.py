"""The README says what is: every variable that settings read, every login of the demo, every make target it names."""

import re
from pathlib import Path

from backmarket.management.demo_logins import LOGINS, PASSWORD

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text()


def test_every_variable_that_settings_read_is_in_the_table() -> None:
    read = set(re.findall(r'env(?:_\w+)?\("([A-Z_]+)"', (ROOT / "backmarket/settings.py").read_text()))
    table = README[README.index("## Configuration") : README.index("## Deploy")]
    assert read <= set(re.findall(r"`([A-Z_]+)`", table))


def test_every_login_of_the_demo_is_listed() -> None:
    assert PASSWORD in README
    assert [email for _role, email, _password, _waits in LOGINS if email not in README] == []


def test_the_make_targets_and_files_it_names_exist() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"`?make ([a-z]+)", README)) <= targets
    named = re.findall(r"\]\(([^)]+)\)|`(docs/[^`]+)`", README)
    assert [name for pair in named for name in pair if name and not (ROOT / name).exists()] == []
