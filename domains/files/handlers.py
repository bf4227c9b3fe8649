"""What files hears."""

from domains.files.actions import exports, privacy
from kelmah.events.handlers import handles
from kelmah.interfaces.identity.events import ExportCollected, PersonAsked


@handles(PersonAsked)
def on_person_asked(event: PersonAsked) -> None:
    """Copy, check or forget what is kept about somebody. Twice is safe: the second time finds nothing to do."""
    privacy.answer(event)


@handles(ExportCollected)
def on_export_collected(event: ExportCollected) -> None:
    """Have the copy packed. Twice is safe: the archive bears the id of the request, and is made once."""
    exports.pack_soon(request_id=event.request_id, user_id=event.user_id)
