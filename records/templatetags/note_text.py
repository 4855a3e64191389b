"""{{ note|note_text }}: a note's text as it is read; {{ note|note_changes }}: what it amends."""

from django import template
from django.utils.safestring import SafeString

from records.markdown import shown
from records.models import Note
from records.models.note import Relation
from records.word_diff import Piece, words_between

register = template.Library()


@register.filter
def note_text(note: Note) -> SafeString:
    """The text, safe to show; what was copied is marked."""
    return shown(note)


@register.filter
def note_changes(note: Note) -> list[Piece]:
    """What an amendment changed; empty for other notes, and where the original was not read."""
    if note.relation != Relation.AMENDMENT or not Note.about.is_cached(note):
        return []
    return words_between(note.about.content, note.content) if note.about else []
