"""What can go wrong with sealed data."""

from kelmah.errors import DomainError, Unavailable


class Shredded(DomainError):
    """The subject's key was destroyed: nothing of theirs can be read or sealed any more."""

    code, status, title = "erased", 410, "These data were erased"


class Tampered(Exception):
    """The bytes are not what was sealed, or not for this domain, subject and place. Never told to a client as such."""


class KeysUnavailable(Unavailable):
    """This process has no key file, or not the key that wrapped the data's key: it may be on its way here."""

    code, title = "keys_unavailable", "A key that is needed is not at hand: try again"
