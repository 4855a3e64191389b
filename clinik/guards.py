"""Guards in the database: what no statement may do, whoever sends it and past every verb.

Rows of a `Kept` model are neither deleted nor truncated nor replaced, rows of a `WrittenOnce` model
and of every history do not change either, columns that a model calls `Fixed` keep their value, and
a record's patient is its visit's. Read off the models, so a new one is guarded without being
listed.

They are triggers, made by post_migrate and never by a migration: SQLite drops a table's triggers
whenever a migration rebuilds it, and refuses to rename a table that another one's trigger names.
So pre_migrate takes them away where there is something to migrate, and `migrate` puts them back
also where a migration fails. A process killed in between leaves them away: /readyz and `check` say
so until the next `migrate`. A trigger's name holds a digest of what it says, so what stands is
compared by names and an unchanged database is left alone.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.apps import AppConfig
from django.apps import apps as global_apps
from django.apps.registry import Apps
from django.core import checks
from django.db import DatabaseError, connections, models, transaction
from simple_history.models import HistoricalChanges

_PREFIX = "clinik_guard_"


class Kept(models.Model):
    """Abstract. Rows that the database neither deletes nor truncates nor replaces."""

    class Meta:
        abstract = True


class WrittenOnce(Kept):
    """Abstract. Rows that do not change either."""

    class Meta:
        abstract = True


@dataclass(frozen=True, init=False)
class Fixed:
    """Fields whose value stays as inserted; with `when`, as soon as that text column says
    something. Models list theirs in `guards`."""

    fields: tuple[str, ...]
    when: str

    def __init__(self, *fields: str, when: str = "") -> None:
        object.__setattr__(self, "fields", fields)
        object.__setattr__(self, "when", when)


@dataclass(frozen=True)
class Rule:
    """One trigger, in words that both databases read: before `event` on `table`, unless `holds`.

    `holds` is "" for a refusal without a condition. `visits` is set for the rule that asks another
    table, which PostgreSQL answers by a function.
    """

    table: str
    kind: str
    event: str
    message: str
    broken: str = ""
    visits: str = ""


def is_kept(model: type[models.Model]) -> bool:
    return issubclass(model, Kept | HistoricalChanges)


def is_written_once(model: type[models.Model]) -> bool:
    return issubclass(model, WrittenOnce | HistoricalChanges)


def rules_of(model: type[models.Model], vendor: str) -> Iterator[Rule]:
    """The guards of one model's table, none for one that is not kept."""
    if not is_kept(model) or model._meta.proxy or not model._meta.managed:
        return
    table = model._meta.db_table
    yield Rule(table, "kept", "DELETE", "is never deleted")
    if vendor == "postgresql":
        yield Rule(table, "truncated", "TRUNCATE", "is never deleted")
    if is_written_once(model):
        yield Rule(table, "once", "UPDATE", "is written once and never changed")
        return
    for number, fixed in enumerate(_fixed(model)):
        names = " or ".join(fixed.fields)
        message = f"does not change its {names}"
        if fixed.when:
            message += f" once it has a {fixed.when}"
        yield Rule(table, f"fixed{number}", "UPDATE", message, _differs(model, fixed, vendor))
    if visits := _visits_of(model):
        for event in ("INSERT", "UPDATE OF encounter_id, patient_id"):
            kind = "whose_" + event[:6].lower()
            yield Rule(table, kind, event, "is about its visit's patient", "", visits)


def _fixed(model: type[models.Model]) -> Iterator[Fixed]:
    yield from getattr(model, "guards", ())
    if _visits_of(model):
        yield Fixed("patient_id")


def _differs(model: type[models.Model], fixed: Fixed, vendor: str) -> str:
    """SQL: one of the columns is about to change."""
    columns = {field.attname: field.column for field in model._meta.concrete_fields}
    distinct = "IS DISTINCT FROM" if vendor == "postgresql" else "IS NOT"
    changed = " OR ".join(
        f'OLD."{columns[name]}" {distinct} NEW."{columns[name]}"' for name in fixed.fields
    )
    return f"OLD.\"{columns[fixed.when]}\" <> '' AND ({changed})" if fixed.when else changed


