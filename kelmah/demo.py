"""Demo data: the same people and things in every domain, whatever order the domains are loaded in.

A domain names a function in its configuration (``DomainConfig.demo``); the function makes the domain's part through the
domain's own actions and does nothing when it is there already. Ids come from names, so that domains agree on them
without asking each other.
"""

from dataclasses import dataclass
from typing import Final
from uuid import NAMESPACE_URL, UUID, uuid5


def demo_id(kind: str, name: str) -> UUID:
    """The id of a demo thing: the same on every machine, and of no thing that a user makes."""
    return uuid5(NAMESPACE_URL, f"https://kelmah.dev/demo/{kind}/{name}")


@dataclass(frozen=True, kw_only=True)
class DemoPerson:
    """Somebody to log in as."""

    name: str
    role: str
    headline: str = ""
    skill_id: str = ""
    place: str = "Accra"
    latitude: float = 5.6037
    longitude: float = -0.187

    @property
    def user_id(self) -> UUID:
        return demo_id("user", self.name)

    @property
    def email(self) -> str:
        return f"{self.name.lower()}@demo.kelmah.dev"


PASSWORD: Final = "demo of seven baobabs"  # noqa: S105 - printed by ``make run``; never loaded in production

PEOPLE: Final = (
    DemoPerson(name="Abena", role="hirer", place="Osu, Accra", latitude=5.556, longitude=-0.182),
    DemoPerson(name="Kwame", role="hirer", place="Kumasi", latitude=6.6885, longitude=-1.6244),
    DemoPerson(
        name="Yaw",
        role="worker",
        headline="Carpenter: cabinets, doors, roofs",
        place="Labadi, Accra",
        skill_id="47-2031-00-carpentry",
    ),
    DemoPerson(
        name="Adjoa",
        role="worker",
        headline="Electrician, certified",
        place="Tema",
        latitude=5.669,
        skill_id="47-2111-00-electrical-wiring",
    ),
    DemoPerson(
        name="Fiifi",
        role="worker",
        headline="Plumber, day and night",
        place="Cape Coast",
        latitude=5.1315,
        skill_id="47-2152-00-plumbing",
    ),
    DemoPerson(name="Staff", role="staff"),
)
