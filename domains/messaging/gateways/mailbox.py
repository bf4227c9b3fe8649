"""E-mails as files: one folder per recipient, one ``.eml`` per message, for machines without a mail server."""

import os
from pathlib import Path
from urllib.parse import quote

from domains.messaging.gateways.base import Mail, MailNotSent, as_rfc5322


class Mailbox:
    """Written whole or not at all; written again, a message is the same file."""

    def __init__(self, root: Path) -> None:
        self._root = Path(root)

    def send(self, mail: Mail) -> None:
        content = bytes(as_rfc5322(mail))
        folder = self.folder_of(mail.address)
        name = f"{mail.at:%Y%m%dT%H%M%S}-{mail.message_id}"
        draft = folder / f".{name}.{os.getpid()}"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            draft.write_bytes(content)
            draft.replace(folder / f"{name}.eml")
        except OSError as error:
            raise MailNotSent(f"{type(error).__name__}: {error.strerror}") from error

    def folder_of(self, address: str) -> Path:
        """The recipient's folder; an address is no path."""
        name = quote(address.lower(), safe="@+")
        return self._root / (f"%2E{name[1:]}" if name.startswith(".") else name)
