"""docs/verification.md is true: its commands, run against a server, say what it says they say."""

import os
import re
import subprocess
from pathlib import Path

import pytest
from django.conf import settings as now

from kelmah.embedded.folders import CLONE
from kelmah.testing.api_process import api_process
from kelmah.testing.databases import where_it_is
from tests.identity.factories import sign_up

pytestmark = [pytest.mark.domain("identity", "files", transaction=True), pytest.mark.timeout(240)]

PAGE = (CLONE / "docs" / "verification.md").read_text()


def test_the_commands_of_the_page_do_what_it_says(tmp_path: Path) -> None:
    (commands,) = re.findall(r"```bash\n(.*?)```", PAGE, re.DOTALL)
    (said,) = re.findall(r"^It says (.+?)\.$", PAGE, re.MULTILINE | re.DOTALL)
    files = tmp_path / "files"
    files.mkdir()
    with api_process(**where_it_is(), REDIS_URL=now.REDIS_URL, KELMAH_FILES_DIR=str(files)) as address:
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", commands],
            env=os.environ | {"API": f"{address}/api/v1", "TOKEN": sign_up().access_token},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.split() == re.findall(r"`([^`]+)`", said)
