"""What messaging keeps about people."""

from typing import Final

from kelmah.interfaces.privacy import Kept

KEEPS: Final = (
    Kept(
        what="Messages and their files",
        on_erasure="Replaced by a stone that keeps the numbering.",
    ),
    Kept(
        what="Notifications and deliveries",
        on_erasure="Deleted; in those of others about this person the words are replaced.",
    ),
    Kept(
        what="Address, name and language",
        on_erasure="Deleted.",
    ),
)
