"""What files keeps about people."""

from typing import Final

from kelmah.interfaces.privacy import Kept

KEEPS: Final = (
    Kept(
        what="Files and who may read them",
        on_erasure="Bytes are removed, keys of sealed ones destroyed, names replaced; nothing is shared any more.",
    ),
    Kept(
        what="Copies of the person's data",
        on_erasure="Removed.",
    ),
)
