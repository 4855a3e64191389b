"""{{ note|note_text }}: a note's text as it is read."""

from django import template
from django.utils.safestring import SafeString

from records.markdown import shown
from records.models import Note

register = template.Library()


@register.filter
def note_text(note: Note) -> SafeString:
    """The text, safe to show; what was copied is marked."""
    return shown(note)
