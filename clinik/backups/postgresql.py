"""Backups of a PostgreSQL database: pg_dump and the manifest read one exported snapshot."""

import os
import shutil
import subprocess
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any

from django.db import DatabaseError, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.utils.translation import gettext as _

from clinik.backups.manifest import BackupError, Manifest, Table, differences

SUFFIX = ".dump"
# So that rows read the same wherever they are restored.
_PLAIN = (
    "SET LOCAL TimeZone = 'UTC'; SET LOCAL DateStyle = 'ISO'; SET LOCAL IntervalStyle = 'iso_8601';"
    " SET LOCAL extra_float_digits = 1; SET LOCAL bytea_output = 'hex'"
)
# A digest of each row, and the sum of them modulo 2**128.
_DIGEST = (
    "SELECT count(*), mod(mod(coalesce(sum("
    " ('x' || left(md5, 16))::bit(64)::bigint::numeric * 18446744073709551616"
    " + ('x' || right(md5, 16))::bit(64)::bigint::numeric), 0),"
    f" {2**128}) + {2**128}, {2**128})"
    " FROM (SELECT md5(t::text) AS md5 FROM public.%s t) AS rows"
)


def dump(connection: BaseDatabaseWrapper, target: Path) -> dict[str, Table]:
    """Write the database into `target`; what its tables hold in the same snapshot."""
    with _separate(connection) as mine, transaction.atomic(mine.alias), mine.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        cursor.execute("SELECT pg_export_snapshot()")
        snapshot = cursor.fetchone()[0]
        _run(
            mine,
            *("pg_dump", "--format=custom", "--no-owner", "--no-privileges", "--no-comments"),
            *(f"--snapshot={snapshot}", f"--file={target}"),
        )
        return digests(cursor)


def check(connection: BaseDatabaseWrapper, backup: Path, manifest: Manifest) -> Iterator[str]:
    """Restore the backup into a database of its own, and drop that: what is not as it was.

    Raises BackupError where no database can be made or the backup cannot be restored.
    """
    name = f"clinik_verify_{uuid.uuid4().hex[:12]}"
    with _separate(connection) as outer, outer.cursor() as cursor:
        try:
            cursor.execute(f"CREATE DATABASE {name} TEMPLATE template0")
        except DatabaseError as error:
            words = _("No database could be made to restore into: %(error)s Give a role with")
            words += _(" CREATEDB in DATABASE_URL, or verify in bin/postgres-scratch.")
            raise BackupError(words % {"error": error}) from error
        try:
            with _separate(connection, NAME=name) as scratch:
                _run(scratch, "psql", *_IN_ONE, "--file=-", restoring=backup)
                with transaction.atomic(scratch.alias), scratch.cursor() as inner:
                    found = digests(inner)
            yield from differences(manifest.tables, found)
        finally:
            cursor.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def load(connection: BaseDatabaseWrapper, backup: Path, manifest: Manifest) -> None:
    """Put the backup in the place of all tables, in one transaction.

    The transaction ends with comparing each table with the manifest, so what does not fit leaves
    the old database. Raises BackupError.
    """
    connection.ensure_connection()
    quickly = "SET LOCAL lock_timeout = '30s'; SET LOCAL client_min_messages = 'warning'"
    steps = (quickly, _EMPTY, None, _compare(manifest), _END_SESSIONS)
    arguments = [f"--command={step}" if step else "--file=-" for step in steps]
    _run(connection, "psql", *_IN_ONE, *arguments, restoring=backup)
    connection.close()


_IN_ONE = ("--no-psqlrc", "--quiet", "--single-transaction", "--set", "ON_ERROR_STOP=1")

# No DROP SCHEMA: on older versions the schema is not the role's own.
_EMPTY = """DO $empty$ DECLARE it text; BEGIN
FOR it IN SELECT format('%I', tablename) FROM pg_tables WHERE schemaname = 'public' LOOP
    EXECUTE 'DROP TABLE public.' || it || ' CASCADE'; END LOOP;
FOR it IN SELECT p.oid::regprocedure FROM pg_proc p WHERE pronamespace = 'public'::regnamespace
    AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e') LOOP
    EXECUTE 'DROP FUNCTION ' || it || ' CASCADE'; END LOOP;
FOR it IN SELECT format('%I', sequencename) FROM pg_sequences WHERE schemaname = 'public' LOOP
    EXECUTE 'DROP SEQUENCE public.' || it || ' CASCADE'; END LOOP;
END $empty$"""

_END_SESSIONS = """DO $ends$ DECLARE it text; BEGIN
FOREACH it IN ARRAY ARRAY['public.clinik_session', 'public.django_session'] LOOP
    IF to_regclass(it) IS NOT NULL THEN EXECUTE 'DELETE FROM ' || it; END IF; END LOOP;
END $ends$"""


