"""Who may do what on the market."""

from typing import Final

from kelmah.interfaces.roles import Permission, Restriction, Role

ROLES: Final[tuple[Role, ...]] = ()

PERMISSIONS: Final = (
    Permission(name="marketplace.post_jobs", title="Write, publish and close jobs of one's own", to=("hirer",)),
    Permission(name="marketplace.choose_proposals", title="Read proposals to one's jobs, make offers", to=("hirer",)),
    Permission(name="marketplace.send_proposals", title="Propose to do jobs, answer offers", to=("worker",)),
    Permission(
        name="marketplace.view_market",
        title="See jobs, proposals and offers of everybody at the desk",
        to=("support", "moderator", "compliance", "admin"),
    ),
    Permission(name="marketplace.remove_job", title="Take a job off the market", to=("moderator", "admin")),
    Permission(
        name="marketplace.view_taxonomy",
        title="See categories and skills at the desk",
        to=("support", "moderator", "admin"),
    ),
    Permission(name="marketplace.edit_taxonomy", title="Retire categories and skills", to=("moderator", "admin")),
    Permission(name="marketplace.view_events", title="See events and deadlines of marketplace", to=("admin",)),
    Permission(
        name="marketplace.decide_events", title="Try dead letters of marketplace again, or give them up", to=("admin",)
    ),
)

RESTRICTIONS: Final = (
    Restriction(name="posting", title="Posting jobs", takes=("marketplace.post_jobs",)),
    Restriction(name="proposing", title="Proposing to do jobs", takes=("marketplace.send_proposals",)),
    Restriction(
        name="dealing",
        title="Posting jobs, proposing, making and answering offers",
        takes=("marketplace.post_jobs", "marketplace.choose_proposals", "marketplace.send_proposals"),
    ),
)
