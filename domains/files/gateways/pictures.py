"""Decoding pictures, the only proof that they are pictures."""

import threading
from typing import IO, Any

from PIL import Image, UnidentifiedImageError

FORMATS = {"image/jpeg": "JPEG", "image/png": "PNG", "image/webp": "WEBP"}

# At the cap a decoded picture takes 200 MB: the threads of a process take turns.
_ONE_AT_A_TIME = threading.Lock()

_NO_PICTURE = (
    UnidentifiedImageError,
    Image.DecompressionBombError,
    Image.DecompressionBombWarning,  # an error where warnings are
    OSError,
    SyntaxError,
    ValueError,
)


def decodes_as(content_type: str, source: IO[Any], *, pixel_cap: int) -> bool:
    """Whether the bytes decode as a picture of this type with at most ``pixel_cap`` pixels."""
    try:
        with Image.open(source, formats=[FORMATS[content_type]]) as picture:
            if picture.width * picture.height > pixel_cap:
                return False
            with _ONE_AT_A_TIME:
                picture.load()
    except _NO_PICTURE:
        return False
    return True
