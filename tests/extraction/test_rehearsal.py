"""One whole rehearsal: out, played, home, played; nothing of it stays but the report."""

from pathlib import Path

import pytest
from django.core.management import call_command


@pytest.mark.slow
@pytest.mark.quiet
@pytest.mark.timeout(600)
def test_reviews_leaves_and_comes_home(tmp_path: Path) -> None:
    call_command("extract", "reviews", into=tmp_path)
    page = (tmp_path / "extraction-reviews.md").read_text()
    assert "**reviews can leave.**" in page
    assert "| identity | – |" in page
    assert "| reviews | `identity." in page  # what it asks from outside was timed
