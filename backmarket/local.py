"""What an installation gets that nobody configured: secrets of its own, sandboxes, an address on this machine."""

import base64
import os
import secrets
from pathlib import Path

from backmarket import embedded


def environment() -> dict[str, str]:
    """The variables of the demo, which is also what any command sees on a fresh checkout."""
    port = os.environ.get("PORT") or "8000"
    local = {"DEMO": "1", "ALLOW_SANDBOX": "1", "SITE_URL": f"http://127.0.0.1:{port}"}
    return {**local, **_secrets(embedded.var_dir() / "secrets.env")}


def _secrets(path: Path) -> dict[str, str]:
    """SECRET_KEY and FIELD_ENCRYPTION_KEYS, made at the first call and kept for this installation alone."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
        key = base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(f"SECRET_KEY={secrets.token_urlsafe(50)}\nFIELD_ENCRYPTION_KEYS={key}\n")
        try:
            path.hardlink_to(fresh)
        except FileExistsError:
            pass  # another process was quicker: its secrets count
        finally:
            fresh.unlink()
    return dict(line.split("=", 1) for line in path.read_text().splitlines() if "=" in line)
