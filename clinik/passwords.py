"""A password that is only a common word or the clinic's name with decoration is none."""

import re
from typing import Any

from django.conf import settings
from django.contrib.auth.password_validation import CommonPasswordValidator
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

# What stands before and after the word: "!Password2026".
_DECORATION = re.compile(r"^[\W\d_]+|[\W\d_]+$")
_DISGUISE = str.maketrans("013457$@!", "oleastsai")
# Of a sentence, one common word says nothing.
_LONGEST_WORD = 20


class DecoratedWordValidator:
    """Refuses a common password, or a name from here, with digits and signs around it.

    Length and Django's list of common passwords are checked beside it; they know "password" but
    not "Password2026!".
    """

    def __init__(self) -> None:
        self.common = CommonPasswordValidator().passwords

    def validate(self, password: str, user: Any = None) -> None:
        names = {"clinik", settings.CLINIK_NAME, getattr(user, "username", "") or ""}
        known = {name.casefold() for name in names if name}
        bare = _DECORATION.sub("", password).casefold()
        for word in (bare, bare.translate(_DISGUISE)):
            twice = word[: len(word) // 2] if word[: len(word) // 2] * 2 == word else word
            if len(word) <= _LONGEST_WORD and any(
                found in known or found in self.common for found in (word, twice)
            ):
                raise ValidationError(
                    _("This is a common word with digits or signs around it. Use several words."),
                    code="password_decorated_word",
                )

    def get_help_text(self) -> str:
        return _("A common word or the clinic's name with digits around it is not enough.")
