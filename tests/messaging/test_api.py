import pytest

from tests.messaging.factories import conversation, first_of, second_of

pytestmark = pytest.mark.domain("messaging")


def test_smoke(api):
    room = conversation()
    a = api.as_(first_of(room)).post(f"/conversations/{room.id}/messages", {"client_id": "a", "text": "hi"})
    print(a)
    assert a.status == 201
    b = api.as_(second_of(room)).get(f"/conversations/{room.id}/messages")
    print(b)
    assert b.json["items"] == [a.json]
    print(api.as_(second_of(room)).get("/conversations"))
    print(api.as_(second_of(room)).post("/live/tickets"))
    print(api.as_(second_of(room)).get("/notifications"))
