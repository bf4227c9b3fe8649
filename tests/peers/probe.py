"""A provider that moves one unit whenever it is asked: for the tests of serving itself."""

from flask import Response, jsonify

from tests.peers.serving import Movement, Peer, plan_from, serve

movements: list[Movement] = []
port, plan = plan_from()
peer = Peer("probe", lambda: list(movements))


@peer.app.post("/charges/<key>")
def charge(key: str) -> Response:
    ref = str(len(movements))
    movements.append(
        Movement(kind="charge", key=key, ref=ref, minor=1, currency="GHS", state="done", moved=True),
    )
    peer.notify(plan["webhook_url"], f"moved {ref} for {key}".encode(), {"Content-Type": "text/plain"})
    return jsonify(ref=ref)


if __name__ == "__main__":
    serve(peer, port=port)
