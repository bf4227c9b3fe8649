"""Who may do what with reviews."""

from typing import Final

from kelmah.interfaces.roles import Permission, Role

ROLES: Final[tuple[Role, ...]] = ()

PERMISSIONS: Final = (
    Permission(
        name="reviews.view_reviews",
        title="See reviews at the desk, private feedback too",
        to=("support", "moderator", "admin"),
    ),
    Permission(name="reviews.view_events", title="See events and deadlines of reviews", to=("admin",)),
    Permission(name="reviews.decide_events", title="Try dead letters of reviews again, or give them up", to=("admin",)),
)
