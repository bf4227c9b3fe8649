"""Examples for the documentation."""

MESSAGE = {
    "id": "01930d2e-2200-7b02-8b02-1a2b3c4d5e6f",
    "conversation_id": "01930d2e-2000-7b00-8b00-1a2b3c4d5e60",
    "seq": 7,
    "sender_id": "01930d2a-0a00-7b22-8c22-4d8b6b2e0f02",
    "client_id": "phone-1-0007",
    "text": "Akwaaba! When can you start?",
    "files": [],
    "created_at": "2026-11-20T09:00:00.000000Z",
}
NEW_MESSAGE = {"client_id": MESSAGE["client_id"], "text": MESSAGE["text"]}
CONVERSATION = {
    "id": MESSAGE["conversation_id"],
    "context": {"kind": "contract", "id": "01930d2c-6f00-7d3a-8f0a-0d6c1d6f2b11"},
    "title": "Fit kitchen cabinets in Osu",
    "members": [
        {"user_id": MESSAGE["sender_id"], "display_name": "Ama", "last_read_seq": 7},
        {"user_id": "01930d2a-0b00-7c33-9d33-5e9c7c3f1a03", "display_name": "Kofi", "last_read_seq": 6},
    ],
    "last_seq": 7,
    "last_read_seq": 6,
    "unread": 1,
    "last_message": MESSAGE,
    "last_message_at": MESSAGE["created_at"],
    "created_at": "2026-11-19T17:30:00.000000Z",
}
NOTIFICATION = {
    "id": "01930d2e-3300-7c03-8c03-1a2b3c4d5e6f",
    "kind": "escrow_released",
    "title": "You were paid",
    "body": "1125.00 GHS for “Cabinets fitted” are in your wallet (1250.00 GHS less 125.00 GHS fee).",
    "data": {"contract_id": "01930d2c-6f00-7d3a-8f0a-0d6c1d6f2b11"},
    "created_at": "2026-11-20T09:00:00.000000Z",
    "read_at": None,
}
