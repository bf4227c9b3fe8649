"""Links: forged, late, for another purpose, for another file."""

import pytest
from django.core.files.storage import default_storage
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domains.files import rules
from domains.files.actions.links import make_link, read_link
from kelmah.ids import new_id
from tests.files.factories import (
    PNG,
    announced_file,
    fetch,
    ready_file,
    send,
    stored_keys,
    uploaded_file,
)

pytestmark = pytest.mark.domain("files")


def paths(file, token: str) -> dict[str, str]:
    return {
        "upload": f"/api/v1/files/uploads/{file.id}/content?token={token}",
        "download": f"/api/v1/files/content/{token}",
    }


def use(purpose: str, file, token: str):
    path = paths(file, token)[purpose]
    return send(path, PNG) if purpose == "upload" else fetch(path)


LINKS = {"upload": (announced_file, rules.UPLOAD_LINK, 204), "download": (ready_file, rules.DOWNLOAD_LINK, 200)}


@pytest.mark.parametrize("purpose", LINKS)
def test_a_link_is_good_until_its_end_and_not_a_second_longer(kofi, clock, purpose):
    make, lifetime, status = LINKS[purpose]
    file = make(by=kofi)
    token, expires_at = make_link(purpose=purpose, file_id=file.id, lifetime=lifetime)
    assert lifetime.total_seconds() - 1 <= (expires_at - clock.now()).total_seconds() <= lifetime.total_seconds()
    clock.advance(seconds=lifetime.total_seconds() - 1.5)
    assert use(purpose, file, token).status == status
    clock.advance(seconds=2)
    late = use(purpose, file, token)
    assert (late.status, late.code) == (403, "link_invalid")


@pytest.mark.parametrize("purpose", LINKS)
def test_a_link_for_one_purpose_is_none_for_the_other(kofi, purpose):
    make, lifetime, _ = LINKS[purpose]
    file = make(by=kofi)
    other = next(each for each in LINKS if each != purpose)
    token, _ = make_link(purpose=other, file_id=file.id, lifetime=lifetime)
    assert use(purpose, file, token).code == "link_invalid"


def test_the_link_of_one_upload_opens_no_other(kofi, ama):
    mine, theirs = announced_file(by=kofi), announced_file(by=ama)
    token, _ = make_link(purpose="upload", file_id=mine.id, lifetime=rules.UPLOAD_LINK)
    answer = send(paths(theirs, token)["upload"], PNG)
    assert (answer.status, answer.code) == (403, "link_invalid")
    assert stored_keys() == set()


def test_a_link_needs_a_token(kofi):
    file = announced_file(by=kofi)
    assert send(f"/api/v1/files/uploads/{file.id}/content", PNG).code == "link_invalid"


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.data())
def test_a_tampered_link_is_refused(data):
    token, _ = make_link(purpose="download", file_id=new_id(), lifetime=rules.DOWNLOAD_LINK)
    place = data.draw(st.integers(0, len(token) - 1))
    letter = data.draw(st.characters(codec="utf-8"))
    forged = token[:place] + letter + token[place + 1 :]
    # The last letter of base64 carries unused bits: what decodes to the same signature is the same link.
    if forged != token and place not in (len(token) - 1, token.index(":") - 1):
        with pytest.raises(rules.LinkInvalid):
            read_link(forged, purpose="download")


@given(st.text(max_size=80))
def test_nonsense_is_no_link(text):
    with pytest.raises(rules.LinkInvalid):
        read_link(text, purpose="upload")


def test_a_link_to_what_is_gone_is_404(kofi, clock):
    file = ready_file(by=kofi)
    token, _ = make_link(purpose="download", file_id=file.id, lifetime=rules.DOWNLOAD_LINK)
    default_storage.delete(file.storage_key)
    assert use("download", file, token).code == "not_found"
    unready = uploaded_file(by=kofi)
    token, _ = make_link(purpose="download", file_id=unready.id, lifetime=rules.DOWNLOAD_LINK)
    assert use("download", unready, token).code == "not_found"
    token, _ = make_link(purpose="upload", file_id=(nowhere := new_id()), lifetime=rules.UPLOAD_LINK)
    assert send(f"/api/v1/files/uploads/{nowhere}/content?token={token}", PNG).code == "not_found"
