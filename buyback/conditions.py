"""The conditions under which people sell: every version that anyone has accepted stays readable, word for word.

A new version is a new template and a new row here, on top; the text of an old one is never touched (a test compares).
"""

from datetime import date

# Version -> the day from which it is in force, newest first; its words are templates/buyback/conditions/<version>.html.
VERSIONS = {
    "2026-11": date(2026, 11, 1),
    "2026-01": date(2026, 1, 1),
}
CURRENT = next(iter(VERSIONS))
