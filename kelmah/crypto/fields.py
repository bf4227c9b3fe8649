"""A column of sealed values, which says whose and where they are: so that they can be sealed anew under newer keys."""

from typing import Any

from django.db import models


class SealedField(models.BinaryField):
    """``subject`` names the column with the subject's id; ``place`` is what ``seal`` was told before ``:<row id>``."""

    def __init__(self, *args: Any, subject: str = "", place: str = "", **kwargs: Any) -> None:
        self.subject, self.place = subject, place
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> Any:
        # To the database it is any bytes: migrations need not know.
        name, _, args, kwargs = super().deconstruct()
        return name, "django.db.models.BinaryField", args, kwargs
