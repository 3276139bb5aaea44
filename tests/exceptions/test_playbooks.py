from __future__ import annotations

import pytest

from exceptions.playbooks import STEPS, PlaybookMissing, every_playbook, parse, playbook

PAGE = """# A fault

It happened
over two lines.

## Why it matters

Because of <script>alert(1)</script> & **money**.

- one
- two `three`

## How to fix it

1. Do this.
2. Then **that**,
   on two lines.
"""


class TestParse:
    def test_reads_title_lead_and_sections(self) -> None:
        page = parse("a_fault", PAGE)
        assert (page.title, page.lead) == ("A fault", "It happened over two lines.")
        assert [section.title for section in page.sections] == ["Why it matters", STEPS]

    def test_escapes_everything_but_its_own_marks(self) -> None:
        html = parse("a_fault", PAGE).sections[0].html
        assert html == (
            "<p>Because of &lt;script&gt;alert(1)&lt;/script&gt; &amp; <strong>money</strong>.</p>"
            "<ul><li>one</li><li>two <code>three</code></li></ul>"
        )

    def test_gives_the_steps(self) -> None:
        assert list(parse("a_fault", PAGE).steps) == [
            "Do this.",
            "Then <strong>that</strong>, on two lines.",
        ]


class TestPages:
    def test_are_all_readable_and_say_how_to_fix_it(self) -> None:
        pages = every_playbook()
        assert len(pages) >= 14
        for page in pages:
            assert page.lead, page.slug
            assert len(page.steps) >= 3, page.slug
            assert [section.title for section in page.sections] == [
                "Why it matters",
                STEPS,
                "How to know it is done",
            ], page.slug

    @pytest.mark.parametrize("slug", ["nothing", "../../../etc/passwd", "In-Doubt", ""])
    def test_are_not_found_outside_their_folder(self, slug: str) -> None:
        with pytest.raises(PlaybookMissing):
            playbook(slug)
