"""Whose account at Stripe it is."""

import stripe

from domains.payments.gateways.stripe.client import client, is_ref, unavailable


def name_of(account: str) -> str:
    """The name that Stripe checked for a connected account; empty when there is no such account of ours, or when Stripe
    keeps it to itself, as it does once it has sent the account's owner through its own pages.

    Raises Unavailable.
    """
    if not is_ref(account):
        return ""
    try:
        told = client().v1.accounts.retrieve(account).to_dict()
    except (stripe.PermissionError, stripe.InvalidRequestError):
        return ""  # Stripe does not tell apart what does not exist and what is somebody else's
    except stripe.StripeError as error:
        raise unavailable(error) from None
    holders = (told.get(kind) or {} for kind in ("individual", "company", "business_profile"))
    return next((name for holder in holders if (name := _name(holder))), "")


# Private functions


def _name(holder: dict[str, object]) -> str:
    parts = [holder.get("first_name"), holder.get("last_name")]
    return " ".join(str(part) for part in parts if part) or str(holder.get("name") or "")
