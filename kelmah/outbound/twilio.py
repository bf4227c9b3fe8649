"""SMS through Twilio's Programmable Messaging (twilio.com/docs/messaging/api/message-resource, version 2010-04-01).

``TWILIO_FROM`` is a number, a sender's name, or the id of a messaging service (``MG…``).
"""

import json
from typing import Any

import httpx
from django.conf import settings

from kelmah.outbound.letters import NotSent, Refused, Sms

_TIMEOUT = 10.0  # seconds
_LONGEST_ANSWER = 65_536  # bytes; the real ones have one thousand
_TRY_LATER = frozenset({401, 403, 408, 429})  # wrong credentials are ours to mend, not the reader's fault


class Twilio:
    """One request per text. Twilio knows no idempotency: a text whose answer was lost may arrive twice."""

    def send(self, letter: Sms) -> None:
        """Raises NotSent; Refused for what Twilio says it will never deliver."""
        sid, sender = settings.TWILIO_ACCOUNT_SID, settings.TWILIO_FROM
        form = {
            "To": letter.number,
            "Body": letter.text,
            "MessagingServiceSid" if sender.startswith("MG") else "From": sender,
        }
        url = f"{settings.TWILIO_URL}/2010-04-01/Accounts/{sid}/Messages.json"
        try:
            with httpx.stream(
                "POST", url, data=form, auth=(sid, settings.TWILIO_AUTH_TOKEN), timeout=_TIMEOUT
            ) as response:
                status, answer = response.status_code, _object_in(response)
        except httpx.HTTPError as error:
            raise NotSent(f"{type(error).__name__}: {error}") from error
        if status == 201 and answer.get("sid"):
            return
        said = f"Twilio answered {status}, code {answer.get('code')}"  # never the message: it repeats the number
        if 400 <= status < 500 and status not in _TRY_LATER:
            raise Refused(said)
        raise NotSent(said)


def _object_in(response: httpx.Response) -> dict[str, Any]:
    """The JSON object of an answer; empty for anything else, and for what is far too long."""
    content = b""
    for part in response.iter_bytes():
        content += part
        if len(content) > _LONGEST_ANSWER:
            return {}
    try:
        found = json.loads(content)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
