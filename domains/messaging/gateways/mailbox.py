"""E-mails as files: one folder per recipient, one ``.eml`` per message, for machines without a mail server."""

import os
import re
from email.message import EmailMessage
from pathlib import Path
from uuid import UUID

from django.conf import settings


def send_mail(*, message_id: UUID, address: str, subject: str, body: str) -> None:
    """Write one e-mail (RFC 5322). Written again under the same id, it is the same file. Raises OSError."""
    message = EmailMessage()
    message["From"] = settings.DEFAULT_FROM_EMAIL
    message["To"] = address
    message["Subject"] = subject
    message["Message-ID"] = f"<{message_id}@kelmah>"
    message.set_content(body)
    folder = Path(settings.MAILBOX_DIR) / _folder_name(address)
    folder.mkdir(parents=True, exist_ok=True)
    draft = folder / f".{message_id}.draft"
    draft.write_bytes(bytes(message))
    os.replace(draft, folder / f"{message_id}.eml")  # whole or not at all


def _folder_name(address: str) -> str:
    return re.sub(r"[^a-z0-9@._+-]", "_", address.lower()).lstrip(".")
