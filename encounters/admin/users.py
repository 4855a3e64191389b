"""Making a login, changing its roles, and what an administrator does for its owner."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from allauth.mfa.models import Authenticator
from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.formats import date_format
from django.utils.html import format_html_join
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy

from clinik import sessions
from clinik.admin.editing import ChangeForm, EditingAdmin, RefusedForm
from clinik.models import User
from clinik.pages import words_of
from clinik.roles import LABELS
from encounters import logins
from encounters.fields import PractitionerField
from encounters.models import Practitioner

SHOW_LINK = "set_password_link_for"


class LoginFields(forms.Form):
    """What a new and an existing login are asked alike."""

    roles = forms.MultipleChoiceField(
        label=gettext_lazy("Roles"),
        choices=list(LABELS.items()),
        widget=forms.CheckboxSelectMultiple,
    )
    practitioner = PractitionerField(
        label=gettext_lazy("Practitioner"),
        required=False,
        help_text=gettext_lazy("One without a login: they write in the chart under this name."),
    )


class UserChangeForm(LoginFields, ChangeForm):
    def __init__(self, *args: Any, instance: User, **kwargs: Any) -> None:
        super().__init__(*args, instance=instance, **kwargs)
        self.initial["roles"] = _roles_of(instance)
        if "practitioner" in self.fields:
            self.initial["practitioner"] = _practitioner_of(instance)

    def _row_fields(self) -> list[str]:
        return [*super()._row_fields(), "roles"]

    def value_of(self, row: Any, name: str) -> Any:
        """Roles and practitioner are no columns, so that a version of the row has none."""
        if name == "roles":
            return ", ".join(_roles_of(row)) if isinstance(row, User) else None
        if name == "practitioner":
            return _practitioner_of(row) if isinstance(row, User) else None
        return super().value_of(row, name)


class UserAddForm(LoginFields, RefusedForm):
    """Sent twice it makes one login: a name is given once."""

    make_practitioner = forms.BooleanField(
        label=gettext_lazy("Make a practitioner of this name"), required=False
    )
    title = forms.CharField(label=gettext_lazy("Title"), max_length=100, required=False)
    specialty = forms.CharField(label=gettext_lazy("Specialty"), max_length=200, required=False)


def _roles_of(user: User) -> list[str]:
    return sorted(group.name for group in user.groups.all())


def _practitioner_of(user: User) -> Practitioner | None:
    return Practitioner.objects.filter(user=user).first()


@dataclass(frozen=True)
class Act:
    """One thing done to a login: its page asks once more, then does it."""

    title: Any
    question: Any
    button: Any
    said: Any
    verb: Callable[..., Any]
    offered: Callable[[User], bool]


ACTS = {
    "link": Act(
        gettext_lazy("New set-password link"),
        gettext_lazy(
            "The present password, earlier links and open sessions of this login stop working. "
            "The link is shown once; hand it over in person."
        ),
        gettext_lazy("Make the link"),
        gettext_lazy("The link stands below."),
        logins.end_password,
        lambda user: user.is_active,
    ),
    "deactivate": Act(
        gettext_lazy("Deactivate"),
        gettext_lazy(
            "Open sessions end now and nobody can log in by this name any more. What was written "
            "under it stays as it is."
        ),
        gettext_lazy("Deactivate"),
        gettext_lazy("The login is deactivated."),
        logins.deactivate,
        lambda user: user.is_active,
    ),
    "activate": Act(
        gettext_lazy("Activate again"),
        gettext_lazy("The login counts again as soon as its owner has set a password."),
        gettext_lazy("Activate"),
        gettext_lazy("The login is active. Make a set-password link for its owner."),
        logins.activate,
        lambda user: not user.is_active,
    ),
    "sessions": Act(
        gettext_lazy("End open sessions"),
        gettext_lazy(
            "Wherever somebody is logged in under this name, they are logged out now. They may log "
            "in again; to keep them out, deactivate the login."
        ),
        gettext_lazy("End them"),
        gettext_lazy("The sessions have ended."),
        logins.end_sessions,
        lambda user: sessions.of(user).exists(),
    ),
    "second-step": Act(
        gettext_lazy("Reset the second step"),
        gettext_lazy(
            "For somebody who has lost their device: they log in with the password alone until "
            "they set up a new second step. Make sure that it is really them who asks."
        ),
        gettext_lazy("Reset"),
        gettext_lazy("The second step at login was reset."),
        logins.reset_second_step,
        lambda user: Authenticator.objects.filter(user=user).exists(),
    ),
}


@admin.register(User)
class UserAdmin(EditingAdmin):
    form = UserChangeForm
    add_form = UserAddForm
    change_form_template = "admin/clinik/user/change_form.html"
    ordering = ["-is_active", "username"]
    list_display = ["username", "full_name", "role_names", "practitioner_name", "is_active"]
    list_display += ["second_step", "last_login"]
    list_select_related = ["practitioner"]
    list_filter = ["is_active", "groups"]
    search_fields = ["username__icontains", "last_name__icontains", "first_name__icontains"]
    search_help_text = gettext_lazy("Any part of the login or the name.")
    readonly_fields = ["is_active", "last_login", "date_joined", "second_step", "open_sessions"]
    add_fieldsets = [
        (None, {"fields": ["username", "first_name", "last_name", "roles"]}),
        (
            gettext_lazy("Practitioner, for nurses and clinicians"),
            {"fields": ["practitioner", "make_practitioner", "title", "specialty"]},
        ),
    ]
    fieldsets = [
        (None, {"fields": ["username", "first_name", "last_name", "email", "roles"]}),
        (None, {"fields": ["practitioner"]}),
        (
            gettext_lazy("Login"),
            {
                "fields": [
                    "is_active",
                    "second_step",
                    "last_login",
                    "date_joined",
                    "open_sessions",
                ]
            },
        ),
    ]

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.fieldsets if obj else self.add_fieldsets

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        second = Authenticator.objects.filter(user=models.OuterRef("pk"))
        found = super().get_queryset(request).annotate(has_second=models.Exists(second))
        return found.prefetch_related("groups")

    @admin.display(description=gettext_lazy("name"))
    def full_name(self, row: User) -> str:
        return row.get_full_name()

    @admin.display(description=gettext_lazy("roles"))
    def role_names(self, row: User) -> str:
        return ", ".join(str(LABELS.get(group.name, group.name)) for group in row.groups.all())

    @admin.display(description=gettext_lazy("practitioner"))
    def practitioner_name(self, row: User) -> str:
        return str(getattr(row, "practitioner", None) or "–")

    @admin.display(description=gettext_lazy("second step"), boolean=True)
    def second_step(self, row: Any) -> bool:
        return row.has_second

    @admin.display(description=gettext_lazy("open sessions"))
    def open_sessions(self, row: Any) -> str:
        """Where this login is open: browser, address, last used."""
        return (
            format_html_join(
                "",
                "<div>{}, {}, {}</div>",
                (
                    (
                        sessions.browser_in_words(each.agent),
                        each.address or "–",
                        date_format(localtime(each.seen), "SHORT_DATETIME_FORMAT"),
                    )
                    for each in sessions.of(row)
                    if each.seen
                ),
            )
            or "–"
        )

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A superuser's login is out of an administrator's reach."""
        above = obj is not None and obj.is_superuser and not request.user.is_superuser
        return not above and super().has_change_permission(request, obj)

    def add(self, row: User, *, by: Any, **fields: Any) -> User:
        make = fields.pop("make_practitioner", False)
        new = {"prefix": fields.pop("title", ""), "specialty": fields.pop("specialty", "")}
        made = logins.add_user(by=by, new_practitioner=new if make else None, **fields)
        row.pk = made.pk
        return made

    def change(self, row: User, *, by: Any, version: int, **fields: Any) -> User:
        return logins.change_user(row, by=by, version=version, **fields)

    def response_add(
        self, request: HttpRequest, obj: Any, post_url_continue: str | None = None
    ) -> HttpResponse:
        request.session[SHOW_LINK] = obj.pk
        return HttpResponseRedirect(reverse("admin:clinik_user_act", args=(obj.pk, "link")))

    def get_urls(self) -> list[Any]:
        act = path(
            "<int:pk>/act/<slug:act>/",
            self.admin_site.admin_view(self.act_view),
            name="clinik_user_act",
        )
        return [act, *super().get_urls()]

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        row = kwargs.get("obj")
        if row is not None and self.has_change_permission(request, row):
            context["acts"] = [
                (reverse("admin:clinik_user_act", args=(row.pk, name)), act.title)
                for name, act in ACTS.items()
                if act.offered(row)
            ]
        return super().render_change_form(request, context, *args, **kwargs)

    def act_view(self, request: HttpRequest, pk: int, act: str) -> HttpResponse:
        """Ask (GET) and do (POST) one of ACTS; the link is shown by the answer that made it."""
        user = User.objects.filter(pk=pk).first()
        if user is None or act not in ACTS:
            raise Http404
        if not self.has_change_permission(request, user):
            raise PermissionDenied
        link = ""
        if request.method == "POST":
            try:
                user = self._do(request, user, act)
            except ValidationError as refusal:
                messages.error(request, " ".join(words_of(refusal)))
                return HttpResponseRedirect(reverse("admin:clinik_user_change", args=(pk,)))
            if act != "link":
                messages.success(request, str(ACTS[act].said))
                return HttpResponseRedirect(reverse("admin:clinik_user_change", args=(pk,)))
        fresh = act == "link" and request.session.pop(SHOW_LINK, None) == pk
        if fresh or (act == "link" and request.method == "POST"):
            link = request.build_absolute_uri(logins.set_password_link(user, by=request.user))
        context = {
            **self.admin_site.each_context(request),
            "title": ACTS[act].title,
            "subtitle": str(user),
            "act": ACTS[act],
            "link": link,
            "link_days": settings.PASSWORD_RESET_TIMEOUT // 86_400,
            "original": user,
            "opts": self.opts,
        }
        return TemplateResponse(request, "admin/clinik/user/act.html", context)

    def _do(self, request: HttpRequest, user: User, act: str) -> User:
        extra = {"request": request} if act == "second-step" else {}
        ACTS[act].verb(user, by=request.user, **extra)
        user.refresh_from_db()
        return user
