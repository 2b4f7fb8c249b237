"""What is made once for every Label Studio server: its own virtual environment and an empty, migrated database."""

from __future__ import annotations

import fcntl
import hashlib
import ipaddress
import os
import subprocess
import sys
from pathlib import Path

from data.files import replaced_folder, write_atomic

HOME = Path(__file__).with_name("label_studio")
LOCK = Path(__file__).with_name("label-studio.lock")
LOOPBACK = "127.0.0.1"
BANNED = [  # every address but this machine's own
    *ipaddress.IPv4Network("0.0.0.0/0").address_exclude(ipaddress.IPv4Network(LOOPBACK)),
    ipaddress.IPv6Network("::/0"),
]
DATABASE = "label_studio.sqlite3"
STAMP = "made-from"
KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "TMPDIR", "TZ")  # PASSWORD, PORT, CI, … would change the server
SETTINGS = {
    "DJANGO_DB": "sqlite",
    "PYTHONUTF8": "1",
    "LOG_LEVEL": "WARNING",
    # nothing outside this machine is called, neither by the server nor by its pages
    "COLLECT_ANALYTICS": "false",
    "LATEST_VERSION_CHECK": "false",
    "SENTRY_DSN": "",
    "FRONTEND_SENTRY_DSN": "",
    # who may enter
    "LABEL_STUDIO_ALLOWED_HOSTS": f"{LOOPBACK},localhost",
    "LABEL_STUDIO_DISABLE_SIGNUP_WITHOUT_LINK": "true",
    "LABEL_STUDIO_ENABLE_LEGACY_API_TOKEN": "true",
    # of what users name (a backend, a webhook, a file to import) the server asks this machine alone
    "SSRF_PROTECTION_ENABLED": "true",
    "ML_BLOCK_LOCAL_IP": "true",
    "USE_DEFAULT_BANNED_SUBNETS": "false",
    "USER_ADDITIONAL_BANNED_SUBNETS": ",".join(map(str, BANNED)),
    # predictions that do not fit the labels are refused, not dropped
    "fflag_feat_utc_210_prediction_validation_15082025": "true",
}


def installed(home: Path = HOME) -> tuple[Path, Path]:
    """The server's interpreter and an empty database, made where missing or made from another lock file."""
    home.mkdir(parents=True, exist_ok=True)
    key = hashlib.sha256(LOCK.read_bytes() + sys.version.encode()).hexdigest()
    python = home / "venv" / "bin" / "python"
    with (home / "install.lock").open("w") as only_one:
        fcntl.flock(only_one, fcntl.LOCK_EX)
        if not (python.exists() and _made_from(home / "venv", key)):
            _make_venv(home / "venv", python)
            write_atomic(home / "venv" / STAMP, key)
        if not _made_from(home / "template", key):
            _make_template(home / "template", python, key)
    return python, home / "template" / DATABASE


def environment(folder: Path) -> dict[str, str]:
    """The whole environment of a server on a data folder; of the caller's own only what is harmless."""
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    return {**kept, **SETTINGS, "LABEL_STUDIO_BASE_DATA_DIR": str(folder.resolve())}


def server_command(python: Path, *arguments: str) -> list[str]:
    """A command line of Label Studio. Its console script would break on a long path; -P keeps our modules out."""
    return [str(python), "-P", "-m", "label_studio.server", *arguments]


def say(message: str) -> None:
    """Tell the person at the terminal what is being waited for."""
    print(message, file=sys.stderr, flush=True)


def _made_from(folder: Path, key: str) -> bool:
    stamp = folder / STAMP
    return stamp.is_file() and stamp.read_text(encoding="utf-8") == key


def _make_venv(venv: Path, python: Path) -> None:
    say(f"Installing Label Studio into {venv}: once; with its database about two minutes, longer on a slow network …")
    _run([sys.executable, "-m", "venv", "--clear", str(venv)], "make a virtual environment")
    quiet = ["--quiet", "--disable-pip-version-check", "--no-input"]
    pins = [
        "--no-deps",
        "--no-compile",
        "--requirement",
        str(LOCK),
    ]  # the lock is complete; most modules are never used
    _run([str(python), "-m", "pip", "install", *quiet, *pins], "install Label Studio")


def _make_template(template: Path, python: Path, key: str) -> None:
    say("Preparing an empty Label Studio database: once …")
    with replaced_folder(template) as scratch:
        _run(server_command(python, "version"), "make the database", environment(scratch))  # any command migrates
        (scratch / ".env").unlink()  # signs sessions and tokens: every data folder gets its own
        write_atomic(scratch / STAMP, key)


def _run(command: list[str], purpose: str, env: dict[str, str] | None = None) -> None:
    done = subprocess.run(command, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode:
        end = done.stdout.decode("utf-8", "replace")[-2000:]
        raise ValueError(f"could not {purpose}: exit status {done.returncode} from {' '.join(command)}\n{end}")
