"""Encryption of people's data: a key per domain and subject, wrapped by a key that the database never holds.

What is stored under a destroyed key is gone, in every backup too. How: docs/encryption.md.
"""

from kelmah.crypto.data_keys import shred
from kelmah.crypto.errors import KeysUnavailable, Shredded, Tampered
from kelmah.crypto.fields import SealedField
from kelmah.crypto.sealing import Cell, blind_index, seal, unseal, unseal_many
from kelmah.crypto.streams import SealedReader, StreamSealer, stream_sealer

__all__ = [
    "Cell",
    "KeysUnavailable",
    "SealedField",
    "SealedReader",
    "Shredded",
    "StreamSealer",
    "Tampered",
    "blind_index",
    "seal",
    "shred",
    "stream_sealer",
    "unseal",
    "unseal_many",
]
