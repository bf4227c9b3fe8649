"""Payment providers: which are offered, where they are, and our secrets with them."""

from config import domains, env

GATEWAYS = env.words("GATEWAYS")  # empty: the sandbox, where it is allowed


def _needed(gateway: str) -> str | None:
    """The default of a secret: none, so that its absence stops the process, where the provider is offered."""
    return None if gateway in GATEWAYS and "payments" in domains.LOCAL else ""


# --- sandbox -----------------------------------------------------------------------------------------------------
SANDBOX_GATEWAY_URL = env.text("SANDBOX_GATEWAY_URL", default="http://127.0.0.1:8002", example="http://127.0.0.1:8002")
SANDBOX_WEBHOOK_URL = env.text(
    "SANDBOX_WEBHOOK_URL",
    default="http://127.0.0.1:8000/api/v1/webhooks/sandbox",
    example="http://127.0.0.1:8000/api/v1/webhooks/sandbox",
)
SANDBOX_WEBHOOK_SECRETS = env.words("SANDBOX_WEBHOOK_SECRETS", default="sandbox-webhooks")  # newest first
