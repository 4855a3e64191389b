"""One look tells the product; each app keeps its own list."""

from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.urls import include, path

from clinik.views import preferences

admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]

urlpatterns = [
    path("account/preferences/", preferences, name="preferences"),
    path("account/", include("clinik.account_urls")),
    path("admin/", admin.site.urls),
    path("", include("encounters.urls")),
    path("", include("records.urls")),
]

handler500 = "clinik.views.server_error"
