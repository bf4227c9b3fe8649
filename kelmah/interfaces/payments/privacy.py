"""What payments keeps about people."""

from typing import Final

from kelmah.interfaces.privacy import Kept

KEEPS: Final = (
    Kept(
        what="Wallets, ledger, deposits, payouts and protected funds",
        on_erasure="Stay as the law of bookkeeping demands, by id: amounts, dates, accounts. Titles are replaced.",
    ),
    Kept(
        what="Payout methods: numbers and holders' names, sealed",
        on_erasure="Emptied, and the key that opens them is destroyed, in backups too.",
    ),
    Kept(
        what="Payout destinations, instruments and messages of gateways",
        on_erasure="Replaced or emptied.",
    ),
)
