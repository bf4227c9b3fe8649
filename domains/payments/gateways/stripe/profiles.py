"""Customers with their saved methods (SetupIntents), and connected accounts of workers."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import stripe
from django.conf import settings
from stripe.params import AccountCreateParams

from domains.payments.gateways.profiles import KeepsProfiles, SavedMethod
from domains.payments.gateways.stripe.client import ORDER, UNREADABLE, client, failed_order, unavailable, unreadable
from domains.payments.rules import ProviderRefused
from kelmah.ids import new_id


class StripeProfiles(KeepsProfiles):
    def open_payer(self, *, key: UUID) -> str:
        with _answers():
            made = client().v1.customers.create({"metadata": {ORDER: str(key)}}, {"idempotency_key": str(key)})
        return made.id

    def begin_saving(self, *, payer: str) -> str:
        with _answers():
            intent = client().v1.setup_intents.create(
                {"customer": payer, "usage": "off_session"}, {"idempotency_key": str(new_id())}
            )
        return str(intent.client_secret)

    def saved(self, *, payer: str) -> list[SavedMethod]:
        with _answers():
            found = client().v1.payment_methods.list({"customer": payer, "limit": 100})
            return [_saved(method.to_dict()) for method in found.data]

    def forget(self, *, payer: str, ref: str) -> bool:
        if ref not in {method.ref for method in self.saved(payer=payer)}:
            return False
        with _answers():
            client().v1.payment_methods.detach(ref)
        return True

    def close_payer(self, payer: str) -> None:
        with _answers():
            try:
                client().v1.customers.delete(payer)
            except stripe.InvalidRequestError as error:
                if error.code != "resource_missing":
                    raise

    def open_payee(self, *, key: UUID, country: str) -> str:
        params: AccountCreateParams = {
            "type": "express",
            "country": country,
            "capabilities": {"transfers": {"requested": True}},
            # What we transfer there is paid out by us, order by order, never by Stripe's own calendar.
            "settings": {"payouts": {"schedule": {"interval": "manual"}}},
            "metadata": {ORDER: str(key)},
        }
        with _answers():
            # With another country it is another request: Stripe refuses one key for two.
            return client().v1.accounts.create(params, {"idempotency_key": f"{key}-{country}"}).id

    def payee_page(self, payee: str) -> str:
        back = settings.STRIPE_RETURN_URL
        with _answers():
            link = client().v1.account_links.create(
                {"account": payee, "type": "account_onboarding", "refresh_url": back, "return_url": back},
                {"idempotency_key": str(new_id())},
            )
        return link.url

    def charged_through(self, *, payer: str, ref: str) -> str:
        return f"{payer}/{ref}"


# Private functions


@contextmanager
def _answers() -> Iterator[None]:
    """Stripe's errors as ours. Raises ProviderRefused, Unavailable."""
    try:
        yield
    except stripe.InvalidRequestError as error:
        raise ProviderRefused(data={"reason": getattr(failed_order(error), "code", "refused")}) from None
    except stripe.StripeError as error:
        raise unavailable(error) from None
    except UNREADABLE as error:
        raise unreadable(error) from None


def _saved(method: dict[str, Any]) -> SavedMethod:
    card = method.get("card") or {}
    kind = str(method["type"])
    expires = f"{card['exp_year']:04}-{card['exp_month']:02}" if card else ""
    hint = str((method.get(kind) or {}).get("last4") or "")
    return SavedMethod(ref=str(method["id"]), brand=str(card.get("brand") or kind), hint=hint, expires=expires)
