"""Decoding pictures, the only proof that they are pictures."""

import warnings
from typing import IO, Any

from PIL import Image, UnidentifiedImageError

FORMATS = {"image/jpeg": "JPEG", "image/png": "PNG", "image/webp": "WEBP"}


def decodes_as(content_type: str, source: IO[Any], *, pixel_cap: int) -> bool:
    """Whether the bytes decode as a picture of this type with at most ``pixel_cap`` pixels."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # the size is judged below
            with Image.open(source, formats=[FORMATS[content_type]]) as picture:
                if picture.width * picture.height > pixel_cap:
                    return False
                picture.load()
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, SyntaxError, ValueError):
        return False
    return True
