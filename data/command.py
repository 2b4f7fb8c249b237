"""What every command line of ours does around its typer app."""

from __future__ import annotations

import sys

import typer


def run(app: typer.Typer) -> None:
    """Run it in UTF-8; a mistake of the user's is one clear line and exit code 2."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8")  # type: ignore[union-attr]
    try:
        app()
    except (ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)
