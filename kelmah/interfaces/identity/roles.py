"""Who people can be, and who may do what with accounts."""

from typing import Final

from kelmah.interfaces.roles import Permission, Restriction, Role

ROLES: Final = (
    # Chosen at sign-up, or made by operators; never granted.
    Role(name="worker", title="Worker"),
    Role(name="hirer", title="Hirer"),
    Role(name="staff", title="Staff: enters the desk, and does there what granted roles allow"),
    # Granted to accounts of staff.
    Role(name="support", title="Support", privileged=True),
    Role(name="moderator", title="Moderator", privileged=True),
    Role(name="finance", title="Finance", privileged=True),
    Role(name="compliance", title="Compliance", privileged=True),
    Role(name="admin", title="Administrator", privileged=True),
    # Held within one company.
    Role(
        name="company_owner",
        title="Owner of a company",
        scope_kinds=("company",),
        gives=("company_admin", "company_hiring", "company_finance", "company_member"),
    ),
    Role(
        name="company_admin",
        title="Administrator of a company",
        scope_kinds=("company",),
        gives=("company_hiring", "company_finance", "company_member"),
    ),
    Role(name="company_hiring", title="Hires for a company", scope_kinds=("company",)),
    Role(name="company_finance", title="Pays for a company", scope_kinds=("company",)),
    Role(name="company_member", title="Member of a company", scope_kinds=("company",)),
)

PERMISSIONS: Final = (
    Permission(name="identity.edit_profile", title="Keep a profile of one's own", to=("worker", "hirer")),
    Permission(name="identity.deactivate_account", title="Switch off one's own account", to=("worker", "hirer")),
    Permission(name="identity.edit_hours", title="Say when one can work", to=("worker",)),
    Permission(name="identity.view_hours", title="See when workers can work", to=("hirer",)),
    Permission(name="identity.keep_api_keys", title="Keep API keys for programs of one's own", to=("worker", "hirer")),
    Permission(
        name="identity.view_people",
        title="See accounts and profiles at the desk",
        to=("support", "moderator", "compliance", "admin"),
    ),
    Permission(
        name="identity.suspend_user",
        title="Suspend people and let them in again",
        to=("moderator", "compliance", "admin"),
    ),
    Permission(name="identity.change_ranking", title="Weigh what ranks workers", to=("admin",)),
    Permission(
        name="identity.view_sessions",
        title="See where people are logged in, and who is locked out",
        to=("support", "compliance", "admin"),
    ),
    Permission(name="identity.revoke_session", title="End sessions of others", to=("support", "compliance", "admin")),
    Permission(
        name="identity.view_factor_resets",
        title="See who lost their second factors",
        to=("support", "compliance", "admin"),
    ),
    Permission(
        name="identity.reset_factors",
        title="Agree that somebody's second factors are taken away",
        to=("support", "compliance", "admin"),
    ),
    Permission(
        name="identity.reset_staff_factors",
        title="Agree that second factors of staff are taken away",
        to=("admin",),
    ),
    Permission(name="identity.seek_verification", title="Send identity papers of one's own", to=("worker", "hirer")),
    Permission(
        name="identity.verify_documents",
        title="Read identity papers and decide about them",
        to=("compliance", "admin"),
    ),
    Permission(name="identity.impersonate", title="Look at Kelmah as somebody else does", to=("support", "admin")),
    Permission(name="identity.view_grants", title="See who holds which role", to=("compliance", "admin")),
    Permission(name="identity.request_grant", title="Ask to change roles of others", to=("compliance", "admin")),
    Permission(
        name="identity.approve_grant",
        title="Decide on changes of roles that others asked for",
        to=("compliance", "admin"),
    ),
    Permission(
        name="identity.grant_in_scope",
        title="Change roles of others within one's own scope",
        to=("company_owner", "company_admin"),
    ),
    Permission(
        name="identity.view_analytics",
        title="See figures about people: how many come, get going and stay",
        to=("finance", "compliance", "admin"),
    ),
    Permission(
        name="identity.view_privacy",
        title="See who asked for a copy of their data or for their erasure, and how far it is",
        to=("support", "compliance", "admin"),
    ),
    Permission(
        name="identity.recheck_erasure",
        title="Have an erasure that something stood against checked again",
        to=("compliance", "admin"),
    ),
    Permission(
        name="identity.view_restrictions",
        title="See what people were restricted in, why, and their appeals",
        to=("support", "moderator", "compliance", "admin"),
    ),
    Permission(
        name="identity.restrict_user",
        title="Restrict people for a time, with a reason and evidence",
        to=("moderator", "compliance", "admin"),
    ),
    Permission(
        name="identity.decide_appeal",
        title="Lift restrictions, and decide on appeals against those of others",
        to=("moderator", "compliance", "admin"),
    ),
    Permission(name="identity.view_events", title="See events of identity on their way", to=("admin",)),
    Permission(
        name="identity.decide_events", title="Try dead letters of identity again, or give them up", to=("admin",)
    ),
)

RESTRICTIONS: Final = (Restriction(name="profile", title="Changing the profile", takes=("identity.edit_profile",)),)
