"""What every request has: one now, an id, and an origin for the audit trail."""

import logging
import uuid
from collections.abc import Callable

from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse

from clinik import audit, clock, refusals, views
from clinik.transitions import StaleVersion, TransitionError

logger = logging.getLogger(__name__)


class RequestMiddleware:
    """Sets the request's now and origin, and keeps pages about people out of caches."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request_id = uuid.uuid4().hex[:12]
        request.request_id = request_id  # type: ignore[attr-defined]
        now_token = clock.request_now.set(None)
        clock.request_now.set(clock.now())
        origin_token = audit.origin.set(audit.Origin(_client_address(request), request_id))
        try:
            response = self.get_response(request)
            refusals.write_down(request, response)
        finally:
            clock.request_now.reset(now_token)
            audit.origin.reset(origin_token)
        response.headers.setdefault("Cache-Control", "no-store")
        return response

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """What a view did not answer itself, in words instead of "500"."""
        if isinstance(error, OperationalError | InterfaceError | audit.AuditUnavailable):
            logger.error("unavailable %s: %s", _request_id(request), type(error).__name__)
            return views.unavailable(request)
        if isinstance(error, StaleVersion | TransitionError):
            return views.conflict(request, str(error))
        return None


def _request_id(request: HttpRequest) -> str:
    return getattr(request, "request_id", "")


def _client_address(request: HttpRequest) -> str | None:
    """REMOTE_ADDR, or what the outermost trusted proxy saw (CLINIK_PROXY_COUNT of them)."""
    proxies = settings.ALLAUTH_TRUSTED_PROXY_COUNT
    forwarded = request.META.get("HTTP_X_FORWARDED_FOR", "")
    if proxies and forwarded:
        hops = [hop.strip() for hop in forwarded.split(",")]
        request.META["REMOTE_ADDR"] = hops[-min(proxies, len(hops))]
    return audit.address_of(request)
