"""Changing money of a wallet into another currency: quoted first, then taken at that price or not at all."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.conf import settings

from domains.payments import rules
from domains.payments.actions.ledger import Line, post
from domains.payments.models import ExchangeQuote, ExchangeRate
from domains.payments.queries import exchange as found
from domains.payments.queries import refunds
from kelmah import clock
from kelmah.db import atomic
from kelmah.money import Money
from kelmah.principal import Principal


def keep_rates(
    rates: Mapping[str, Decimal], *, origin: str, observed_at: datetime, jumps_are_meant: bool = False
) -> int:
    """Keep what one unit of the base currency was worth; told again is kept once. Returns how many are new.

    All or none. Raises RateImplausible with the currencies whose rates jump, unless that is meant; UnknownCurrency.
    """
    now = clock.now()
    if observed_at > now:
        raise rules.RateImplausible("It is of a time to come.")
    if wrong := sorted(currency for currency, rate in rates.items() if rate <= 0 or currency == settings.FX_BASE):
        raise rules.RateImplausible(data={"currencies": wrong})
    odd = sorted(currency for currency, rate in rates.items() if _jumps(currency, rate))
    if odd and not jumps_are_meant:
        raise rules.RateImplausible(data={"currencies": odd})
    rows = [
        ExchangeRate(currency=currency, rate=rate, origin=origin, observed_at=observed_at, kept_at=now)
        for currency, rate in sorted(rates.items())
    ]
    with atomic("payments"):
        before = ExchangeRate.objects.filter(origin=origin, observed_at=observed_at).count()
        ExchangeRate.objects.bulk_create(rows, ignore_conflicts=True)
        return ExchangeRate.objects.filter(origin=origin, observed_at=observed_at).count() - before


def quote(*, by: Principal, sold: Money, into: str) -> ExchangeQuote:
    """What the amount buys for the next minute; nothing is set aside.

    Raises SameCurrency, RateMissing, AmountTooSmall.
    """
    if into == sold.currency:
        raise rules.SameCurrency()
    of_sold, of_bought = found.rate_in_force(sold.currency), found.rate_in_force(into)
    rate = rules.cross_rate(sold=_worth(of_sold), bought=_worth(of_bought))
    bought = rules.exchanged(sold, into=into, rate=rate, margin=settings.FX_MARGIN_BASIS_POINTS)
    if not bought.minor:
        raise rules.AmountTooSmall(f"It is worth less than the smallest coin of {into}.")
    now = clock.now()
    with atomic("payments"):
        return ExchangeQuote.objects.create(
            user_id=by.user_id,
            sold_minor=sold.minor,
            sold_currency=sold.currency,
            bought_minor=bought.minor,
            bought_currency=into,
            rate=round(Decimal(rate.numerator) / rate.denominator, 15),
            margin=settings.FX_MARGIN_BASIS_POINTS,
            sold_rate=of_sold,
            bought_rate=of_bought,
            created_at=now,
            expires_at=now + rules.QUOTE_LASTS,
        )


def accept(*, by: Principal, quote_id: UUID) -> ExchangeQuote:
    """Change the money as quoted; accepted twice is accepted.

    Each currency is between the wallet and the platform's own account of it, so each sums to zero; what rounding and
    margin leave stays there. Raises NotFound, QuoteExpired, InsufficientFunds (also of what is owed).
    """
    with atomic("payments"):
        wanted = found.lock_own_quote(quote_id=quote_id, by=by)  # two acceptances must not both find it open
        if wanted.accepted_at:
            return wanted
        now = clock.now()
        if wanted.state_at(now) == "expired":
            raise rules.QuoteExpired()
        sold, bought = wanted.sold, wanted.bought
        refunds.check_spendable(by.user_id, sold)  # or a debtor takes what comes in out in another currency
        lines = [
            Line(rules.available(by.user_id, sold.currency), -sold),
            Line(rules.fx(sold.currency), sold),
            Line(rules.fx(bought.currency), -bought),
            Line(rules.available(by.user_id, bought.currency), bought),
        ]
        post(key=f"exchange:{wanted.id}", kind="exchange", lines=lines, reference=_reference(wanted))
        wanted.accepted_at = now
        wanted.save(update_fields=["accepted_at"])
        return wanted


def forget_quotes() -> int:
    """Delete what nobody accepted a day ago and before; returns how many."""
    old = ExchangeQuote.objects.filter(accepted_at=None, expires_at__lt=clock.now() - rules.QUOTES_KEPT)
    with atomic("payments"):
        return old.delete()[0]


# Private functions


def _jumps(currency: str, rate: Decimal) -> bool:
    Money(0, currency)  # raises UnknownCurrency
    before = found.newest_rate(currency)
    return before is not None and rules.jumps(before=before.rate, now=rate)


def _worth(rate: ExchangeRate | None) -> Decimal:
    return rate.rate if rate else Decimal(1)


def _reference(wanted: ExchangeQuote) -> dict[str, str]:
    """What the statement says of it: the price, and whose rates it was made of."""
    told = [rate for rate in (wanted.sold_rate, wanted.bought_rate) if rate]
    return {
        "quote_id": str(wanted.id),
        "sold": str(wanted.sold),
        "bought": str(wanted.bought),
        "rate": f"{wanted.rate.normalize():f}",
        "rate_from": ", ".join(sorted({rate.origin for rate in told})),
        "rate_at": min(rate.observed_at for rate in told).isoformat(),
    }
