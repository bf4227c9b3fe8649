"""A browser at a desk without identity: it is sent away, and comes back with a token as identity would make it."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

from django.test import Client

from kelmah.ids import new_id
from kelmah.staff.member import StaffMember
from kelmah.staff.places import desk_root
from kelmah.staff.tokens import vouch


def efua(**changes: Any) -> StaffMember:
    who: dict[str, Any] = {
        "id": new_id(),
        "name": "Efua Staff",
        "roles": frozenset({"staff"}),
        "has_all_rights": True,
        "session_id": new_id(),
        "standing": 0,
    }
    return StaffMember(**who | changes)


class Browser(Client):
    """Django's client, with the steps of entering."""

    def __init__(self, domain: str, **options: Any) -> None:
        super().__init__(**options)
        self.domain, self.root = domain, desk_root(domain)

    def set_out(self, address: str = "") -> dict[str, str]:
        """What identity is told when somebody who is not known asks for the address."""
        answer = self.get(address or self.root, follow=True)
        url, status = answer.redirect_chain[-1]
        place = urlsplit(url)
        assert (status, place.path) == (302, "/admin/sso"), url
        return {name: value for name, (value,) in parse_qs(place.query).items()}

    def arrive(self, token: str) -> Any:
        return self.post(f"{self.root}sso", {"token": token})

    def enter(self, member: StaffMember | None = None, address: str = "") -> Any:
        told = self.set_out(address)
        return self.arrive(vouch(member or efua(), domain=self.domain, mark=told["mark"], address=told["next"]))
