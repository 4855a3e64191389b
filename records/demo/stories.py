"""Stories that go on over many visits."""

from records.demo.script import Script

STORIES: dict[str, tuple[tuple[int, Script], ...]] = {}
