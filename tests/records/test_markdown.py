"""Text of notes as HTML: nothing that somebody typed becomes markup of its own or leads astray."""

import re
import time
from html.parser import HTMLParser
from pathlib import Path

import pytest

from records.markdown import markdown, plain, shown
from records.models import Note

ROOT = Path(__file__).parent.parent.parent
TAGS = {
    "p",
    "h3",
    "ul",
    "ol",
    "li",
    "strong",
    "em",
    "br",
    "hr",
    "code",
    "pre",
    "blockquote",
    "div",
    "a",
    "table",
    "thead",
    "tbody",
    "tr",
    "th",
    "td",
}
HOSTILE = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "![x](https://example.org/x.png)",
    "![x](javascript:alert(1))",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](java\tscript:alert(1))",
    "[x](&#106;avascript:alert(1))",
    "[x](&#x6A;&#x61;vascript:alert(1))",
    "[x](javascript&colon;alert(1))",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "[x](vbscript:msgbox(1))",
    "[x](file:///etc/passwd)",
    "[x](//example.org)",
    "[x](/patients/)",
    "[x](<javascript:alert(1)>)",
    "<javascript:alert(1)>",
    "<data:text/html,x>",
    '[x](https://example.org "a\\" onmouseover=\\"alert(1)")',
    '[x](https://example.org/"onmouseover="alert(1))',
    "[x]: javascript:alert(1)\n\n[x]",
    "`<b>`\n```<script>\n</pre><script>alert(1)</script>\n```",
    '```"><script>alert(1)</script>\nx\n```',
    "> <iframe src=x>\n# <svg/onload=alert(1)>",
    "| <b>a</b> | b |\n|---|---|\n| <script>x</script> | [y](javascript:1) |",
    "<!-- --><style>*{display:none}</style><![CDATA[<b>]]>",
    "<a href='javascript:alert(1)'>x</a>&lt;b&gt;&amp;lt;",
    "\u202e<b>\u0000</b>\ufeff",
)


class _Seen(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


def tags_of(html: str) -> list[tuple[str, dict[str, str | None]]]:
    seen = _Seen()
    seen.feed(html)
    return seen.tags


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_stays_text(text: str) -> None:
    for html in (markdown(text), plain(text), markdown(f"- **{text}**\n\n{text}")):
        for tag, attributes in tags_of(html):
            assert tag in TAGS, html
            assert set(attributes) <= {"href", "title", "rel", "class", "start"}, html
            assert attributes.get("class") in (
                None,
                "copied",
                "as-typed",
                "copied as-typed",
            ) or str(attributes["class"]).startswith("language-"), html
            if tag == "a":
                assert re.match(r"(https?://|mailto:)", attributes["href"] or ""), html
                assert attributes["rel"] == "noopener noreferrer nofollow"


def test_links_go_to_the_web_and_to_mail() -> None:
    links = [
        dict(attributes)["href"]
        for tag, attributes in tags_of(
            markdown("[a](https://example.org/?a=1&b=2) [b](mailto:a@example.org) <http://e.org>")
        )
        if tag == "a"
    ]
    assert links == ["https://example.org/?a=1&b=2", "mailto:a@example.org", "http://e.org"]


def test_what_clinicians_write_stays_as_they_line_it_up() -> None:
    html = markdown("Na 140\n    K 4.1\nPlan\n----\n150. dose\n<5 mg & >3")
    assert "<pre>" not in html
    assert "<h" not in html.replace("<hr", "")
    assert 'start="150"' in html
    assert "&lt;5 mg &amp; &gt;3" in html
    assert plain("a  b\n\n  c") == '<div class="as-typed">a  b\n\n  c</div>'


def test_copied_lines_are_marked_and_no_others() -> None:
    text = "Mine.\n> copied from vitals:\n> BP 120/80\nMine again."
    for html in (markdown(text), plain(text)):
        quoted = re.findall(r"<blockquote.*?</blockquote>", html, re.DOTALL)
        assert len(quoted) == 1
        assert "BP 120/80" in quoted[0]
        assert "Mine" not in quoted[0]
        assert 'class="copied' in quoted[0]


def test_only_markdown_is_read_as_markdown() -> None:
    note = Note(content="**x**\n<b>", content_type="text/plain")
    assert shown(note) == '<div class="as-typed">**x**\n&lt;b&gt;</div>'
    note.content_type = "text/markdown; charset=utf-8"
    assert "<strong>x</strong>" in shown(note)
    note.content_type = "text/html"
    assert "&lt;b&gt;" in shown(note)


@pytest.mark.parametrize("piece", ["[", "![", "*a _", "`", "> ", "](", "<a ", "- ", "|a", "#", "&"])
def test_text_made_to_be_slow_is_read_in_time(piece: str) -> None:
    began = time.process_time()
    markdown((piece * 100_000)[:100_000])
    assert time.process_time() - began < 5


def test_one_place_makes_strings_safe() -> None:
    found = {
        str(path.relative_to(ROOT))
        for floor in ("clinik", "encounters", "records")
        for path in (ROOT / floor).rglob("*.py")
        if re.search(r"mark_safe|SafeString\(|SafeText\(", path.read_text())
    }
    assert found == {"records/markdown.py"}
