"""allauth's forms of the second step, in the clinic's words."""

from typing import Any

from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.webauthn.forms import AddWebAuthnForm, EditWebAuthnForm
from django import forms
from django.utils.translation import gettext_lazy as _

MOST_NAME = 100


def _ask_code(form: forms.Form, label: Any, help_text: Any = "") -> None:
    """One field, ready to be typed into; a phone offers its digits, and the code it was sent."""
    attrs = {"autocomplete": "one-time-code", "inputmode": "numeric", "autofocus": True}
    field = form.fields["code"]
    field.label, field.help_text = label, help_text
    field.widget = forms.TextInput(attrs)


def _ask_name(form: forms.Form) -> None:
    field: Any = form.fields["name"]
    field.label = _("Name of the key")
    field.help_text = _("As you tell your keys apart: “blue key”, “in the safe”.")
    field.widget = forms.TextInput({"autocomplete": "off", "maxlength": MOST_NAME})
    field.max_length = MOST_NAME
    field.validators.append(_at_most)


def _at_most(text: str) -> None:
    if len(text) > MOST_NAME:
        raise forms.ValidationError(_("At most %(n)s letters.") % {"n": MOST_NAME})


class LoginCodeForm(AuthenticateForm):
    """After the password."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _ask_code(self, _("Code"), _("From your authenticator app, or a recovery code."))


class ConfirmCodeForm(ReauthenticateForm):
    """Before changing how one logs in."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _ask_code(self, _("Code"), _("From your authenticator app, or a recovery code."))


class SetUpAppForm(ActivateTOTPForm):
    """The first code of an app shows that it has the secret."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _ask_code(self, _("Code that the app shows now"))

    @property
    def secret_in_parts(self) -> str:
        """In fours, as it is typed into an app that reads no pictures."""
        return " ".join(self.secret[at : at + 4] for at in range(0, len(self.secret), 4))


class AddKeyForm(AddWebAuthnForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _ask_name(self)


class RenameKeyForm(EditWebAuthnForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _ask_name(self)
