"""Whether this process lives, and whether it can work: for balancers and whoever watches.

Both answer strangers, so neither says more than yes or no; why not stands in the log.
"""

import functools
import logging
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.core.cache import cache
from django.db import DatabaseError, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from clinik import guards

logger = logging.getLogger(__name__)


def _alive(view: Any) -> Any:
    """Open to everybody, and asked without a session: it must answer while the database cannot."""
    view.needs_no_session = True
    return login_not_required(view)


@_alive
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """This process answers; the database is not asked."""
    return HttpResponse("ok\n", content_type="text/plain; charset=utf-8")


@_alive
@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """200 where pages can be served: the database answers and is as this program needs it."""
    for name, check in CHECKS.items():
        try:
            good = check()
        except DatabaseError:
            good = False
        if not good:
            logger.error("not ready: %s", name, extra={"check": name})
            words = _("Not ready. The log says why, under this reference:")
            answer = f"{words} {getattr(request, 'request_id', '')}\n"
            return HttpResponse(answer, status=503, content_type="text/plain; charset=utf-8")
    return HttpResponse("ready\n", content_type="text/plain; charset=utf-8")


def database_answers() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        return cursor.fetchone() == (1,)


def migrations_are_applied() -> bool:
    return _known_migrations() <= MigrationRecorder(connection).applied_migrations().keys()


@functools.cache
def _known_migrations() -> frozenset[tuple[str, str]]:
    """Of this program; they do not change while it runs."""
    return frozenset(MigrationLoader(None).disk_migrations)


def guards_stand() -> bool:
    return not guards.missing()


def cache_answers() -> bool:
    """Failed logins are counted there."""
    cache.get("ready")
    return True


CHECKS = {
    "database": database_answers,
    "migrations": migrations_are_applied,
    "guards": guards_stand,
    "cache": cache_answers,
}