def _compare(manifest: Manifest) -> str:
    """A statement that fails where a table differs from the manifest."""
    asked = "".join(
        f"SELECT concat_ws(' ', a, b) INTO found FROM ({_DIGEST % _quoted(name)}) AS d(a, b);"
        f" IF found <> '{table.rows} {int(table.digest, 16)}' THEN"
        f" RAISE EXCEPTION '% is not as the manifest says', {_literal(name)}; END IF;\n"
        for name, table in manifest.tables.items()
    )
    return f"{_PLAIN}; DO $compare$ DECLARE found text; BEGIN {asked} END $compare$"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def digests(cursor: Any) -> dict[str, Table]:
    """Of every table; within a transaction."""
    cursor.execute(_PLAIN)
    cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
    found = {}
    for (name,) in cursor.fetchall():
        cursor.execute(_DIGEST % _quoted(name))
        rows, total = cursor.fetchone()
        found[name] = Table(rows, f"{int(total):032x}")
    return found


@contextmanager
def _separate(connection: BaseDatabaseWrapper, **settings: Any) -> Iterator[BaseDatabaseWrapper]:
    """Another connection than the thread's own, which may be amid a transaction."""
    alias = f"backup_{uuid.uuid4().hex[:8]}"
    mine = type(connection)({**connection.settings_dict, **settings}, alias)
    connections[alias] = mine
    try:
        yield mine
    finally:
        mine.close()
        del connections[alias]


def program(name: str, version: int = 0) -> str:
    """Where a program of PostgreSQL is: in $PGBIN, Debian's of the server's version, in PATH.

    An older one cannot read the server, and a newer one writes what the server does not know.
    """
    debian = Path("/usr/lib/postgresql")
    newest = sorted(debian.glob(f"*/bin/{name}"), key=lambda path: int(path.parts[4]), reverse=True)
    for path in (
        Path(os.environ.get("PGBIN", "/nowhere"), name),
        debian / str(version) / "bin" / name,
        Path(shutil.which(name) or "/nowhere"),
        *newest,
    ):
        if path.is_file():
            return str(path)
    words = _("%(name)s was not found. On Debian or Ubuntu: apt-get install postgresql-client")
    raise BackupError(words % {"name": name})


def _run(
    connection: BaseDatabaseWrapper, name: str, *arguments: str, restoring: Path | None = None
) -> None:
    """Run a program of PostgreSQL against the connection's database; BackupError where it fails.

    `restoring`: a backup, which the program gets as SQL.
    """
    version = getattr(connection, "pg_version", 0) // 10_000
    command = [program(name, version), f"--dbname={_conninfo(connection)}", *arguments]
    # The password goes by the environment: everybody on the machine reads command lines.
    password = connection.get_connection_params().get("password")
    environment = os.environ | ({"PGPASSWORD": password} if password else {})
    with TemporaryFile() as errors:
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE if restoring else subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=errors,
            env=environment,
        )
        if restoring:
            _feed(process, [program("pg_restore", version), *_AS_SQL, str(restoring)], errors)
        code = process.wait()
        errors.seek(0)
        said = errors.read().decode(errors="replace").strip()[-2000:]
    if code:
        words = _("%(name)s ended with %(code)d: %(said)s")
        raise BackupError(words % {"name": name, "code": code, "said": said})


def _feed(process: subprocess.Popen[bytes], command: Sequence[str], errors: IO[bytes]) -> None:
    """Hand the output of a command to the process, which dies where that does not end well.

    Otherwise half a backup would be a whole transaction.
    """
    source = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors)
    assert source.stdout
    assert process.stdin
    with source.stdout, suppress(BrokenPipeError):
        shutil.copyfileobj(source.stdout, process.stdin, 1 << 20)
    if source.wait():
        process.kill()
    with suppress(BrokenPipeError):
        process.stdin.close()


def _conninfo(connection: BaseDatabaseWrapper) -> str:
    from psycopg.conninfo import make_conninfo

    given = connection.get_connection_params()
    return make_conninfo(**{key: given[key] for key in _LIBPQ if given.get(key)})


_AS_SQL = ("--no-owner", "--no-privileges", "--file=-")
# What of Django's parameters is libpq's; all but the password.
_LIBPQ = (
    *("host", "hostaddr", "port", "user", "dbname", "passfile", "service", "options"),
    *("sslmode", "sslcert", "sslkey", "sslrootcert", "sslcrl", "channel_binding"),
    *("connect_timeout", "target_session_attrs"),
)
