"""What identity keeps about people."""

from typing import Final

from kelmah.interfaces.privacy import Kept

KEEPS: Final = (
    Kept(
        what="Account, profile, company memberships, sessions, second factors, papers, settings",
        on_erasure="Deleted or emptied, keys destroyed; the id stays, without anything to tell whose it was.",
    ),
    Kept(
        what="Companies",
        on_erasure="Handed over to another member first, else deleted with the account.",
    ),
    Kept(
        what="The request itself",
        on_erasure="Stays, with receipts: ids, dates and counts.",
    ),
)