def _visits_of(model: type[models.Model]) -> str:
    """The table of visits, for a model that names a visit and a patient; else ""."""
    names = {field.name: field for field in model._meta.local_concrete_fields}
    visit: Any = names.get("encounter")
    if visit is None or "patient" not in names or not visit.is_relation:
        return ""
    return visit.related_model._meta.db_table


def _statement(rule: Rule, vendor: str) -> tuple[str, str]:
    """(name, SQL) of a rule's trigger."""
    make = _postgresql if vendor == "postgresql" else _sqlite
    body = make(rule)
    said = body + (_functions(rule.visits) if vendor == "postgresql" else "")
    name = f"{_PREFIX}{rule.kind}_{hashlib.sha256(said.encode()).hexdigest()[:12]}"
    return name, body.replace("NAME", name, 1)


def _sqlite(rule: Rule) -> str:
    broken = rule.broken
    if rule.visits:
        # A visit that is not there is the foreign key's to refuse.
        broken = (
            "NEW.encounter_id IS NOT NULL AND EXISTS"
            f' (SELECT 1 FROM "{rule.visits}" visit'
            " WHERE visit.id = NEW.encounter_id AND visit.patient_id <> NEW.patient_id)"
        )
    when = f" WHEN {broken}" if broken else ""
    message = f"{rule.table}: a row {rule.message}".replace("'", "''")
    return (
        f'CREATE TRIGGER NAME BEFORE {rule.event} ON "{rule.table}" FOR EACH ROW{when}'
        f" BEGIN SELECT RAISE(ABORT, '{message}'); END"
    )


def _postgresql(rule: Rule) -> str:
    each = "STATEMENT" if rule.event == "TRUNCATE" else "ROW"
    broken = "NEW.encounter_id IS NOT NULL" if rule.visits else rule.broken
    when = f" WHEN ({broken})" if broken else ""
    function = _same_patient(rule.visits) if rule.visits else "clinik_refuse"
    message = f"{rule.table}: a row {rule.message}".replace("'", "''")
    return (
        f'CREATE TRIGGER NAME BEFORE {rule.event} ON "{rule.table}" FOR EACH {each}{when}'
        f" EXECUTE FUNCTION {function}('{message}')"
    )


def _same_patient(visits: str) -> str:
    return f"clinik_same_patient_{visits}"


def _functions(visits: str = "") -> str:
    """PostgreSQL's triggers call functions: one refuses, one looks the visit's patient up."""
    refuse = (
        "RAISE EXCEPTION '%', TG_ARGV[0] USING ERRCODE = 'integrity_constraint_violation',"
        " CONSTRAINT = TG_NAME;"
    )
    sql = (
        "CREATE OR REPLACE FUNCTION clinik_refuse() RETURNS trigger LANGUAGE plpgsql AS"
        f" $guard$ BEGIN {refuse} END $guard$;"
    )
    if visits:
        sql += (
            f" CREATE OR REPLACE FUNCTION {_same_patient(visits)}() RETURNS trigger"
            " LANGUAGE plpgsql AS $guard$ BEGIN"
            f' IF EXISTS (SELECT 1 FROM "{visits}" visit'
            " WHERE visit.id = NEW.encounter_id AND visit.patient_id <> NEW.patient_id)"
            f" THEN {refuse} END IF; RETURN NEW; END $guard$;"
        )
    return sql


def expected(found: Iterable[type[models.Model]], vendor: str) -> dict[str, dict[str, str]]:
    """By table: the triggers that should stand, name -> SQL."""
    made: dict[str, dict[str, str]] = {}
    for model in found:
        for rule in rules_of(model, vendor):
            name, sql = _statement(rule, vendor)
            made.setdefault(rule.table, {})[name] = sql
    return made


_STANDING = {
    "sqlite": "SELECT tbl_name, name FROM sqlite_master WHERE type = 'trigger'",
    # A trigger that was switched off does not stand.
    "postgresql": (
        "SELECT relname, tgname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid"
        " WHERE NOT tgisinternal AND tgenabled IN ('O', 'A') AND pg_table_is_visible(tgrelid)"
    ),
}


def standing(using: str = "default") -> dict[str, set[str]]:
    """By table: the names of our triggers in the database."""
    connection = connections[using]
    found: dict[str, set[str]] = {}
    with connection.cursor() as cursor:
        cursor.execute(_STANDING[connection.vendor])
        for table, name in cursor.fetchall():
            if name.startswith(_PREFIX):
                found.setdefault(table, set()).add(name)
    return found


