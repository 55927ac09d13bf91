"""One page under load, by wrk: how many answers a second, and how long people wait for them."""

import re
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

CLIENTS = 8
SECONDS = {"us": 0.001, "ms": 1.0, "s": 1_000.0, "m": 60_000.0}
# wrk asks for the addresses of its script in turn.
SCRIPT = """
local paths = {%s}
local at = 0
request = function()
  at = at %% #paths + 1
  return wrk.format("GET", paths[at])
end
"""


class LoadFailed(Exception):
    """The server did not answer every request well; the message says how."""


@dataclass(frozen=True)
class Measured:
    """`rps` answers a second; `p50` and `p99` in milliseconds."""

    rps: float
    p50: float
    p99: float


def measure(site: str, paths: Sequence[str], *, seconds: int, cookie: str = "") -> Measured:
    """Ask for the paths in turn for so many seconds, CLIENTS at a time. Raises LoadFailed."""
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "paths.lua"
        script.write_text(SCRIPT % ", ".join(f'"{path}"' for path in paths))
        command = ["wrk", "-t1", f"-c{CLIENTS}", f"-d{seconds}s", "--latency", "-s", str(script)]
        if cookie:
            command += ["-H", f"Cookie: {cookie}"]
        done = subprocess.run([*command, site], capture_output=True, text=True, check=True)
    if trouble := re.search(r"(Non-2xx.*|Socket errors.*)", done.stdout):
        raise LoadFailed(f"{trouble[1].strip()} of {paths[0]}")
    rate = re.search(r"Requests/sec:\s+([\d.]+)", done.stdout)
    if not rate or not float(rate[1]):
        raise LoadFailed(f"wrk said: {done.stdout}{done.stderr}")
    return Measured(float(rate[1]), _latency(done.stdout, "50%"), _latency(done.stdout, "99%"))


def _latency(text: str, share: str) -> float:
    found = re.search(rf"{share}\s+([\d.]+)(us|ms|s|m)\b", text)
    return float(found[1]) * SECONDS[found[2]] if found else 0.0
