"""What reviews keeps about people."""

from typing import Final

from kelmah.interfaces.privacy import Kept

KEEPS: Final = (
    Kept(
        what="Reviews by and about the person",
        on_erasure="Texts and replies are removed; stars stay in the means of their category.",
    ),
    Kept(
        what="Reputation",
        on_erasure="Deleted.",
    ),
)
