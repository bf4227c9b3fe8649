"""Refusals in the language of whoever asked; codes stay what they are."""

import subprocess
import sys
from pathlib import Path
from string import Formatter

import pytest
from django.conf import settings
from django.test import Client

from domains.messaging.rules import NOTICES
from domains.messaging.rules.account_notices import ACCOUNT

ROOT = Path(settings.BASE_DIR)


def test_a_refusal_speaks_the_language_of_the_request():
    answer = Client().get("/api/v1/me", HTTP_ACCEPT_LANGUAGE="fr-FR,fr;q=0.9")
    assert answer.json()["title"] == "Connectez-vous pour faire cela"
    assert answer.json()["code"] == "unauthenticated"
    assert answer.headers["Content-Language"] == "fr"


@pytest.mark.parametrize("language", ["en", "tw", "ga", "de", "nonsense;q=x", ""])
def test_without_a_catalogue_it_speaks_english(language):
    """``ga`` is Ga here; Django would take it for Irish."""
    answer = Client().get("/api/v1/me", HTTP_ACCEPT_LANGUAGE=language)
    assert answer.json()["title"] == "Log in to do this"


def test_the_language_of_one_request_is_not_that_of_the_next():
    client = Client()
    client.get("/api/v1/me", HTTP_ACCEPT_LANGUAGE="fr")
    assert client.get("/api/v1/nothing/here").json()["title"] == "There is no such thing here"


def test_fields_are_refused_in_the_language_of_the_request(api):
    answer = (
        Client().post("/api/v1/auth/login", b"{}", content_type="application/json", HTTP_ACCEPT_LANGUAGE="fr").json()
    )
    assert answer["title"] == "Certains champs ne sont pas valables"
    assert {error["detail"] for error in answer["errors"]} == {"Ce champ est obligatoire."}
    assert {error["code"] for error in answer["errors"]} == {"required"}


def test_catalogues_are_fresh_and_compiled():
    done = subprocess.run(
        [sys.executable, "scripts/texts.py", "--check"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout


def test_translations_have_the_same_blanks_to_fill():
    from babel.messages.pofile import read_po

    for po in ROOT.glob("locale/*/LC_MESSAGES/django.po"):
        with po.open("rb") as file:
            for message in read_po(file):
                if message.id and message.string:
                    assert _blanks(message.string) == _blanks(message.id), message.id


def test_what_people_are_told_is_translated_whole():
    """A letter half in one language is worse than one in English."""
    from babel.messages.pofile import read_po

    with (ROOT / "locale/fr/LC_MESSAGES/django.po").open("rb") as file:
        known = {message.id for message in read_po(file) if message.string}
    told = [telling for tellings in NOTICES.values() for telling in tellings] + list(ACCOUNT.values())
    missing = {text for each in told for text in (each.title, each.body, each.advice) if text} - known
    assert not missing


def _blanks(text):
    return {name for _, name, _, _ in Formatter().parse(text) if name}
