"""Every kind of case tells people what to do."""

from __future__ import annotations

from exceptions import kinds
from tests.architecture import house

PLAYBOOKS = house.ROOT / "docs" / "playbooks"
MOST_WORDS = 25


class TestKinds:
    def test_are_declared(self) -> None:
        assert len(kinds.all()) >= 5

    def test_have_a_playbook_page_each(self) -> None:
        missing = [
            f"{kind.slug}: docs/playbooks/{kind.playbook}.md"
            for kind in kinds.all()
            if not (PLAYBOOKS / f"{kind.playbook}.md").is_file()
        ]
        assert not missing, "\n".join(missing)

    def test_have_pages_that_begin_with_a_title_and_say_something(self) -> None:
        thin = [
            kind.slug
            for kind in kinds.all()
            for page in [PLAYBOOKS / f"{kind.playbook}.md"]
            if page.is_file()
            for text in [page.read_text(encoding="utf-8")]
            if not text.startswith("# ") or len(text.split()) < 40
        ]
        assert not thin, "\n".join(thin)

    def test_offer_only_remedies_that_exist(self) -> None:
        for kind in kinds.all():
            assert [remedy.slug for remedy in kinds.remedies_of(kind.slug)] == [*kind.remedies]

    def test_say_why_they_matter_in_few_words(self) -> None:
        wordy = [
            kind.slug
            for kind in kinds.all()
            if not kind.why or max(len(kind.why.split()), len(kind.fix.split())) > MOST_WORDS
        ]
        assert not wordy, "\n".join(wordy)

    def test_no_playbook_is_left_over(self) -> None:
        used = {kind.playbook for kind in kinds.all()} | {"README", "index"}
        left = [page.stem for page in PLAYBOOKS.glob("*.md") if page.stem not in used]
        assert not left, "\n".join(left)
