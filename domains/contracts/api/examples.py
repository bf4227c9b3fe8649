"""Examples that the OpenAPI document shows."""

MILESTONE = {
    "id": "01930d2c-7a51-7c07-9c53-6f1b6e5b8c21",
    "contract_id": "01930d2c-6f00-7d3a-8f0a-0d6c1d6f2b11",
    "position": 1,
    "title": "Kitchen cabinets fitted",
    "description": "Six cabinets, levelled, doors hung.",
    "amount": {"amount": 125000, "currency": "GHS"},
    "due_in_days": 10,
    "state": "submitted",
    "version": 5,
    "revisions": 0,
    "funding_error": "",
    "funded_at": "2026-11-20T09:30:00Z",
    "submitted_at": "2026-11-27T16:00:00Z",
    "auto_approve_at": "2026-12-11T16:00:00Z",
    "approved_at": None,
    "approved_by": "",
    "released_at": None,
    "refunded_at": None,
    "paid": {"amount": 0, "currency": "GHS"},
    "fee": None,
    "net": None,
    "refunded": {"amount": 0, "currency": "GHS"},
    "deliverables": [],
    "submissions": [],
    "dispute": None,
    "available_transitions": ["approve", "dispute", "request_changes"],
}

CONTRACT = {
    "id": "01930d2c-6f00-7d3a-8f0a-0d6c1d6f2b11",
    "job_id": "01930d2b-1c00-7e11-9d11-3c7a5a1d9e01",
    "hirer_id": "01930d2a-0a00-7b22-8c22-4d8b6b2e0f02",
    "worker_id": "01930d2a-0b00-7c33-9d33-5e9c7c3f1a03",
    "my_role": "hirer",
    "title": "Fit kitchen cabinets in Osu",
    "kind": "fixed",
    "amount": {"amount": 125000, "currency": "GHS"},
    "paid": {"amount": 0, "currency": "GHS"},
    "refunded": {"amount": 0, "currency": "GHS"},
    "state": "awaiting_signatures",
    "version": 1,
    "text": "SERVICE CONTRACT 01930d2c-6f00-7d3a-8f0a-0d6c1d6f2b11\n…",
    "text_sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "signatures": [],
    "milestones": [],
    "created_at": "2026-11-20T09:00:00Z",
    "activated_at": None,
    "ended_at": None,
    "available_transitions": ["cancel", "sign"],
}

SIGN = {"legal_name": "Ama Mensah", "consent": True, "text_sha256": CONTRACT["text_sha256"]}
SUBMIT = {"note": "All six are in place.", "file_ids": ["01930d2d-0c00-7d44-9e44-6fad8d402b04"]}
DISPUTE = {"reason": "Two doors are missing, and nobody answers."}
DISPUTED = {
    **MILESTONE,
    "auto_approve_at": None,
    "dispute": {
        "id": "01930d2e-0d00-7d55-9f55-7fbe9e513c05",
        "opened_by": "hirer",
        "reason": DISPUTE["reason"],
        "state": "open",
        "opened_at": "2026-11-30T08:00:00Z",
        "ended_at": None,
        "to_worker": None,
        "ruling": "",
    },
    "available_transitions": ["withdraw_dispute"],
}
CHANGES = {"note": "The third door does not close."}
