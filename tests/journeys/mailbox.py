"""Letters that people of a story wait for."""

from pathlib import Path

from kelmah.testing.letters import Letters, secrets_in
from tests.journeys.narrator import eventually


class Post(Letters):
    """On a system whose ``KELMAH_MAILBOX_DIR`` can be read here. Workers write letters, so they take a moment."""

    def __init__(self, folder: Path, *, patience: float = 15.0) -> None:
        super().__init__(folder)
        self.patience = patience

    def secret(self, address: str, *, after: int = 0) -> str:
        """The newest secret, not of the first ``after`` letters. Raises BrokenPromise."""

        def newest() -> str:
            return next(reversed(secrets_in(self.to(address)[after:])), "")

        return str(eventually(f"a letter to {address} with a secret", newest, seconds=self.patience))
