"""What payments declares about itself."""

from django.core.checks import register

from kelmah.domain import DomainConfig


class PaymentsConfig(DomainConfig):
    name = "domains.payments"
    label = "payments"
    service = "domains.payments.service.PaymentsService"
    handlers = "domains.payments.handlers"
    urls = "domains.payments.api.urls"
    proof = ("books", "check")
    outside = {"payment providers": "charges, payouts, and webhooks that tell of them"}
    beat = {
        "payments-unresolved-commands": {"task": "payments.resolve_commands", "schedule": 5.0},
        "payments-payouts": {"task": "payments.send_payouts", "schedule": 2.0},
        "payments-waiting-webhooks": {"task": "payments.sweep_webhooks", "schedule": 10.0},
        "payments-open-disputes": {"task": "payments.resolve_disputes", "schedule": 3600.0},
        "payments-statements": {"task": "payments.fetch_statements", "schedule": 21_600.0},
        "payments-old-quotes": {"task": "payments.forget_quotes", "schedule": 3600.0},
        "payments-deadlines": {"task": "payments.run_deadlines", "schedule": 5.0},
        "payments-debts": {"task": "payments.collect_debts", "schedule": 5.0},
        "payments-books": {"task": "payments.check_books", "schedule": 600.0},
    }

    def ready(self) -> None:
        super().ready()
        from domains.payments.gateways.checks import offered_gateways_are_complete

        register(offered_gateways_are_complete)
