"""How banks name accounts and write names."""

import re
import unicodedata
from dataclasses import dataclass
from typing import Final

_IBAN: Final = re.compile(r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}")
_ACCOUNT: Final = re.compile(r"[A-Z0-9]{4,34}")
_BIC: Final = re.compile(r"[A-Z]{6}[A-Z0-9]{2}([A-Z0-9]{3})?")
_SORT_CODE: Final = re.compile(r"[0-9]{4,12}")
_LETTERS: Final = str.maketrans({"ɛ": "e", "Ɛ": "E", "ɔ": "o", "Ɔ": "O", "ŋ": "n", "Ŋ": "N", "ß": "ss", "ø": "o"})
LONGEST_NAME: Final = 70


@dataclass(frozen=True, kw_only=True)
class BankAccount:
    """Somebody's account: ``bank`` is a BIC or a national sort code, ``number`` an IBAN or the bank's own."""

    bank: str
    number: str
    holder: str

    @property
    def is_iban(self) -> bool:
        return _IBAN.fullmatch(self.number) is not None and _remainder(self.number) == 1

    @property
    def has_bic(self) -> bool:
        return _BIC.fullmatch(self.bank) is not None

    def as_text(self) -> str:
        """As an order's instrument; the number comes last, so that its end is the hint."""
        return f"{self.bank}|{self.holder}|{self.number}"

    @classmethod
    def from_text(cls, text: str) -> "BankAccount":
        """The inverse of ``as_text``. Raises ValueError for what no bank could pay to."""
        bank, holder, number = text.split("|")
        account = cls(bank=bank, number=number, holder=holder)
        if problem := problem_with(account):
            raise ValueError(problem)
        return account


def problem_with(account: BankAccount) -> str:
    """Why no bank could pay to it: ``bank``, ``number`` or ``holder``; empty when all is well.

    What begins like an IBAN has to have an IBAN's check digits.
    """
    if not (account.has_bic or _SORT_CODE.fullmatch(account.bank)):
        return "bank"
    looks_like_iban = re.match(r"[A-Z]{2}\d{2}", account.number) is not None
    if not _ACCOUNT.fullmatch(account.number) or (looks_like_iban and not account.is_iban):
        return "number"
    return "" if plain(account.holder) and "|" not in account.holder else "holder"


def plain(name: str) -> str:
    """A name in the letters that every bank's computer knows (SWIFT's character set x), cut to 70.

    It never begins with a sign: in a spreadsheet ``=`` begins a formula.
    """
    parted = unicodedata.normalize("NFKD", name.translate(_LETTERS))
    kept = "".join(sign for sign in parted if not unicodedata.combining(sign))
    known = re.sub(r"[^A-Za-z0-9/?:().,'+ -]", " ", kept)
    return re.sub(r"\s+", " ", known).strip(" /?:().,'+-")[:LONGEST_NAME].strip()


def _remainder(iban: str) -> int:
    """ISO 7064: the rest of an IBAN's number by 97, which is 1."""
    return int("".join(str(int(sign, 36)) for sign in iban[4:] + iban[:4])) % 97
