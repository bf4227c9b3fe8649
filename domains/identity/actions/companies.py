"""Companies: founding them, changing what they say, and handing them over."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from domains.identity import queries
from domains.identity.actions import memberships
from domains.identity.models import Company, CompanyMember
from domains.identity.queries import companies as found
from domains.identity.queries.people import hold_account
from domains.identity.rules import companies as rules
from kelmah import clock
from kelmah.db import atomic, check_version
from kelmah.ids import new_id


def found_company(*, by_id: UUID, name: str, size: str, industry: str, place: Any = None) -> CompanyMember:
    """A new company whose owner is whoever founds it. ``place`` is a ``rules.Place``.

    Raises InvalidInput, TooManyCompanies, NotFound.
    """
    with atomic("identity"):
        user = queries.lock_user(by_id)  # two foundings at once must not both be the fifth
        if Company.objects.filter(owner=user).count() >= rules.MOST_OWNED:
            raise rules.TooManyCompanies()
        company = Company(id=new_id(), size=size, industry=industry, owner=user, created_by=user)
        company.name, company.created_at = rules.clean_name(name), clock.now()
        _put(company, place)
        company.save(force_insert=True)
        return memberships.add(company, user, role="owner", by_id=None)


def edit_company(
    *, company_id: UUID, by_id: UUID, expected_version: int | None, changes: Mapping[str, Any]
) -> CompanyMember:
    """Change the named parts: name, size, industry, place. Where nothing changes, nothing is written.

    Raises CompanyNotFound, CompanyRoleMissing, StaleVersion, InvalidInput.
    """
    wanted = dict(changes)
    if "name" in wanted:
        wanted["name"] = rules.clean_name(wanted["name"])
    with atomic("identity"):
        company = found.lock_company(company_id)  # two admins editing at once: the second sees a newer version
        role = found.role_in(company, by_id)
        check_version(company, expected_version)
        rules.check_may(role, "edit")
        if any(getattr(company, part) != value for part, value in wanted.items()):
            for part in wanted.keys() - {"place"}:
                setattr(company, part, wanted[part])
            if "place" in wanted:
                _put(company, wanted["place"])
            company.save_change("name", "size", "industry", "place_name", "latitude", "longitude")
    return found.access_member(company_id=company_id, user_id=by_id)


def hand_over(*, company_id: UUID, by_id: UUID, to_id: UUID, expected_version: int | None) -> CompanyMember:
    """The owner makes another member the owner, and becomes an admin.

    Raises CompanyNotFound, CompanyRoleMissing, StaleVersion, NotFound (no member), AlreadyMember (to oneself),
    TooManyCompanies.
    """
    with atomic("identity"):
        # The rows of both, in one order: the one who takes over must not found a company too many at that moment.
        for user_id in sorted({by_id, to_id}):
            hold_account(user_id)
        company = found.lock_company(company_id)  # two hand-overs at once: the second is no owner's any more
        role = found.role_in(company, by_id)
        check_version(company, expected_version)
        rules.check_may(role, "hand_over")
        if by_id == to_id:
            raise rules.AlreadyMember("You are the owner already.")
        heir = found.other_member(company, to_id)
        if Company.objects.filter(owner_id=to_id).count() >= rules.MOST_OWNED:
            raise rules.TooManyCompanies("They own too many companies already.")
        memberships.change(found.other_member(company, by_id), role="admin", by_id=by_id)
        memberships.change(heir, role="owner", by_id=by_id)
        company.owner_id = to_id
        company.save_change("owner")
    return found.access_member(company_id=company_id, user_id=by_id)


# Private functions


def _put(company: Company, place: Any) -> None:
    company.place_name = place.name if place else ""
    company.latitude, company.longitude = (place.latitude, place.longitude) if place else (None, None)
