"""What every domain needs to give people's data back and to forget them: see kelmah/interfaces/privacy.py."""

from kelmah.privacy.answers import answered
from kelmah.privacy.copies import hand_over, records_of
from kelmah.privacy.traces import forget_traces

__all__ = ["answered", "forget_traces", "hand_over", "records_of"]
