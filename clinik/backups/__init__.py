"""The whole database as one file: taken while the clinic works, checked, and put back.

A backup is whole or not there: it is written into a folder of its own beside its place and gets its
name when it and its manifest are on the disk. Both are for their owner's eyes only: they hold what
the database holds, password hashes and names included.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from sqlite3 import Error as SQLiteError
from types import ModuleType
from typing import Any

from django.apps import apps
from django.core.management import call_command
from django.db import DatabaseError, connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.loader import MigrationLoader
from django.db.models import Max
from django.utils.translation import gettext as _

from clinik import audit, clock
from clinik.backups import manifest as manifests
from clinik.backups.manifest import BackupError, Manifest
from clinik.trail import AuditEvent

__all__ = ["BackupError", "Loss", "Manifest", "restore", "take", "verify", "would_be_lost"]

# Rows that `migrate` makes: a database with no others is empty.
_MADE_BY_MIGRATE = {
    *("django_migrations", "django_content_type", "auth_permission", "auth_group"),
    *("auth_group_permissions", "clinik_cache", "clinik_session", "sqlite_sequence"),
}


@dataclass(frozen=True)
class Loss:
    """What a database holds: rows by the tables' names for people; the last act in its trail."""

    rows: dict[str, int]
    last: str

    def __str__(self) -> str:
        most = sorted(self.rows.items(), key=lambda each: (-each[1], each[0]))
        said = ", ".join(f"{count} {name}" for name, count in most)
        return said + (_("; the last act was recorded at %s") % self.last if self.last else "")


def take(path: Path) -> tuple[Path, Manifest]:
    """Write a backup of the database to `path`, or under a name with its time into a folder.

    Safe while others write: it holds everything that was acknowledged before it began, and nothing
    by halves. Raises BackupError with nothing left behind.
    """
    now = clock.now()
    if path.is_dir():
        path = path / f"clinik-{now:%Y%m%dT%H%M%SZ}{_engine().SUFFIX}"
    for there in (path, manifests.beside(path)):
        if there.exists():
            raise BackupError(_("%s is there already: choose another name.") % there)
    with _whole_or_not(path) as part:
        # As it is before: what the snapshot holds can only be more.
        migrations = _applied()
        tables = _engine().dump(_database(), part)
        made = Manifest(
            vendor=connection.vendor,
            made=now.isoformat(timespec="seconds"),
            size=part.stat().st_size,
            sha256=manifests.sha256(part),
            migrations=migrations,
            tables=tables,
        )
        manifests.write(made, manifests.beside(part))
    detail = {"sha256": made.sha256, "rows": made.rows, "size": made.size}
    audit.record_operation("database.backup", detail=detail)
    return path, made


def verify(path: Path) -> list[str]:
    """What of a backup is not as its manifest says, table by table; empty where it is whole.

    SQLite's is read where it lies; PostgreSQL's is restored into a database of its own, which is
    dropped. Raises BackupError where that cannot be done.
    """
    said = _read(path)
    findings = []
    if path.stat().st_size != said.size or manifests.sha256(path) != said.sha256:
        findings.append(_("the file is not the one that was written"))
    try:
        return [*findings, *_engine().check(_database(), path, said)]
    except BackupError:
        if findings:
            return findings
        raise


def would_be_lost() -> Loss:
    """What is in the database that `restore` would write over."""
    names = {model._meta.db_table: model for model in apps.get_models(include_auto_created=True)}
    rows: dict[str, int] = {}
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            if table in _MADE_BY_MIGRATE:
                continue
            cursor.execute(f"SELECT count(*) FROM {connection.ops.quote_name(table)}")
            if count := cursor.fetchone()[0]:
                model = names.get(table)
                rows[str(model._meta.verbose_name_plural) if model else table] = count
    # What `migrate` itself wrote down is no loss either.
    last = AuditEvent.objects.aggregate(last=Max("at"))["last"] if rows else None
    return Loss(rows, last.isoformat(timespec="seconds") if last else "")


def restore(path: Path, *, force: bool = False) -> Manifest:
    """Put a backup in the database's place: all of it, or nothing where it does not fit.

    Everybody is logged out, an older backup is migrated, and the trail says what was restored and
    over what. Raises BackupError, also where the database is not empty, unless `force`.
    """
    said = _read(path)
    lost = would_be_lost()
    if lost.rows and not force:
        words = _("The database is not empty. These would be lost: %s. Restore into an empty")
        raise BackupError(words % lost + _(" database, or say --force to lose them."))
    known = {f"{app}.{name}" for app, name in MigrationLoader(None).disk_migrations}
    if newer := sorted(set(said.migrations) - known):
        words = _("The backup is of a newer Clinik than this one, which does not know %s.")
        raise BackupError(words % ", ".join(newer))
    if manifests.sha256(path) != said.sha256:
        raise BackupError(_("%s is not the file that was written: verify_backup says more.") % path)
    with _in_words(path):
        if connection.vendor == "sqlite" and (
            found := list(_engine().check(_database(), path, said))
        ):
            raise BackupError("; ".join(found))
        _engine().load(_database(), path, said)
    call_command("migrate", interactive=False, verbosity=0)
    detail = {"sha256": said.sha256, "made": said.made, "over": lost.rows, "last": lost.last}
    audit.record_operation("database.restore", detail=detail)
    return said


def _database() -> BaseDatabaseWrapper:
    """What `connection` stands for."""
    return connections[connection.alias]


def _engine() -> Any:
    """The module that knows this kind of database."""
    from clinik.backups import postgresql, sqlite

    engines: dict[str, ModuleType] = {"sqlite": sqlite, "postgresql": postgresql}
    return engines[connection.vendor]


def _read(path: Path) -> Manifest:
    if not path.is_file():
        raise BackupError(_("There is no file %s.") % path)
    said = manifests.read(path)
    if said.vendor != connection.vendor:
        words = _("This is a backup of %(theirs)s; DATABASE_URL names a database of %(ours)s.")
        raise BackupError(words % {"theirs": said.vendor, "ours": connection.vendor})
    return said


def _applied() -> list[str]:
    loader = MigrationLoader(connection)
    return sorted(f"{app}.{name}" for app, name in loader.applied_migrations)


@contextmanager
def _whole_or_not(path: Path) -> Iterator[Path]:
    """An empty file to write into, which gets its name, with its manifest, when it is whole."""
    with _in_words(path):
        # Only its owner may enter a folder that mkdtemp makes.
        folder = Path(tempfile.mkdtemp(prefix=".clinik-backup-", dir=path.parent))
        try:
            part = folder / path.name
            part.touch(mode=0o600)
            yield part
            beside = manifests.beside(part)
            for written in (part, beside):
                written.chmod(0o600)
                _reach_the_disk(written)
            # The manifest first: a backup never stands without one.
            beside.rename(manifests.beside(path))
            part.rename(path)
            _reach_the_disk(path.parent)
        finally:
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _in_words(path: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, SQLiteError, DatabaseError) as error:
        words = _("%(path)s: %(error)s. Nothing was changed and nothing left behind; is the disk")
        words += _(" full or the folder not writable?")
        raise BackupError(words % {"path": path, "error": error}) from error


def _reach_the_disk(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
