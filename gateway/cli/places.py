"""Where things are: `--config` and `--data`, the same for every command; and what several commands open."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from gateway.config import Configuration, ConfigurationError, Settings, load, load_settings
from gateway.storage import Store, open_store

if TYPE_CHECKING:
    from gateway.content import Archive
    from gateway.identity import Keys
    from gateway.supervision import Halts, Holds

Command = TypeVar("Command", bound=Callable[..., Any])

config_option = click.option(
    "--config",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("config"),
    show_default=True,
    envvar="VIGIE_CONFIG",
    help="Dossier de configuration (configuration directory).",
)
data_option = click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("data"),
    show_default=True,
    envvar="VIGIE_DATA",
    help="Dossier de données (data directory).",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Pour un programme (for a program to read).")


def places(command: Command) -> Command:
    """`--config DIR --data DIR`."""
    return config_option(data_option(command))


def open_configured_store(config: Path, data: Path) -> Store:
    """The store that the configuration names; by default SQLite in the data directory."""
    data.mkdir(parents=True, exist_ok=True, mode=0o700)
    from gateway.house import store_url

    return open_store(store_url(load(config).settings, data))


def prepare(config: Path, data: Path) -> Store:
    """The store, upgraded if it is embedded, with the keys that go with it. Raises a `Fault` that says what is missing."""
    from gateway.audit import Signer
    from gateway.house import key_file

    store = open_configured_store(config, data)
    if store.embedded:
        store.upgrade()
    store.require_current()
    Signer.open(data / "ledger.key", store)
    key_file(data / "identity.key")
    return store


@contextmanager
def open_halts(config: Path, data: Path) -> Iterator[Halts]:
    """The halts, whatever the state of the other files of `config`: only vigie.yaml says where the store is.

    If that cannot be read either, the embedded store of `data` is used where there is one.
    """
    from gateway.house import store_url
    from gateway.supervision import Halts

    try:
        settings = load_settings(config)
    except ConfigurationError:
        if not (data / "vigie.db").exists():
            raise
        settings = Settings()
    store = open_store(store_url(settings, data))
    try:
        if store.embedded:
            store.upgrade()
        store.require_current()
        yield Halts(store)
    finally:
        store.close()


@contextmanager
def open_keys(config: Path, data: Path) -> Iterator[Keys]:
    """The keys of an upgraded store."""
    from gateway.house import key_file
    from gateway.identity import Keys

    store = prepare(config, data)
    try:
        yield Keys(store, key_file(data / "identity.key"))
    finally:
        store.close()


@contextmanager
def open_content(config: Path, data: Path) -> Iterator[tuple[Archive, Configuration]]:
    """What was kept of calls, under this installation's key; and the configuration."""
    from gateway.content import open_archive
    from gateway.house import key_file

    store = prepare(config, data)
    configuration = load(config)
    settings = configuration.settings
    try:
        archive = open_archive(store, settings, data, key_file(data / "identity.key"), lambda: settings.retention)
        try:
            yield archive, configuration
        finally:
            archive.close()
    finally:
        store.close()


@contextmanager
def open_holds(config: Path, data: Path) -> Iterator[tuple[Holds, Store]]:
    """The held actions of an upgraded store, under this installation's key; and the store."""
    from gateway.house import key_file, requesters_of
    from gateway.supervision import Holds, Notices, Seal

    store = prepare(config, data)
    configuration = load(config)
    try:
        key = key_file(data / "identity.key")
        holds = Holds(
            store,
            Seal(key),
            same_person=lambda person, asked: asked in requesters_of(person, key),
            also=Notices(store, lambda: configuration).queue,
        )
        yield holds, store
    finally:
        store.close()
