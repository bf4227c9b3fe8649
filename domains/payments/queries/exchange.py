"""Rates and quotes."""

from uuid import UUID

from django.conf import settings

from domains.payments import rules
from domains.payments.models import ExchangeQuote, ExchangeRate
from kelmah import clock
from kelmah.errors import NotFound
from kelmah.principal import Principal


def newest_rate(currency: str) -> ExchangeRate | None:
    """The one observed last, however old; of several at one moment that kept last."""
    return ExchangeRate.objects.filter(currency=currency).order_by("-observed_at", "-id").first()


def rate_in_force(currency: str) -> ExchangeRate | None:
    """The one to sell at; None for the base currency, which is worth one of itself. Raises RateMissing."""
    if currency == settings.FX_BASE:
        return None
    rate = newest_rate(currency)
    if rate is None or rate.observed_at < clock.now() - rules.RATE_LASTS:
        raise rules.RateMissing(data={"retry_after": 3600, "currency": currency})
    return rate


def access_quote(*, quote_id: UUID, by: Principal) -> ExchangeQuote:
    """One's own. Raises NotFound."""
    return _the(quote_id, by, lock=False)


def lock_own_quote(*, quote_id: UUID, by: Principal) -> ExchangeQuote:
    """One's own, its row locked until the transaction ends. Raises NotFound."""
    return _the(quote_id, by, lock=True)


# Private functions


def _the(quote_id: UUID, by: Principal, *, lock: bool) -> ExchangeQuote:
    rows = ExchangeQuote.objects.select_for_update() if lock else ExchangeQuote.objects.all()
    quote = rows.filter(id=quote_id, user_id=by.user_id).first()
    if quote is None:
        raise NotFound("You have no such quote.")
    return quote
