"""Who may do what with messages; nobody reads those of others."""

from typing import Final

from kelmah.interfaces.roles import Permission, Restriction, Role

ROLES: Final[tuple[Role, ...]] = ()

PERMISSIONS: Final = (
    Permission(name="messaging.write_messages", title="Write to the other side", to=("worker", "hirer")),
    Permission(
        name="messaging.view_conversations",
        title="See who talks with whom, and how much, without the texts",
        to=("support", "moderator", "compliance", "admin"),
    ),
    Permission(
        name="messaging.view_deliveries",
        title="See notifications, and where they were sent",
        to=("support", "admin"),
    ),
    Permission(name="messaging.send_again", title="Send a notification again", to=("support", "admin")),
    Permission(name="messaging.view_events", title="See events of messaging on their way", to=("admin",)),
    Permission(
        name="messaging.decide_events", title="Try dead letters of messaging again, or give them up", to=("admin",)
    ),
)

RESTRICTIONS: Final = (Restriction(name="writing", title="Writing messages", takes=("messaging.write_messages",)),)
