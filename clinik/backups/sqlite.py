"""Backups of an SQLite file by SQLite's backup interface, which copies one snapshot's pages.

Not by VACUUM INTO: SQLite 3.40, which is Debian 12's, refuses it on a table that has a generated
column and checks such as ours ("has 45 columns but 46 values were supplied").
"""

import hashlib
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from django.db.backends.base.base import BaseDatabaseWrapper
from django.utils.translation import gettext as _

from clinik.backups.manifest import BackupError, Manifest, Table, differences

SUFFIX = ".sqlite3"
# Seconds to wait for a writer's lock.
_PATIENCE = 60


def dump(connection: BaseDatabaseWrapper, target: Path) -> dict[str, Table]:
    """Write the database into the empty file `target`; what its tables hold in the same snapshot.

    Raises BackupError where the database is damaged.
    """
    with _open(_file_of(connection)) as source, _open(target, write=True) as copy:
        # Begins the snapshot; in WAL mode nobody who writes waits for its end.
        source.execute("BEGIN")
        found = digests(source)
        source.backup(copy)
        # By itself: without a -wal file beside it, readable from a folder that cannot be written.
        copy.execute("PRAGMA journal_mode=DELETE")
        damage = [*_damage(copy), *differences(found, digests(copy))]
        if damage:
            raise BackupError(_("The database itself is damaged: %s.") % "; ".join(damage))
        return found


def check(connection: BaseDatabaseWrapper, backup: Path, manifest: Manifest) -> Iterator[str]:
    """Read the backup where it lies, without writing: what is not as it was."""
    try:
        with _open(backup, kept=True) as copy:
            yield from _damage(copy)
            yield from differences(manifest.tables, digests(copy))
    except sqlite3.DatabaseError as error:
        yield str(error)


def load(connection: BaseDatabaseWrapper, backup: Path, _manifest: Manifest) -> None:
    """Put the backup, which was checked, in the database's place, in one transaction.

    SQLite's own backup interface: others that have the file open see all of the old or all of the
    new, and what is cut off leaves the old.
    """
    target = _file_of(connection)
    connection.close()
    prepared = target.with_name(f".{target.name}.restoring")
    try:
        prepared.unlink(missing_ok=True)
        prepared.touch(mode=0o600)
        with _open(backup, kept=True) as source, _open(prepared, write=True) as copy:
            source.backup(copy)
            _end_sessions(copy)
            if not target.exists():
                target.touch(mode=0o600)
            with _open(target, write=True) as current:
                copy.backup(current)
    finally:
        prepared.unlink(missing_ok=True)


def _end_sessions(copy: sqlite3.Connection) -> None:
    for table in ("clinik_session", "django_session"):
        if table in _tables(copy):
            copy.execute(f"DELETE FROM {table}")
    copy.commit()


def digests(copy: sqlite3.Connection) -> dict[str, Table]:
    """Of every table, the counters of ids included."""
    return {name: _table(copy, name) for name in _tables(copy)}


def _tables(copy: sqlite3.Connection) -> list[str]:
    return [
        name
        for (name,) in copy.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table'"
            " AND (name NOT LIKE 'sqlite\\_%' ESCAPE '\\' OR name = 'sqlite_sequence')"
            " ORDER BY name"
        )
    ]


def _table(copy: sqlite3.Connection, name: str) -> Table:
    rows = total = 0
    # Generated columns are listed last by some versions of SQLite and where they stand by others.
    columns = sorted(row[1] for row in copy.execute(f'PRAGMA table_xinfo("{name}")'))
    chosen = ", ".join(f'"{column}"' for column in columns)
    for row in copy.execute(f'SELECT {chosen} FROM "{name}"'):
        rows += 1
        said = hashlib.blake2b(repr(row).encode("utf-8", "surrogatepass"), digest_size=16)
        total += int.from_bytes(said.digest(), "big")
    return Table(rows, f"{total % 2**128:032x}")


def _damage(copy: sqlite3.Connection) -> Iterator[str]:
    for (found,) in copy.execute("PRAGMA integrity_check(10)"):
        if found != "ok":
            yield found
    for table, row, parent, _key in copy.execute("PRAGMA foreign_key_check"):
        yield _("%(table)s: row %(row)s names a row that %(parent)s does not have") % {
            "table": table,
            "row": row,
            "parent": parent,
        }


def _file_of(connection: BaseDatabaseWrapper) -> Path:
    return Path(connection.settings_dict["NAME"])


@contextmanager
def _open(path: Path, *, write: bool = False, kept: bool = False) -> Iterator[sqlite3.Connection]:
    """`kept`: a backup, which nobody changes and which may lie where nothing can be written."""
    how = "mode=ro&immutable=1" if kept else f"mode={'rw' if write else 'ro'}"
    uri = f"{path.absolute().as_uri()}?{how}"
    with closing(sqlite3.connect(uri, uri=True, timeout=_PATIENCE)) as opened:
        # Text is kept as it is, whatever it is.
        opened.text_factory = lambda raw: raw.decode("utf-8", "surrogateescape")
        yield opened
