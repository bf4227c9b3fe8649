"""``docs/events.md`` tells what the code does."""

from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from kelmah.events.catalogue import catalogue

PAGE = Path(settings.BASE_DIR) / "docs" / "events.md"


def test_the_page_is_fresh():
    call_command("events", "catalogue", "--check")


def test_a_stale_page_is_found_and_written_anew(tmp_path, settings):
    settings.BASE_DIR = tmp_path
    (tmp_path / "docs").mkdir()
    with pytest.raises(CommandError, match=r"docs/events\.md is stale"):
        call_command("events", "catalogue", "--check")
    call_command("events", "catalogue")
    call_command("events", "catalogue", "--check")
    page = tmp_path / "docs" / "events.md"
    page.write_text(page.read_text() + "\nby hand\n")
    with pytest.raises(CommandError, match="stale"):
        call_command("events", "catalogue", "--check")


def test_an_entry_tells_who_publishes_who_listens_and_what_it_holds():
    page = catalogue()
    entry = page[page.index("## contracts.ContractEnded\n") :].split("\n## ")[0]
    assert "The contract is over" in entry
    assert "Version 1, ordered by `contract_id`, heard by messaging, reviews, identity." in entry
    assert "| `contract_id` | UUID |" in entry
    assert "| `paid` | Money |" in entry
    assert "| `ended_at` | datetime |" in entry


def test_events_of_tests_are_not_in_it():
    assert "probe." not in catalogue()
