"""Payment providers: which are offered, where they are, and our secrets with them."""

from config import domains, env

GATEWAYS = env.words("GATEWAYS")  # empty: the sandbox, where it is allowed


def _needed(gateway: str) -> str | None:
    """The default of a secret: none, so that its absence stops the process, where the provider is offered."""
    return None if gateway in GATEWAYS and "payments" in domains.LOCAL else ""


# --- payouts ------------------------------------------------------------------------------------------------------
# Seconds that a payout waits for others, where a provider takes many in one call; 0: each is sent at once, alone.
PAYOUT_BATCH_SECONDS = env.number("PAYOUT_BATCH_SECONDS", default=2)

# --- exchange ----------------------------------------------------------------------------------------------------
FX_BASE = env.text("FX_BASE", default="USD", example="USD")  # rates are kept as units for one of it
FX_MARGIN_BASIS_POINTS = env.number("FX_MARGIN_BASIS_POINTS", default=100)  # what the platform keeps of an exchange

# --- sandbox -----------------------------------------------------------------------------------------------------
SANDBOX_GATEWAY_URL = env.text("SANDBOX_GATEWAY_URL", default="http://127.0.0.1:8002", example="http://127.0.0.1:8002")
SANDBOX_WEBHOOK_URL = env.text(
    "SANDBOX_WEBHOOK_URL",
    default="http://127.0.0.1:8000/api/v1/webhooks/sandbox",
    example="http://127.0.0.1:8000/api/v1/webhooks/sandbox",
)
SANDBOX_WEBHOOK_SECRETS = env.words("SANDBOX_WEBHOOK_SECRETS", default="sandbox-webhooks")  # newest first

# --- MTN Mobile Money (docs/gateways/mtn_momo.md) ------------------------------------------------------------------
MTN_MOMO_API_URL = env.site(
    "MTN_MOMO_API_URL", default="https://sandbox.momodeveloper.mtn.com", example="https://proxy.momoapi.mtn.com"
)
MTN_MOMO_TARGET_ENVIRONMENT = env.text("MTN_MOMO_TARGET_ENVIRONMENT", default="sandbox", example="mtnghana")
MTN_MOMO_CURRENCY = env.text("MTN_MOMO_CURRENCY", default="EUR", example="GHS")  # its sandbox knows only EUR
MTN_MOMO_CALLBACK_URL = env.text(
    "MTN_MOMO_CALLBACK_URL", default="", example="https://api.example.com/api/v1/webhooks/mtn_momo"
)
_MTN_MOMO = _needed("mtn_momo")
MTN_MOMO_COLLECTION_SUBSCRIPTION_KEY = env.text(
    "MTN_MOMO_COLLECTION_SUBSCRIPTION_KEY", default=_MTN_MOMO, example="32 hex digits, from its developer portal"
)
MTN_MOMO_COLLECTION_API_USER = env.text(
    "MTN_MOMO_COLLECTION_API_USER", default=_MTN_MOMO, example="c72025f5-5cd1-4630-99e4-8ba4722fad56"
)
MTN_MOMO_COLLECTION_API_KEY = env.text(
    "MTN_MOMO_COLLECTION_API_KEY", default=_MTN_MOMO, example="32 hex digits, from its partner portal"
)
MTN_MOMO_DISBURSEMENT_SUBSCRIPTION_KEY = env.text(
    "MTN_MOMO_DISBURSEMENT_SUBSCRIPTION_KEY", default=_MTN_MOMO, example="32 hex digits, from its developer portal"
)
MTN_MOMO_DISBURSEMENT_API_USER = env.text(
    "MTN_MOMO_DISBURSEMENT_API_USER", default=_MTN_MOMO, example="c72025f5-5cd1-4630-99e4-8ba4722fad57"
)
MTN_MOMO_DISBURSEMENT_API_KEY = env.text(
    "MTN_MOMO_DISBURSEMENT_API_KEY", default=_MTN_MOMO, example="32 hex digits, from its partner portal"
)

