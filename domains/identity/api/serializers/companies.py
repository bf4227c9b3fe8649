"""JSON of companies, their members and invitations, in and out."""

from typing import Any

from rest_framework import serializers

from domains.identity.api.serializers.fields import one_line
from domains.identity.api.serializers.profiles import PlaceIn, PlaceOut
from domains.identity.models import Company, CompanyInvitation, CompanyMember
from domains.identity.rules import companies as rules
from kelmah.http.fields import TextField, UUIDField
from kelmah.http.serializers import StrictSerializer


class CompanyIn(StrictSerializer):
    name = TextField(max_length=2 * rules.NAME_LENGTH)
    size = serializers.ChoiceField(choices=rules.SIZES, help_text="People who work there.")
    industry = serializers.ChoiceField(choices=rules.INDUSTRIES)
    place = PlaceIn(allow_null=True, default=None)


class CompanyChangesIn(StrictSerializer):
    name = TextField(max_length=2 * rules.NAME_LENGTH, required=False)
    size = serializers.ChoiceField(choices=rules.SIZES, required=False)
    industry = serializers.ChoiceField(choices=rules.INDUSTRIES, required=False)
    place = PlaceIn(allow_null=True, required=False)


class MemberChangesIn(StrictSerializer):
    role = serializers.ChoiceField(choices=rules.TO_GIVE)


class HandOverIn(StrictSerializer):
    user_id = UUIDField(help_text="A member: the owner from now on.")


class InvitationIn(StrictSerializer):
    email = TextField(max_length=254)
    role = serializers.ChoiceField(choices=rules.TO_GIVE)


class TokenIn(StrictSerializer):
    token = TextField(max_length=200, validators=[one_line], help_text="From the link in the letter.")


class ActForIn(StrictSerializer):
    company_id = UUIDField(allow_null=True, help_text="Null: for myself alone.")


class CompanyCardOut(serializers.Serializer):
    id = serializers.UUIDField()
    name = serializers.CharField()
    size = serializers.ChoiceField(choices=rules.SIZES)
    industry = serializers.ChoiceField(choices=rules.INDUSTRIES)
    place = PlaceOut(allow_null=True)


class CompanyCardsOut(serializers.Serializer):
    items = CompanyCardOut(many=True)


class CompanyOut(CompanyCardOut):
    owner_id = serializers.UUIDField()
    version = serializers.IntegerField()
    created_at = serializers.DateTimeField()
    my_role = serializers.ChoiceField(choices=rules.ROLES)
    i_may = serializers.ListField(child=serializers.ChoiceField(choices=sorted(rules.MAY)))


class MemberOut(serializers.Serializer):
    user_id = serializers.UUIDField()
    display_name = serializers.CharField()
    role = serializers.ChoiceField(choices=rules.ROLES)
    joined_at = serializers.DateTimeField()


class InvitationOut(serializers.Serializer):
    id = serializers.UUIDField()
    email = serializers.CharField()
    role = serializers.ChoiceField(choices=rules.TO_GIVE)
    state = serializers.ChoiceField(choices=sorted(rules.INVITATION.states))
    invited_by = serializers.CharField()
    sendings = serializers.IntegerField()
    created_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField()
    version = serializers.IntegerField()
    available_transitions = serializers.ListField(child=serializers.CharField())


class MyInvitationOut(serializers.Serializer):
    id = serializers.UUIDField()
    company = CompanyCardOut()
    role = serializers.ChoiceField(choices=rules.TO_GIVE)
    invited_by = serializers.CharField()
    expires_at = serializers.DateTimeField()


class ActingOut(serializers.Serializer):
    company_id = serializers.UUIDField(allow_null=True)
    access_token = serializers.CharField()
    token_type = serializers.ChoiceField(choices=["Bearer"])
    expires_in = serializers.IntegerField(help_text="Seconds until the access token expires.")


def render_company_card(company: Company) -> dict[str, Any]:
    """What everybody may see: where it is, only to about a kilometre."""
    return _rendered(company, digits=2)


def render_company(member: CompanyMember) -> dict[str, Any]:
    """The company as one of its members sees it."""
    company = member.company
    return _rendered(company, digits=6) | {
        "owner_id": company.owner_id,
        "version": company.version,
        "created_at": company.created_at,
        "my_role": member.role,
        "i_may": sorted(step for step, roles in rules.MAY.items() if member.role in roles),
    }


def render_member(member: CompanyMember) -> dict[str, Any]:
    return {
        "user_id": member.user_id,
        "display_name": member.user.display_name,
        "role": member.role,
        "joined_at": member.joined_at,
    }


def render_invitation(invitation: CompanyInvitation) -> dict[str, Any]:
    """For the owner and admins, who wrote the address down."""
    return {
        "id": invitation.id,
        "email": invitation.email,
        "role": invitation.role,
        "state": invitation.state,
        "invited_by": invitation.invited_by.display_name,
        "sendings": invitation.sendings,
        "created_at": invitation.created_at,
        "expires_at": invitation.expires_at,
        "version": invitation.version,
        "available_transitions": rules.INVITATION.available(invitation.state, "owner"),
    }


def render_my_invitation(invitation: CompanyInvitation) -> dict[str, Any]:
    return {
        "id": invitation.id,
        "company": render_company_card(invitation.company),
        "role": invitation.role,
        "invited_by": invitation.invited_by.display_name,
        "expires_at": invitation.expires_at,
    }


# Private functions


def _rendered(company: Company, *, digits: int) -> dict[str, Any]:
    place = company.place
    return {
        "id": company.id,
        "name": company.name,
        "size": company.size,
        "industry": company.industry,
        "place": place
        and {
            "name": place.name,
            "latitude": round(place.latitude, digits),
            "longitude": round(place.longitude, digits),
        },
    }
