"""Rotation of the keys of tokens, step by step."""

import io
from pathlib import Path
from typing import Any

import jwt
import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from kelmah import clock, secret_files
from kelmah.http import signing_key_file
from kelmah.http.keys import kid_of, public_ring, sign_access_token, verification_key
from kelmah.http.signing_key_file import OutOfTurn, TooEarly
from kelmah.ids import new_id


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "jwt.pem"
    signing_key_file.new(path)
    return path


def states(file: Path) -> list[str]:
    return [key.state for key in signing_key_file.read(file)]


def test_a_new_file_has_one_key_that_signs_and_is_its_owners_alone(file: Path) -> None:
    assert states(file) == ["signs"]
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_whole_rotation(file: Path) -> None:
    (old,) = signing_key_file.read(file)
    signing_key_file.new(file)
    assert states(file) == ["signs", "waits"]
    assert signing_key_file.read(file)[0].pem == old.pem
    clock.advance(minutes=11)
    signing_key_file.promote(file)
    assert states(file) == ["signs", "retired"]
    assert signing_key_file.read(file)[1].pem == old.pem
    clock.advance(minutes=31)
    signing_key_file.drop(file)
    assert states(file) == ["signs"]
    assert signing_key_file.read(file)[0].pem != old.pem


def test_no_step_is_taken_out_of_turn(file: Path) -> None:
    for step in (signing_key_file.promote, signing_key_file.drop):
        with pytest.raises(OutOfTurn):
            step(file, now=True)
    signing_key_file.new(file)
    with pytest.raises(OutOfTurn, match="waits already"):
        signing_key_file.new(file)
    with pytest.raises(OutOfTurn):
        signing_key_file.drop(file, now=True)
    assert states(file) == ["signs", "waits"]


@pytest.mark.parametrize(("seconds", "early"), [(659, True), (660, False)])
def test_a_key_waits_until_everybody_has_heard_of_it(file: Path, seconds: int, early: bool) -> None:
    signing_key_file.new(file)
    clock.advance(seconds=seconds)
    if early:
        with pytest.raises(TooEarly, match="wait"):
            signing_key_file.promote(file)
    else:
        signing_key_file.promote(file)


@pytest.mark.parametrize(("seconds", "early"), [(1859, True), (1860, False)])
def test_a_key_stays_while_a_token_of_it_may_live(file: Path, seconds: int, early: bool) -> None:
    signing_key_file.new(file)
    signing_key_file.promote(file, now=True)
    clock.advance(seconds=seconds)
    if early:
        with pytest.raises(TooEarly, match="may live"):
            signing_key_file.drop(file)
    else:
        signing_key_file.drop(file)


def test_two_keys_may_be_retired_at_once_and_the_younger_decides(file: Path) -> None:
    for _ in range(2):
        signing_key_file.new(file)
        signing_key_file.promote(file, now=True)
        clock.advance(minutes=30)
    assert states(file) == ["signs", "retired", "retired"]
    with pytest.raises(TooEarly):
        signing_key_file.drop(file)
    clock.advance(minutes=1)
    signing_key_file.drop(file)
    assert states(file) == ["signs"]


def test_a_plain_pem_file_of_before_is_rotated_like_any_other(file: Path) -> None:
    plain = signing_key_file.read(file)[0].pem
    file.write_text(plain + "\n")
    signing_key_file.new(file)
    assert [(key.state, key.pem == plain) for key in signing_key_file.read(file)] == [("signs", True), ("waits", False)]


@pytest.mark.parametrize("text", ["", "-----BEGIN PUBLIC KEY-----\nMFkw\n-----END PUBLIC KEY-----\n", "rubbish"])
def test_a_file_without_private_keys_is_refused(file: Path, text: str) -> None:
    file.write_text(text)
    with pytest.raises(ValueError, match="no private key"):
        signing_key_file.read(file)


def test_a_running_process_reads_the_file_again_and_a_broken_one_changes_nothing(
    file: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(secret_files, "LOOK_EVERY", 0.0)
    settings.JWT_SIGNING_KEY_FILES = [str(file)]

    def signer() -> str:
        return str(jwt.get_unverified_header(sign_access_token({"sub": str(new_id())}))["kid"])

    first = signer()
    signing_key_file.new(file)
    assert len(public_ring()) == 2
    assert signer() == first
    signing_key_file.promote(file, now=True)
    second = signer()
    assert second != first
    file.write_text("half a k")
    assert signer() == second
    assert verification_key(first) is not None
    signing_key_file.new(file.with_name("other.pem"))
    file.with_name("other.pem").rename(file)
    assert verification_key(first) is None


def test_the_command_shows_names_and_never_keys(file: Path) -> None:
    said = io.StringIO()
    for verb, *more in (["new"], ["promote", "--now"], ["drop", "--now"], ["new"], ["show"]):
        call_command("signing_keys", verb, str(file), *more, stdout=said)
    text = said.getvalue()
    assert "PRIVATE" not in text
    for key in signing_key_file.read(file):
        assert kid_of(key.pem) in text
        assert key.pem.splitlines()[1] not in text


def test_the_command_refuses_with_a_word(file: Path) -> None:
    with pytest.raises(CommandError, match="No key waits"):
        call_command("signing_keys", "promote", str(file))
    call_command("signing_keys", "new", str(file), stdout=io.StringIO())
    with pytest.raises(CommandError, match="wait 6"):
        call_command("signing_keys", "promote", str(file))
    with pytest.raises(CommandError, match="signing_keys new"):
        call_command("signing_keys", "show", str(file.with_name("none.pem")))
