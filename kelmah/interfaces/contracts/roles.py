"""Who may do what with contracts; what the parties may do is said by the state tables."""

from typing import Final

from kelmah.interfaces.roles import Permission, Role

ROLES: Final[tuple[Role, ...]] = ()

PERMISSIONS: Final = (
    Permission(
        name="contracts.view_contracts",
        title="See contracts, milestones and submissions of everybody at the desk",
        to=("support", "finance", "compliance", "admin"),
    ),
    Permission(
        name="contracts.decide_dispute", title="Decide disputes about milestones", to=("finance", "compliance", "admin")
    ),
    Permission(name="contracts.view_events", title="See events and deadlines of contracts", to=("admin",)),
    Permission(
        name="contracts.decide_events", title="Try dead letters of contracts again, or give them up", to=("admin",)
    ),
)
