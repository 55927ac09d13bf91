"""What the web process does to itself before its first request."""

import subprocess
import sys

LANGUAGES = """
from threading import Thread
from backmarket import wsgi
from django.utils.translation import activate, get_language, gettext, override

said = []

def french() -> None:
    activate("fr")
    with override("de"):
        said.append(gettext("Yes"))
    said.append(gettext("Yes"))

activate("en")
thread = Thread(target=french)
thread.start()
thread.join()
print(*said, gettext("Yes"), get_language())
"""


def test_every_thread_of_the_web_process_speaks_its_own_language() -> None:
    done = subprocess.run([sys.executable, "-c", LANGUAGES], capture_output=True, text=True, timeout=120)
    assert done.stdout.split() == ["Ja", "Oui", "Yes", "en"], done.stderr
