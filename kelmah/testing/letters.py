"""What people find in their letters: the folder that mails and texts go to where nobody sends them."""

import email
import re
from email.policy import default
from pathlib import Path

from kelmah.outbound.mailbox import Mailbox

_SECRET = re.compile(r"[#&]secret=([A-Za-z0-9_-]{43})|\b(\d{6})\b")


class Letters:
    """The letters of everybody in a folder, in the order in which they were written."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def to(self, address: str) -> list[str]:
        """What the letters to an address say."""
        files = Mailbox(self.folder).folder_of(address).glob("[!.]*")
        return [_text(file) for file in sorted(files)]

    def secrets(self, address: str) -> list[str]:
        """The secrets of links and the codes in those letters."""
        return secrets_in(self.to(address))


def secrets_in(texts: list[str]) -> list[str]:
    return [match[1] or match[2] for text in texts for match in _SECRET.finditer(text)]


# Private functions


def _text(file: Path) -> str:
    if file.suffix == ".txt":
        return file.read_text()
    return str(email.message_from_bytes(file.read_bytes(), policy=default).get_content())
