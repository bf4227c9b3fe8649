"""Letters as files: one folder per recipient, one ``.eml`` per mail and one ``.txt`` per SMS, for machines that have
neither a mail server nor a provider."""

import os
from pathlib import Path
from threading import get_ident
from urllib.parse import quote

from kelmah.outbound.letters import Mail, NotSent, Sms
from kelmah.outbound.rfc5322 import as_rfc5322


class Mailbox:
    """Written whole or not at all; written again, a letter is the same file."""

    def __init__(self, root: Path) -> None:
        self._root = Path(root)

    def send(self, letter: Mail | Sms) -> None:
        """Raises NotSent."""
        if isinstance(letter, Mail):
            content, folder, suffix = bytes(as_rfc5322(letter)), self.folder_of(letter.address), "eml"
        else:
            content, folder, suffix = f"{letter.text}\n".encode(), self.folder_of(letter.number), "txt"
        name = f"{letter.at:%Y%m%dT%H%M%S}-{letter.message_id}"
        draft = folder / f".{name}.{os.getpid()}.{get_ident()}"  # of this writer: a letter may be sent twice at once
        try:
            folder.mkdir(parents=True, exist_ok=True)
            draft.write_bytes(content)
            draft.replace(folder / f"{name}.{suffix}")
        except OSError as error:
            raise NotSent(f"{type(error).__name__}: {error.strerror}") from error

    def folder_of(self, address: str) -> Path:
        """The recipient's folder; an address is no path."""
        name = quote(address.lower(), safe="@+")
        return self._root / (f"%2E{name[1:]}" if name.startswith(".") else name)