# --- stripe ------------------------------------------------------------------------------------------------------
STRIPE_API_URL = env.site("STRIPE_API_URL", default="https://api.stripe.com", example="https://api.stripe.com")
STRIPE_SECRET_KEY = env.text("STRIPE_SECRET_KEY", default=_needed("stripe"), example="sk_live_51…")
STRIPE_ACCOUNT = env.text("STRIPE_ACCOUNT", default=_needed("stripe"), example="acct_1PgafTB7WZ01zgkW")
STRIPE_WEBHOOK_SECRETS = env.words("STRIPE_WEBHOOK_SECRETS")  # one per endpoint, whsec_…; old ones while they rotate
STRIPE_CURRENCIES = env.words("STRIPE_CURRENCIES", default="USD,EUR,GBP")  # those in which the account settles
STRIPE_RETURN_URL = env.text(  # where payers come back to from their bank
    "STRIPE_RETURN_URL", default=_needed("stripe"), example="https://app.example.com/payments/return"
)

# --- PayPal (docs/gateways/paypal.md) ------------------------------------------------------------------------------
PAYPAL_API_URL = env.site("PAYPAL_API_URL", default="https://api-m.paypal.com", example="https://api-m.paypal.com")
PAYPAL_CERTIFICATES_URL = env.site(  # where it keeps those that its webhooks are signed with
    "PAYPAL_CERTIFICATES_URL", default="https://api.paypal.com", example="https://api.paypal.com"
)
_ROOTS = "PAYPAL_TRUSTED_ROOTS"  # files of those who may have issued them; none: whom browsers trust
PAYPAL_TRUSTED_ROOTS = env.readable_files(_ROOTS, example="/etc/kelmah/digicert.pem") if env.words(_ROOTS) else []
_PAYPAL = _needed("paypal")
PAYPAL_CLIENT_ID = env.text("PAYPAL_CLIENT_ID", default=_PAYPAL, example="80 letters and digits, of its app")
PAYPAL_CLIENT_SECRET = env.text("PAYPAL_CLIENT_SECRET", default=_PAYPAL, example="80 letters and digits, of its app")
PAYPAL_MERCHANT_ID = env.text("PAYPAL_MERCHANT_ID", default=_PAYPAL, example="S4HZ8MM2CDDVA")
PAYPAL_WEBHOOK_ID = env.text("PAYPAL_WEBHOOK_ID", default=_PAYPAL, example="8PT597110X687430LKGECATA")
PAYPAL_CURRENCIES = env.words("PAYPAL_CURRENCIES", default="USD")  # those in which the account keeps balances
PAYPAL_RETURN_URL = env.text("PAYPAL_RETURN_URL", default=_PAYPAL, example="https://app.example.com/wallet")

# --- Paystack (docs/gateways/paystack.md) --------------------------------------------------------------------------
PAYSTACK_API_URL = env.site("PAYSTACK_API_URL", default="https://api.paystack.co", example="https://api.paystack.co")
PAYSTACK_SECRET_KEY = env.text(
    "PAYSTACK_SECRET_KEY", default=_needed("paystack"), example="sk_live_ followed by 40 hex digits"
)
PAYSTACK_OLD_SECRET_KEYS = env.words("PAYSTACK_OLD_SECRET_KEYS")  # webhooks signed with them are still believed
PAYSTACK_INTEGRATION = env.text("PAYSTACK_INTEGRATION", default=_needed("paystack"), example="463433")
PAYSTACK_CURRENCIES = env.words("PAYSTACK_CURRENCIES", default="GHS")
PAYSTACK_RETURN_URL = env.text("PAYSTACK_RETURN_URL", default="", example="https://app.example.com/wallet")

