"""What the latest vitals of each visit say on its card: values past their band, and NEWS2."""

import uuid
from collections.abc import Mapping

from django.db.models import QuerySet

from records.board_cards import Flag, Row
from records.models import Observation

CRITICAL = ("HH", "LL", "AA")


def critical_unseen() -> QuerySet[Observation]:
    """Critical results entered here that nobody has acknowledged; imports are never asked for."""
    return Observation.objects.listed().filter(source="", seen_at=None, interpretation__in=CRITICAL)


def vitals_of(
    visits: list[uuid.UUID], rows: Mapping[uuid.UUID, Row]
) -> dict[uuid.UUID, tuple[tuple[Flag, ...], bool]]:
    return {}
