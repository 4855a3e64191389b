"""One look tells the product; each app keeps its own list."""

from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.urls import include, path

from clinik import health, session_views
from clinik.views import preferences

admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]

urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("account/preferences/", preferences, name="preferences"),
    path("account/session/", session_views.session_state, name="session_state"),
    path("account/lock/", session_views.session_lock, name="session_lock"),
    path("account/sessions/", session_views.session_list, name="session_list"),
    path("account/sessions/end/", session_views.session_end, name="session_end"),
    path("account/kept/", session_views.session_kept, name="session_kept"),
    path("account/", include("clinik.account_urls")),
    path("admin/", admin.site.urls),
    path("", include("encounters.urls")),
    path("", include("records.urls")),
]

handler400 = "clinik.views.bad_request"
handler403 = "clinik.views.forbidden"
handler500 = "clinik.views.server_error"
