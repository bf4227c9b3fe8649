"""docs/accounts.md is true: its commands, run against a server, say what it says they say."""

import os
import re
import subprocess
import time

import pytest
from django.conf import settings as now

from kelmah.embedded.folders import CLONE
from kelmah.testing.api_process import api_process
from kelmah.testing.databases import where_it_is

pytestmark = [pytest.mark.domain("identity", transaction=True), pytest.mark.in_process, pytest.mark.timeout(240)]

PAGE = (CLONE / "docs" / "accounts.md").read_text()


def test_the_commands_of_the_page_do_what_it_says(letters, drain):
    (commands,) = re.findall(r"```bash\n(.*?)```", PAGE, re.DOTALL)
    (said,) = re.findall(r"^It says (.+?)\.$", PAGE, re.MULTILINE | re.DOTALL)
    with api_process(**where_it_is(), REDIS_URL=now.REDIS_URL) as address:
        running = subprocess.Popen(
            ["bash", "-euo", "pipefail", "-c", commands],
            env=os.environ | {"API": f"{address}/api/v1", "MAILBOX": str(letters.folder)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        until = time.monotonic() + 200
        while running.poll() is None and time.monotonic() < until:
            drain()  # as a worker does
            time.sleep(0.05)
        running.kill()
        out, errors = running.communicate()
    assert (running.returncode, errors) == (0, "")
    assert out.split() == re.findall(r"`([^`]+)`", said)
