"""What marketplace keeps about people."""

from typing import Final

from kelmah.interfaces.privacy import Kept

KEEPS: Final = (
    Kept(
        what="Job postings",
        on_erasure="Open ones are closed; title, description and place are replaced; amounts and dates stay.",
    ),
    Kept(
        what="Proposals and offers",
        on_erasure="Open ones end; letters, scopes and steps are replaced.",
    ),
)
