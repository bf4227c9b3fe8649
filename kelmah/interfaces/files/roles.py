"""Who may do what with files; nobody reads those of others."""

from typing import Final

from kelmah.interfaces.roles import Permission, Role

ROLES: Final[tuple[Role, ...]] = ()

PERMISSIONS: Final = (
    Permission(
        name="files.view_files",
        title="See what was uploaded, by whom, and who may read it, without the bytes",
        to=("support", "moderator", "compliance", "admin"),
    ),
    Permission(name="files.view_events", title="See events of files on their way", to=("admin",)),
    Permission(name="files.decide_events", title="Try dead letters of files again, or give them up", to=("admin",)),
)
