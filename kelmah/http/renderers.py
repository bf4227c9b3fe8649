"""Writing answers."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import orjson
from django.utils.functional import Promise
from rest_framework.renderers import BaseRenderer

from kelmah.money import Money


class JSONRenderer(BaseRenderer):
    """JSON by orjson: times end in Z, ``Money`` becomes its object, decimals become strings.

    ``orjson.Fragment(text)`` anywhere in the data is written as it is: JSON that PostgreSQL has already built.
    """

    media_type = "application/json"
    format = "json"
    charset = None
    render_style = "binary"

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> bytes:
        # Dataclasses pass through, else orjson writes a Money field by field before anybody asks ``_plain``.
        options = orjson.OPT_UTC_Z | orjson.OPT_PASSTHROUGH_DATACLASS
        return b"" if data is None else orjson.dumps(data, default=_plain, option=options)


def _plain(value: Any) -> Any:
    if isinstance(value, Money):
        return value.as_json()
    if isinstance(value, Decimal | Promise):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")
