"""The guards of the database taken away for a while: what somebody with its password could do."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import models

from clinik import guards


@contextmanager
def lifted(*of: type[models.Model]) -> Iterator[None]:
    """Within, the tables of these models can be changed and deleted by anybody."""
    guards.remove(tables=[model._meta.db_table for model in of])
    yield
    guards.install(of)