# --- Hubtel: Telecel Cash and AirtelTigo Money (docs/gateways/telecel_cash.md) -------------------------------------
_HUBTEL = None if None in (_needed("telecel_cash"), _needed("airteltigo_money")) else ""
HUBTEL_RECEIVE_URL = env.site("HUBTEL_RECEIVE_URL", default="https://rmp.hubtel.com", example="https://rmp.hubtel.com")
HUBTEL_RECEIVE_STATUS_URL = env.site(
    "HUBTEL_RECEIVE_STATUS_URL", default="https://api-txnstatus.hubtel.com", example="https://api-txnstatus.hubtel.com"
)
HUBTEL_SEND_URL = env.site("HUBTEL_SEND_URL", default="https://smp.hubtel.com", example="https://smp.hubtel.com")
HUBTEL_SEND_STATUS_URL = env.site(
    "HUBTEL_SEND_STATUS_URL", default="https://smrsc.hubtel.com", example="https://smrsc.hubtel.com"
)
HUBTEL_LIVE = env.switch("HUBTEL_LIVE", default=True)  # it has no play money: no, where the addresses are not its own
HUBTEL_API_ID = env.text("HUBTEL_API_ID", default=_HUBTEL, example="kpsxolou")
HUBTEL_API_KEY = env.text("HUBTEL_API_KEY", default=_HUBTEL, example="32 letters and digits, from its dashboard")
HUBTEL_POS_SALES_ID = env.text("HUBTEL_POS_SALES_ID", default=_HUBTEL, example="11684")
HUBTEL_PREPAID_DEPOSIT_ID = env.text("HUBTEL_PREPAID_DEPOSIT_ID", default=_HUBTEL, example="11691")
HUBTEL_CALLBACK_URL = env.text(  # the provider's name is appended
    "HUBTEL_CALLBACK_URL", default=_HUBTEL, example="https://api.example.com/api/v1/webhooks"
)

# --- Easebuzz (docs/gateways/easebuzz.md) --------------------------------------------------------------------------
EASEBUZZ_PAY_URL = env.site("EASEBUZZ_PAY_URL", default="https://pay.easebuzz.in", example="https://pay.easebuzz.in")
EASEBUZZ_DASHBOARD_URL = env.site(
    "EASEBUZZ_DASHBOARD_URL", default="https://dashboard.easebuzz.in", example="https://dashboard.easebuzz.in"
)
EASEBUZZ_LIVE = env.switch("EASEBUZZ_LIVE", default=True)  # no, where the addresses are those of its test system
EASEBUZZ_KEY = env.text(
    "EASEBUZZ_KEY", default=_needed("easebuzz"), example="10 letters and digits, from its dashboard"
)
EASEBUZZ_SALT = env.text(
    "EASEBUZZ_SALT", default=_needed("easebuzz"), example="10 letters and digits, from its dashboard"
)
EASEBUZZ_OLD_SALTS = env.words("EASEBUZZ_OLD_SALTS")  # webhooks signed with them are still believed
EASEBUZZ_RETURN_URL = env.text(  # it posts a form there, in the payer's browser
    "EASEBUZZ_RETURN_URL", default=_needed("easebuzz"), example="https://app.example.com/wallet"
)
EASEBUZZ_WIRE_URL = env.site(
    "EASEBUZZ_WIRE_URL", default="https://wire.easebuzz.in", example="https://wire.easebuzz.in"
)
# Without these no addresses are given: InstaCollect is a product of its own.
EASEBUZZ_WIRE_KEY = env.text("EASEBUZZ_WIRE_KEY", default="", example="10 hex digits, of InstaCollect")
EASEBUZZ_WIRE_SALT = env.text("EASEBUZZ_WIRE_SALT", default="", example="10 hex digits, of InstaCollect")

# --- bank (docs/gateways/bank.md) ----------------------------------------------------------------------------------
BANK_ACCOUNT = env.text("BANK_ACCOUNT", default=_needed("bank"), example="the IBAN or number of our account")
BANK_BIC = env.text("BANK_BIC", default=_needed("bank"), example="BARCGHAC")
BANK_HOLDER = env.text("BANK_HOLDER", default=_needed("bank"), example="Kelmah Ltd, as the bank writes it")
BANK_CURRENCIES = env.words("BANK_CURRENCIES", default="GHS")
BANK_LIVE = env.switch("BANK_LIVE", default=True)  # false: an account at a bank's test system
