"""Alive, ready, and the log: what those who run it are told, and what they are not."""

import json
import logging
from typing import Any
from unittest.mock import patch

import pytest
from django.db import IntegrityError, OperationalError, connection
from django.test import Client, RequestFactory

from clinik import guards
from clinik.logs import JsonFormatter, WithoutQuery
from clinik.roles import FRONT_DESK
from tests.factories import UserFactory


def test_alive_is_answered_without_the_database(client: Client) -> None:
    """No database mark: any query would fail this test."""
    client.cookies["sessionid"] = "left" * 8
    answer = client.get("/healthz")
    assert (answer.status_code, answer.content) == (200, b"ok\n")


@pytest.mark.django_db
def test_ready_is_told_to_strangers(client: Client) -> None:
    answer = client.get("/readyz")
    assert (answer.status_code, answer.content) == (200, b"ready\n")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("broken", "check"),
    [
        ("database_answers", "database"),
        ("migrations_are_applied", "migrations"),
        ("guards_stand", "guards"),
        ("cache_answers", "cache"),
    ],
)
def test_not_ready_is_said_without_saying_why(
    client: Client, broken: str, check: str, caplog: pytest.LogCaptureFixture
) -> None:
    from clinik import health

    assert health.CHECKS[check] is getattr(health, broken)
    failing = {check: lambda: (_ for _ in ()).throw(OperationalError("password=secret"))}
    with patch.dict(health.CHECKS, failing), caplog.at_level(logging.ERROR):
        answer = client.get("/readyz")
    assert answer.status_code == 503
    said = answer.content.decode()
    assert answer.headers["X-Request-ID"] in said
    assert check not in said
    assert "secret" not in said
    assert [record.check for record in caplog.records if hasattr(record, "check")] == [check]


@pytest.mark.django_db
def test_a_missing_migration_and_a_missing_guard_are_noticed(client: Client) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'records'")
    assert client.get("/readyz").status_code == 503
    with patch.object(guards, "standing", return_value={}):
        assert guards.missing()
        assert client.get("/readyz").status_code == 503


def line_of(record: logging.LogRecord) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(JsonFormatter().format(record))
    return found


def make(name: str, words: str, *args: Any, **extra: Any) -> logging.LogRecord:
    logger = logging.getLogger(name)
    error = extra.pop("exc_info", None)
    return logger.makeRecord(name, logging.ERROR, "file", 1, words, args, error, extra=extra)


def test_a_line_is_json_and_says_what_and_when() -> None:
    line = line_of(make("clinik.health", "not ready", check="guards"))
    assert line["says"] == "not ready"
    assert (line["level"], line["logger"], line["check"]) == ("ERROR", "clinik.health", "guards")
    assert line["at"].endswith("+00:00")


def test_a_line_about_a_request_has_its_route_and_neither_path_nor_query() -> None:
    request: Any = RequestFactory().get("/patients/Paula-Person/?q=Person")
    request.request_id = "abc123"
    record = make(
        "django.request", "%s: %s", "Not Found", request.path, request=request, status_code=404
    )
    line = line_of(record)
    assert (line["request"], line["status"], line["route"]) == ("abc123", 404, "")
    assert "Paula" not in json.dumps(line)
    assert "Person" not in json.dumps(line)


def test_an_exception_is_told_by_its_class_and_place() -> None:
    try:
        try:
            raise OperationalError("Key (family)=(Person) already exists")
        except OperationalError as error:
            raise IntegrityError("Paula Person, born 1970") from error
    except IntegrityError as error:
        record = make("django.request", "failed", exc_info=(type(error), error, None))
        line = line_of(record)
    assert [each["class"] for each in line["error"]] == ["IntegrityError", "OperationalError"]
    assert "tests/clinik/test_operation.py" in line["error"][0]["at"][-1]
    assert "Person" not in json.dumps(line)


def test_the_development_server_logs_no_query() -> None:
    record = make("django.server", '"%s" %s', "GET /patients/?q=Person HTTP/1.1", "200")
    assert WithoutQuery().filter(record)
    assert record.getMessage() == '"GET /patients/ …" 200'


@pytest.mark.django_db
def test_each_request_leaves_one_line_that_names_nobody(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    user = UserFactory(role=FRONT_DESK)
    client.force_login(user)
    with caplog.at_level(logging.INFO, logger="clinik.requests"):
        answer = client.get("/patients/", {"q": "Person"})
    records = [record for record in caplog.records if record.name == "clinik.requests"]
    assert len(records) == 1
    line = line_of(records[0])
    assert (line["method"], line["route"], line["status"]) == ("GET", "patients/", 200)
    assert line["user"] == user.pk
    assert answer.status_code == 200
    assert "Person" not in "".join(JsonFormatter().format(record) for record in caplog.records)