def missing(using: str = "default") -> list[str]:
    """Tables that lack a guard of theirs."""
    stands = standing(using)
    wanted = expected(global_apps.get_models(), connections[using].vendor)
    return sorted(table for table, names in wanted.items() if names.keys() - stands.get(table, ()))


def install(found: Iterable[type[models.Model]], using: str = "default") -> None:
    """Make the guards of these models stand, and no others on their tables."""
    connection = connections[using]
    stands = standing(using)
    wanted = expected(found, connection.vendor)
    drops = {table: stands.get(table, set()) - names.keys() for table, names in wanted.items()}
    makes = [
        sql
        for table, names in wanted.items()
        for name, sql in names.items()
        if name not in stands.get(table, ())
    ]
    with transaction.atomic(using), connection.cursor() as cursor:
        _drop(drops, cursor, connection.vendor)
        if makes and connection.vendor == "postgresql":
            for visits in {_visits_of(model) for model in global_apps.get_models()}:
                cursor.execute(_functions(visits))
        for sql in makes:
            cursor.execute(sql)


def install_where_possible(using: str = "default") -> None:
    """After a migration that failed: guard every table that has the columns its guards speak of.

    Whatever else it has or lacks: half of a migration may have been done to it.
    """
    connection = connections[using]
    with connection.cursor() as cursor:
        introspection = connection.introspection
        tables = set(introspection.table_names(cursor))
        found = [
            model
            for model in global_apps.get_models()
            if is_kept(model)
            and model._meta.db_table in tables
            and _columns_named(model)
            <= {c.name for c in introspection.get_table_description(cursor, model._meta.db_table)}
        ]
    install(found, using)


def _columns_named(model: type[models.Model]) -> set[str]:
    """The columns that a model's guards read."""
    if is_written_once(model):
        return set()
    columns = {field.attname: str(field.column) for field in model._meta.concrete_fields}
    named = [name for fixed in _fixed(model) for name in (*fixed.fields, fixed.when) if name]
    if _visits_of(model):
        named += ["encounter_id", "patient_id"]
    return {columns[name] for name in named}


def remove(using: str = "default", tables: Iterable[str] | None = None) -> None:
    """Take the guards away, of these tables or of all."""
    connection = connections[using]
    stands = standing(using)
    with transaction.atomic(using), connection.cursor() as cursor:
        _drop({t: stands.get(t, set()) for t in tables or stands}, cursor, connection.vendor)


def _drop(names: Mapping[str, Iterable[str]], cursor: Any, vendor: str) -> None:
    for table, triggers in names.items():
        for name in triggers:
            of = f' ON "{table}"' if vendor == "postgresql" else ""
            cursor.execute(f"DROP TRIGGER {name}{of}")


def before_migrate(*, using: str, plan: Any = (), **kwargs: Any) -> None:
    """Receiver of pre_migrate: nothing stands in the way of a migration that rebuilds a table."""
    if plan:
        remove(using)


def after_migrate(
    *, app_config: AppConfig, using: str, apps: Apps = global_apps, **kwargs: Any
) -> None:
    """Receiver of post_migrate, once for each app: its tables are guarded.

    After a migration back to an early state, a table that then had other columns is left out.
    """
    install(
        [model for model in app_config.get_models() if _is_as_today(model, apps)],
        using,
    )


def _is_as_today(model: type[models.Model], state: Apps) -> bool:
    try:
        then = state.get_model(model._meta.label)
    except LookupError:
        return False
    columns = {field.column for field in then._meta.concrete_fields}
    return columns >= {field.column for field in model._meta.concrete_fields}


def check_standing(databases: Iterable[str] | None = None, **kwargs: Any) -> list[Any]:
    """`manage.py check --database default`: every guard stands."""
    found = []
    for using in databases or ():
        try:
            tables = set(connections[using].introspection.table_names())
            lacking = sorted(tables.intersection(missing(using)))
        except DatabaseError:
            continue
        if lacking:
            found.append(
                checks.Warning(
                    f"These tables lack guards against deletion and change: {', '.join(lacking)}.",
                    hint="Run `manage.py migrate`: it makes them stand again.",
                    id="clinik.W001",
                )
            )
    return found
