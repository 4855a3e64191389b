"""What every request has: one now, an id, an origin for the audit trail, and a line in the log."""

import logging
import time
import uuid
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse, UnreadablePostError

from clinik import audit, clock, logs, refusals, views
from clinik.transitions import StaleVersion, TransitionError

logger = logging.getLogger(__name__)
requests = logging.getLogger("clinik.requests")

# Of what a page could ask a browser for, Clinik asks for security keys only.
_NOTHING = "accelerometer autoplay camera display-capture encrypted-media geolocation gyroscope"
_NOTHING += " magnetometer microphone midi payment screen-wake-lock usb xr-spatial-tracking"
PERMISSIONS_POLICY = ", ".join(
    [f"{name}=()" for name in _NOTHING.split()]
    + [f"publickey-credentials-{act}=(self)" for act in ("create", "get")]
)


class RequestMiddleware:
    """Sets the request's now and origin, and keeps pages about people out of caches.

    The outermost, so that a refused host or a broken session has an id and a line as well.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request_id = uuid.uuid4().hex[:12]
        request.request_id = request_id  # type: ignore[attr-defined]
        now_token = clock.request_now.set(None)
        clock.request_now.set(clock.now())
        origin_token = audit.origin.set(audit.Origin(_client_address(request), request_id))
        began = time.perf_counter()
        try:
            response = self.get_response(request)
            refusals.write_down(request, response)
            if not request.path.startswith(settings.STATIC_URL):
                _finish(request, response)
                _say(request, response, time.perf_counter() - began)
        finally:
            clock.request_now.reset(now_token)
            audit.origin.reset(origin_token)
        return response

    def process_view(
        self, request: HttpRequest, view: object, args: object, kwargs: object
    ) -> HttpResponse | None:
        """What was cut off on its way is no form: half of a note is not the note."""
        if request.method == "POST" and not _came_whole(request):
            logger.warning("cut off")
            return views.cut_off(request)
        return None

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """What a view did not answer itself, in words instead of "500"."""
        if isinstance(error, views.UNAVAILABLE):
            logger.error("unavailable: %s", type(error).__name__)
            return views.unavailable(request)
        if isinstance(error, StaleVersion | TransitionError):
            return views.conflict(request, str(error))
        return None


def _came_whole(request: HttpRequest) -> bool:
    """gunicorn hands over what came before the line broke, and Django reads it as a form."""
    length = request.META.get("CONTENT_LENGTH") or "0"
    try:
        return len(request.body) >= (int(length) if length.isdecimal() else 0)
    except UnreadablePostError:
        return False


def _finish(request: HttpRequest, response: HttpResponse) -> None:
    headers = response.headers
    headers.setdefault("Cache-Control", "no-store")
    headers["X-Request-ID"] = request.request_id  # type: ignore[attr-defined]
    headers["Permissions-Policy"] = PERMISSIONS_POLICY
    headers["Cross-Origin-Resource-Policy"] = "same-origin"
    if getattr(request, "logged_out", False):
        headers["Clear-Site-Data"] = '"cache", "storage"'


def _say(request: HttpRequest, response: HttpResponse, seconds: float) -> None:
    """One line for each request; the session is not asked for the sake of it."""
    user = getattr(request, "_cached_user", None)
    extra = {
        "method": request.method,
        "route": logs.route_of(request),
        "status": response.status_code,
        "ms": round(seconds * 1000),
        "user": getattr(user, "pk", None),
    }
    requests.info("answered", extra=extra)


def _client_address(request: HttpRequest) -> str | None:
    """REMOTE_ADDR, or what the outermost trusted proxy saw (CLINIK_PROXY_COUNT of them)."""
    proxies = settings.ALLAUTH_TRUSTED_PROXY_COUNT
    forwarded = request.META.get("HTTP_X_FORWARDED_FOR", "")
    if proxies and forwarded:
        hops = [hop.strip() for hop in forwarded.split(",")]
        request.META["REMOTE_ADDR"] = hops[-min(proxies, len(hops))]
    return audit.address_of(request)
