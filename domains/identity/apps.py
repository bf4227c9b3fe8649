"""What identity declares about itself."""

from kelmah.domain import DomainConfig


class IdentityConfig(DomainConfig):
    name = "domains.identity"
    label = "identity"
    service = "domains.identity.service.IdentityService"
    handlers = "domains.identity.handlers"
    urls = "domains.identity.api.urls"
    admin_urls = "domains.identity.admin.urls"
    beat = {
        "identity-forget": {"task": "identity.forget_old_rows", "schedule": 3_600.0},
        "identity-deadlines": {"task": "identity.run_deadlines", "schedule": 60.0},
        "identity-invitations": {"task": "identity.forget_invitations", "schedule": 3_600.0},
        "identity-cards": {"task": "identity.refresh_cards", "schedule": 86_400.0},
        "identity-expiry": {"task": "identity.end_what_expired", "schedule": 60.0},
        "identity-figures": {"task": "identity.count_people", "schedule": 86_400.0},
        "identity-privacy": {"task": "identity.run_privacy", "schedule": 15.0},
    }
    outside = {
        "mail server": "e-mails to people",
        "SMS provider": "texts to phones",
        "verification vendor": "a first look at papers",
    }
    demo = "domains.identity.actions.demo.load_demo"
