"""A row of every kind that matters, in whatever domain runs here."""

from pathlib import Path

from kelmah.ids import new_id


def contracts() -> None:
    from tests.contracts.factories import disputed_milestone, submitted_milestone

    submitted_milestone()
    disputed_milestone()


def files() -> None:
    from django.conf import settings

    from domains.files import actions
    from tests.files.factories import member, ready_file

    assert Path(settings.MEDIA_ROOT).is_dir()
    owner = member()
    file = ready_file(by=owner)
    actions.share_files(ids=[file.id], owner_id=owner.user_id, reader_ids=[member().user_id], context="milestone:1")


def marketplace() -> None:
    from tests.marketplace.factories import CABINETS, OfferFactory

    OfferFactory(proposal__job__in_osu=True, proposal__job__asks_for=[CABINETS])


def messaging() -> None:
    from domains.messaging import actions
    from tests.messaging.factories import ContactFactory, NoticeFactory, conversation, say

    room = conversation()
    say(room)
    contact = ContactFactory(user_id=room.first_id)
    actions.notify(event_id=new_id(), notices=[NoticeFactory(user_id=contact.user_id)])


def payments() -> None:
    from tests.payments.everything import one_of_everything

    one_of_everything()


def reviews() -> None:
    from tests.reviews.factories import both_written, open_window

    both_written()
    open_window()


MAKERS = {each.__name__: each for each in (contracts, files, marketplace, messaging, payments, reviews)}
