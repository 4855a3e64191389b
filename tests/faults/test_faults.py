"""What the scripts beside this file do 1,000 times, a few times: real workers, real database."""

import threading
import time

import pytest
from django.db import connection
from django.test import Client

from records.models import Note
from tests.faults import (
    four_writers,
    full_disk,
    kill_worker,
    lost_answer,
    send_twice,
    ten_tabs,
    two_steps,
)
from tests.faults.clinic import Outcome, notes, serve, tabs, url_of, write

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def roles(transactional_db: None) -> None:
    """The tests before have emptied the tables, the roles with them."""
    from clinik.roles import sync_after_migrate

    sync_after_migrate()


def test_killed_worker_loses_no_note_and_doubles_none() -> None:
    outcome, killed = kill_worker.run(url_of(connection), writes=40, every=15)
    assert killed >= 2
    assert len(outcome.acknowledged) == 40
    assert (outcome.lost(), outcome.doubled()) == (0, 0)


def test_people_who_press_twice_in_many_tabs_over_bad_lines_and_at_once_do_each_thing_once() -> (
    None
):
    with serve(url_of(connection)) as served:
        twice = send_twice.run(served, 12)
        lost = lost_answer.run(served, 12)
        shuffled = ten_tabs.run(served, 20)
        pressed = two_steps.run(served, 6)
    assert twice.answers == {302: 24}
    assert lost.answers == {302: 12}
    assert (shuffled.outcome.answers, shuffled.crossed()) == ({302: 18}, 0)
    assert set(shuffled.mixed_up) == {404}
    assert [each.lost() for each in (twice, lost, shuffled.outcome)] == [0, 0, 0]
    assert (lost.halves(), Note.objects.count()) == (0, 12 + 12 + 18)
    assert two_steps.wrong(pressed) == []


def test_four_processes_write_at_once_and_none_meets_a_lock() -> None:
    errors, made = four_writers.run(200)
    assert (errors, made) == ([], 200)


def test_full_disk_answers_503_keeps_what_was_written_and_goes_on_when_there_is_room() -> None:
    if connection.vendor != "sqlite":
        pytest.skip("a limit on the size of files is SQLite's disk; PostgreSQL's is its server's")
    outcome = full_disk.run(url_of(connection), writes=40, refusals=3)
    assert set(outcome.answers) == {302, 503}
    assert "Not available just now" in outcome.page
    assert len(outcome.acknowledged) == 40
    assert (outcome.lost(), outcome.doubled()) == (0, 0)


def test_connections_cut_by_the_database_are_taken_anew() -> None:
    """What a restart of PostgreSQL does to them; the script restarts it."""
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has no server")
    forms, outcome = notes(tabs(4), 40), Outcome()
    with serve(url_of(connection)) as served:
        writing = threading.Thread(target=write, args=(served, forms, outcome))
        writing.start()
        for goal in (10, 20, 30):
            while len(outcome.acknowledged) < goal:
                time.sleep(0.01)
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
        writing.join()
    assert set(outcome.answers) <= {302, 503}
    assert len(outcome.acknowledged) == 40
    assert (outcome.lost(), outcome.doubled()) == (0, 0)


def test_a_database_that_fails_before_the_view_answers_503(monkeypatch: pytest.MonkeyPatch) -> None:
    """The login is read before any view is asked: that it cannot be is no error of ours."""
    from django.db import OperationalError

    from clinik.session_store import SessionStore

    def fail(*_args: object) -> None:
        raise OperationalError("the database system is starting up")

    monkeypatch.setattr(SessionStore, "load", fail)
    client = Client(raise_request_exception=False)
    client.cookies["sessionid"] = "k" * 32
    answer = client.get("/")
    assert answer.status_code == 503
    assert "Not available just now" in answer.content.decode()
