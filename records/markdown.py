"""The text of a note as HTML: the one place of the program that calls a string safe.

What a person typed is escaped here or passes through a markdown reader that knows no HTML, makes
links to http, https and mailto only, and loads no images. tests/records/test_markdown.py tries what
hostile text may try; the content security policy stands behind it.
"""

import re
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from markdown_it import MarkdownIt

from records.models import Note

# Lines that begin so were copied from elsewhere in the chart (records/note_parts.py); markdown
# reads them as a quotation, e-mail has taught everybody else to.
COPIED = ">"
_SCHEMES = ("http", "https", "mailto")
# A longer text is shown as it was typed: no reader is kept waiting by one that was made to be slow.
_LONGEST = 100_000


def _allowed(url: str) -> bool:
    try:
        return urlsplit(url).scheme.lower() in _SCHEMES
    except ValueError:
        return False


@lru_cache(maxsize=1)
def _reader() -> MarkdownIt:
    # Without indented code and underlined headings: four blanks or a row of dashes in a note are
    # how somebody lines things up. Without references: no address stands far from its words.
    reader = MarkdownIt("commonmark", {"html": False, "breaks": True})
    reader.disable(["html_block", "html_inline", "image", "code", "lheading", "reference"])
    reader.enable("table")
    reader.validateLink = _allowed  # type: ignore[method-assign]
    return reader


def shown(note: Note) -> SafeString:
    """The note's text for the screen and for paper, what was copied marked as such."""
    if note.is_markdown and len(note.content) <= _LONGEST:
        return markdown(note.content)
    return plain(note.content)


def plain(text: str) -> SafeString:
    """Text as it was typed, line for line; copied lines as quotations."""
    runs: list[tuple[bool, list[str]]] = []
    for line in text.split("\n"):
        copied = line.startswith(COPIED)
        if not runs or runs[-1][0] != copied:
            runs.append((copied, []))
        runs[-1][1].append(line.removeprefix(COPIED).removeprefix(" ") if copied else line)
    return format_html_join(
        "",
        "{}",
        ((_run(copied, "\n".join(lines)),) for copied, lines in runs if "".join(lines).strip()),
    )


def _run(copied: bool, text: str) -> SafeString:
    if copied:
        return format_html('<blockquote class="copied as-typed">{}</blockquote>', text)
    return format_html('<div class="as-typed">{}</div>', text.strip("\n"))


def markdown(text: str) -> SafeString:
    """Markdown as HTML. Headings become one level below a section's own."""
    # A line typed under a copied one is not copied, whatever markdown thinks of lazy writers.
    apart = re.sub(r"^( {0,3}>.*)\n(?! {0,3}>)(?=.)", r"\1\n\n", text, flags=re.MULTILINE)
    tokens = _reader().parse(apart)
    for token in tokens:
        _adjust(token)
        for child in token.children or ():
            _adjust(child)
    rendered = _reader().renderer.render(tokens, _reader().options, {})
    return SafeString(rendered)


def _adjust(token: Any) -> None:
    if token.type in ("heading_open", "heading_close"):
        token.tag = "h3"
    elif token.type == "blockquote_open":
        token.attrSet("class", "copied")
    elif token.type == "link_open":
        token.attrSet("rel", "noopener noreferrer nofollow")
    elif token.type == "ordered_list_open":
        # "0. " or "150. " at the start of a line keeps its number.
        token.attrs = {name: value for name, value in token.attrs.items() if name == "start"}
