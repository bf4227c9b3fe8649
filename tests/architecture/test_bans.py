"""What ruff bans in every domain, each with the line that must be refused and the one to write instead."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

BANNED = [
    "from django.db.transaction import atomic\n\natomic()\n",
    "from django.db import transaction\n\ntransaction.atomic()\n",
    "from django.db import transaction\n\ntransaction.on_commit(print)\n",
    "from django.apps import apps\n\napps.get_model('identity', 'User')\n",
    "from django.contrib.auth import get_user_model\n\nget_user_model()\n",
    "from django.db.models import signals\n\nprint(signals.post_save)\n",
    "from django.db.models.signals import post_save\n\nprint(post_save)\n",
    "from django.dispatch import receiver\n\nprint(receiver)\n",
    "from django.contrib.contenttypes.fields import GenericForeignKey\n\nprint(GenericForeignKey)\n",
    "import importlib\n\nimportlib.import_module('domains.identity')\n",
    "from django.utils import timezone\n\ntimezone.now()\n",
    "from datetime import UTC, datetime\n\ndatetime.now(UTC)\n",
    "import uuid\n\nuuid.uuid4()\n",
]
ALLOWED = """from kelmah import clock
from kelmah.db import atomic
from kelmah.ids import new_id

with atomic("contracts"):
    made = (clock.now(), new_id())
"""


def findings(code: str) -> str:
    program = Path(sys.executable).parent / "ruff"
    command = [program, "check", "--output-format", "concise", "--stdin-filename", "domains/contracts/actions.py", "-"]
    return subprocess.run(command, cwd=ROOT, input=code, capture_output=True, text=True, check=False).stdout


@pytest.mark.parametrize("code", BANNED, ids=lambda code: code.split("\n")[0])
def test_the_line_is_refused(code):
    assert "TID251" in findings(code)


def test_the_kernels_own_ways_are_fine():
    assert "All checks passed" in findings(ALLOWED)
