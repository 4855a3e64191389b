"""Acting in the past: the request's clock set back, and rows stamped with that time."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import models
from django.db.models.signals import post_save
from simple_history.signals import pre_create_historical_record

from clinik import clock
from clinik.models import ClinikModel


@contextmanager
def at(moment: dt.datetime) -> Iterator[None]:
    """Within, clock.now() is `moment`, as it is within one request."""
    token = clock.request_now.set(moment)
    try:
        yield
    finally:
        clock.request_now.reset(token)


class Stamps:
    """When each row was written, by the demo's clock: auto_now asks the real one."""

    def __init__(self) -> None:
        self.created: dict[tuple[type[models.Model], dt.datetime], list[Any]] = defaultdict(list)
        self.updated: dict[type[models.Model], dict[Any, dt.datetime]] = defaultdict(dict)

    def saved(self, sender: Any, instance: Any, created: bool, **kwargs: Any) -> None:
        if not issubclass(sender, ClinikModel):
            return
        if created:
            self.created[sender, clock.now()].append(instance.pk)
        else:
            self.updated[sender][instance.pk] = clock.now()

    def recorded(self, sender: Any, history_instance: Any, **kwargs: Any) -> None:
        history_instance.history_date = clock.now()

    def write(self) -> None:
        for (model, moment), keys in self.created.items():
            rows = model._default_manager.filter(pk__in=keys)
            rows.update(created=moment, updated=moment)
        for model, moments in self.updated.items():
            for key, moment in moments.items():
                model._default_manager.filter(pk=key).update(updated=moment)


@contextmanager
def stamped() -> Iterator[None]:
    """Within, rows and their histories are dated by clock.now(); use inside one transaction."""
    stamps = Stamps()
    post_save.connect(stamps.saved, dispatch_uid="demo.saved")
    pre_create_historical_record.connect(stamps.recorded, dispatch_uid="demo.recorded")
    try:
        yield
        stamps.write()
    finally:
        post_save.disconnect(dispatch_uid="demo.saved")
        pre_create_historical_record.disconnect(dispatch_uid="demo.recorded")
