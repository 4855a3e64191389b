"""What every request has: one now, an id, and an origin for the audit trail."""

import uuid
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from clinik import audit, clock


class RequestMiddleware:
    """Sets the request's now and origin, and keeps pages about people out of caches."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.request_id = uuid.uuid4().hex[:12]  # type: ignore[attr-defined]
        now_token = clock.request_now.set(None)
        clock.request_now.set(clock.now())
        origin_token = audit.origin.set(
            audit.Origin(_client_address(request), request.request_id)  # type: ignore[attr-defined]
        )
        try:
            response = self.get_response(request)
        finally:
            clock.request_now.reset(now_token)
            audit.origin.reset(origin_token)
        response.headers.setdefault("Cache-Control", "no-store")
        return response


def _client_address(request: HttpRequest) -> str | None:
    """REMOTE_ADDR, or what the outermost trusted proxy saw (CLINIK_PROXY_COUNT of them)."""
    proxies = settings.ALLAUTH_TRUSTED_PROXY_COUNT
    forwarded = request.META.get("HTTP_X_FORWARDED_FOR", "")
    if proxies and forwarded:
        hops = [hop.strip() for hop in forwarded.split(",")]
        request.META["REMOTE_ADDR"] = hops[-min(proxies, len(hops))]
    return audit.address_of(request)
