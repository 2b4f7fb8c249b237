"""Fixtures that several test modules share."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from data.studio_server import Server


@pytest.fixture(scope="session")
def label_studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A real Label Studio server. The first one ever installs it (minutes), later ones take seconds."""
    from data.studio_server import serving

    with serving(tmp_path_factory.mktemp("label studio") / "数据") as server:
        yield server
