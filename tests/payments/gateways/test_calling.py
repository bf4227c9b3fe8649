"""What providers say in words."""

import pytest

from domains.payments.gateways.calling import Refused


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("Account 0241234567 is not active", "Account … is not active"),
        ("+233 24 123 4567: no such wallet", "…: no such wallet"),
        ("Card 4084-0840-8408-4081 declined", "Card … declined"),
        ("ama.mensah@example.com is no customer", "… is no customer"),
        ("answered 400: Amount 1250 exceeds 100000", "answered 400: Amount 1250 exceeds 100000"),
    ],
)
def test_a_refusal_names_no_number_of_anybody(said, kept):
    refusal = Refused(said, code=said, definitive=True, absent=False)
    assert (str(refusal), refusal.code) == (kept, kept)
