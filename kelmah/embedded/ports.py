"""TCP ports on 127.0.0.1, the only address anything here listens on."""

import secrets
import socket

from kelmah.embedded.errors import EmbeddedError, PortInUse

HOST = "127.0.0.1"


def is_free(port: int) -> bool:
    """True when a server could listen there now. Raises PermissionError for a port that only root may use."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # As servers do: a port whose old connections still linger counts as free, one with a listener does not.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except PermissionError:
            raise
        except OSError:
            return False
        return True


def free_port(*, preferred: int | None = None) -> int:
    """``preferred`` when nobody has it, otherwise one the kernel picks."""
    if preferred is not None and is_free(preferred):
        return preferred
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def roomy_port() -> int:
    """A free port with hundreds above it, below those that the kernel lends to clients: nobody takes one of these
    between a look and a bind."""
    return next(port for port in iter(lambda: secrets.randbelow(44) * 500 + 10_000, None) if is_free(port))


def check_free(port: int, *, purpose: str, option: str) -> None:
    """Raises PortInUse, naming the option that chooses another port."""
    try:
        free = is_free(port)
    except PermissionError:
        raise EmbeddedError(
            f"Port {port} ({purpose}) may be used by root only: choose one above 1023 with {option}."
        ) from None
    if not free:
        raise PortInUse(port=port, purpose=purpose, remedy=f"choose another one with {option}")


def answers(port: int, *, timeout: float = 0.3) -> bool:
    """True when something accepts connections there."""
    try:
        with socket.create_connection((HOST, port), timeout=timeout):
            return True
    except OSError:
        return False
