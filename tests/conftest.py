"""Fixtures that several test modules share."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from trained import Workshop, make_workshop

if TYPE_CHECKING:
    from label_studio_sdk import LabelStudio

    from data.studio_server import Server

settings.register_profile("usual", deadline=None)  # a busy machine is no failure
settings.register_profile("long", max_examples=100_000, deadline=None)  # --hypothesis-profile=long
settings.load_profile("usual")


@pytest.fixture(scope="session")
def label_studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A real Label Studio server. The first one ever installs it (minutes), later ones take seconds."""
    from data.studio_server import serving

    with serving(tmp_path_factory.mktemp("label studio") / "数据") as server:
        yield server


@pytest.fixture(scope="module")
def client(label_studio: Server) -> Iterator[LabelStudio]:
    """A client of that server, let in as its first account."""
    from data.studio_client import connected

    with connected(label_studio.url, label_studio.credentials.token) as connection:
        yield connection


@pytest.fixture(scope="session")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    """A folder with a dataset and a small model trained on it."""
    return make_workshop(tmp_path_factory.mktemp("政策 训练"))
