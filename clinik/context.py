"""What every template may use."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from clinik import clock, demo


def clinik(request: HttpRequest) -> dict[str, Any]:
    user = getattr(request, "user", None)
    return {
        "clinik_name": settings.CLINIK_NAME,
        "clinik_demo": settings.CLINIK_DEMO,
        "demo_logins": demo.shown_logins() if settings.CLINIK_DEMO else [],
        "now": clock.now(),
        "today": clock.today(),
        "idle_seconds": settings.CLINIK_IDLE_MINUTES * 60,
        "keys_off": bool(user and user.is_authenticated and not user.single_keys),
    }
