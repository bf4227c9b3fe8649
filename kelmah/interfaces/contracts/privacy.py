"""What contracts keeps about people."""

from typing import Final

from kelmah.interfaces.privacy import Kept

KEEPS: Final = (
    Kept(
        what="Contracts, milestones and submissions",
        on_erasure="What the person wrote is replaced; ids, amounts, dates and hashes stay, for the other side.",
    ),
    Kept(
        what="Disputes",
        on_erasure="What the person wrote is replaced; amounts, dates and rulings stay, for the other side.",
    ),
    Kept(
        what="Signatures",
        on_erasure="Legal name, address and browser are replaced; time and hashes stay.",
    ),
)
