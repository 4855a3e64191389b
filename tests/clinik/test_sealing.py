"""The seals over the trail: what was changed, taken out or put in behind them is named."""

import datetime as dt
import random
import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from clinik import audit, clock, sealing
from clinik.models import AuditEvent, AuditSeal
from clinik.sealing import seal_events, verify
from tests.factories import PatientFactory, UserFactory
from tests.lifting import lifted

pytestmark = pytest.mark.django_db


def fill(number: int) -> None:
    """Events of many kinds: with a person and without, refused, with fields, detail and reason."""
    by, patient = UserFactory(role="Nurse"), PatientFactory()
    for count in range(number):
        if count % 3 == 0:
            audit.record_view(patient, by=by)
        elif count % 3 == 1:
            audit.record("patient.change", patient, by=by, fields=["city"], reason="Moved “away”")
        else:
            audit.record_login("user.log_in_failed", by, detail={"number": count, "half": 0.5})


@pytest.fixture
def sealed(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The ids of 60 events under 6 seals, and 5 events that are not sealed yet."""
    monkeypatch.setattr(sealing, "BATCH", 10)
    fill(60)
    seal_events(patience=0)
    ids = list(AuditEvent.objects.order_by("id").values_list("id", flat=True))
    fill(5)
    return ids


def found() -> list[tuple[int | None, str]]:
    return [(finding.event, finding.what) for finding in verify()]


def test_what_is_as_it_was_sealed_is_found_so(sealed: list[int]) -> None:
    assert AuditSeal.objects.count() == 6
    assert found() == []
    assert sealing.unsealed() == 5


def test_sealing_again_seals_only_what_is_new(sealed: list[int]) -> None:
    done = seal_events(patience=0)
    assert (done.events, done.seals) == (5, 1)
    head = done.head
    done = seal_events(patience=0)
    assert (done.events, done.seals, done.head) == (0, 0, head)
    assert found() == []


def _change(**values: Any) -> Callable[[int], None]:
    return lambda pk: _update(pk, **values)


def _update(pk: int, **values: Any) -> None:
    AuditEvent.objects.filter(pk=pk).update(**values)


def _later(pk: int) -> None:
    _update(pk, at=AuditEvent.objects.get(pk=pk).at + dt.timedelta(microseconds=1))


def _swap_person(pk: int) -> None:
    _update(pk, by=UserFactory(), role="")


def _delete(pk: int) -> None:
    AuditEvent.objects.filter(pk=pk)._raw_delete("default")


CHANGES: list[Callable[[int], None]] = [
    _later,
    _swap_person,
    _delete,
    _change(action="C"),
    _change(act="patient.print"),
    _change(outcome="8"),
    _change(role="Clinician"),
    _change(address="192.0.2.1"),
    _change(request_id="x"),
    _change(object_type="encounters.encounter"),
    _change(object_id="other"),
    _change(patient_id="01900000-0000-7000-8000-000000000001"),
    _change(encounter_id="01900000-0000-7000-8000-000000000001"),
    _change(fields=["city "]),
    _change(version=99),
    _change(detail={"number": 1}),
    _change(reason='Moved "away"'),
]


def test_100_changes_behind_the_guards_are_found_and_named(sealed: list[int]) -> None:
    chance = random.Random(20260102)
    with lifted(AuditEvent):
        for number in range(100):
            pk = chance.choice(sealed)
            point = transaction.savepoint()
            CHANGES[number % len(CHANGES)](pk)
            assert [event for event, _what in found()] == [pk], number
            transaction.savepoint_rollback(point)
    assert found() == []


def test_every_column_of_an_event_is_sealed() -> None:
    columns = {field.attname for field in AuditEvent._meta.concrete_fields}
    assert set(sealing._COLUMNS[sealing.FORM]) == columns


def test_row_put_in_between_sealed_ones_is_found(sealed: list[int]) -> None:
    with lifted(AuditEvent):
        _delete(sealed[17])
    seal_events(patience=0)
    # Into the gap that a rolled back transaction leaves, and before the first seal.
    for pk in (sealed[17], 0):
        event = AuditEvent.objects.get(pk=sealed[18])
        event.pk = pk
        event.save(force_insert=True)
    assert (sealed[17], "was changed") in found()


def test_broken_chain_is_found(sealed: list[int]) -> None:
    """A seal taken out, or made anew over changed events as if nothing had been."""
    with lifted(AuditSeal, AuditEvent):
        point = transaction.savepoint()
        AuditSeal.objects.filter(pk=AuditSeal.objects.all()[3].pk)._raw_delete("default")
        assert found() == [(None, "does not follow the seal before it")]
        transaction.savepoint_rollback(point)

        seal = AuditSeal.objects.all()[2]
        _update(seal.first, role="Clinician")
        rows = sealing._rows(seal.first - 1, seal.last, seal.form)
        seal.leaves = b"".join(sealing.leaf(row) for row in rows)
        AuditSeal.objects.filter(pk=seal.pk).update(leaves=seal.leaves)
        assert found() == [(None, "was changed")]
        AuditSeal.objects.filter(pk=seal.pk).update(digest=sealing.chain_digest(seal))
        assert found() == [(None, "does not follow the seal before it")]


def test_head_kept_elsewhere_shows_that_the_end_was_cut_off(sealed: list[int]) -> None:
    head = AuditSeal.objects.all()[0].digest
    assert list(verify(head=head)) == []
    with lifted(AuditSeal):
        AuditSeal.objects.filter(digest=head)._raw_delete("default")
    assert found() == []
    assert [finding.event for finding in verify(head=head)] == [None]


def test_commands_say_what_they_find_and_end_with_it(sealed: list[int], capsys: Any) -> None:
    call_command("seal_audit")
    assert "5 events sealed in 1 seals. Head: " in capsys.readouterr().out
    call_command("verify_audit")
    assert "is as it was sealed; 0 events" in capsys.readouterr().out
    with lifted(AuditEvent):
        _update(sealed[3], reason="Because")
    with pytest.raises(CommandError, match="1 findings"):
        call_command("verify_audit")
    said = capsys.readouterr().out
    assert f"event {sealed[3]} was changed" in said
    assert "Because" not in said


@pytest.mark.django_db(transaction=True)
def test_lower_id_that_commits_later_is_waited_for() -> None:
    """PostgreSQL draws ids before their transactions commit; SQLite has one writer at a time."""
    if connection.vendor != "postgresql":
        pytest.skip("only PostgreSQL has several writers at a time")
    drawn, go_on = threading.Event(), threading.Event()

    def slow() -> None:
        with transaction.atomic():
            audit.record_login("user.log_out", None)
            drawn.set()
            go_on.wait(10)
        connection.close()

    writer = threading.Thread(target=slow)
    writer.start()
    drawn.wait(10)
    audit.record_login("user.log_in", None)
    with pytest.raises(sealing.StillWriting):
        seal_events(patience=0)
    assert not AuditSeal.objects.exists()
    go_on.set()
    writer.join()
    assert seal_events(patience=5).events == 2
    assert found() == []


def test_sealing_is_of_the_time_that_the_clock_says() -> None:
    fill(1)
    before = clock.now()
    seal_events(patience=0)
    assert AuditSeal.objects.get().at >= before
