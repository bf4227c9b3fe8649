"""Whose account at Stripe it is."""

import stripe

from domains.payments.gateways.stripe.client import client, is_ref, unavailable


def name_of(account: str) -> str:
    """The name that Stripe checked for a connected account; empty when there is no such account of ours.

    Raises Unavailable.
    """
    if not is_ref(account):
        return ""
    try:
        told = client().v1.accounts.retrieve(account)
    except (stripe.PermissionError, stripe.InvalidRequestError):
        return ""  # Stripe does not tell apart what does not exist and what is somebody else's
    except stripe.StripeError as error:
        raise unavailable(error) from None
    for holder in (told.individual, told.company, told.business_profile):
        if holder and (name := _name(holder.to_dict())):
            return name
    return ""


# Private functions


def _name(holder: dict[str, object]) -> str:
    parts = [holder.get("first_name"), holder.get("last_name")]
    return " ".join(str(part) for part in parts if part) or str(holder.get("name") or "")
