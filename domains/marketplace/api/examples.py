"""Examples that the OpenAPI document shows."""

from typing import Any

NEW_JOB: dict[str, Any] = {
    "title": "Fit kitchen cabinets in Osu",
    "description": "Six cabinets, delivered flat, to be assembled, levelled and hung. Bring your own tools.",
    "category": "carpentry",
    "skills": ["51-7011-00-cabinet-installer"],
    "kind": "fixed",
    "mode": "onsite",
    "budget": {"amount": 130000, "currency": "GHS"},
    "place": {"name": "Osu, Accra", "latitude": 5.556, "longitude": -0.182},
}
_SEEN: dict[str, Any] = {
    "id": "01930d2b-1c00-7e11-9d11-3c7a5a1d9e01",
    "hirer_id": "01930d2a-0b00-7a10-8c02-5b1f7e9d0a11",
    **{name: NEW_JOB[name] for name in ("title", "category", "kind", "mode", "budget", "place")},
    "skills": [{"id": "51-7011-00-cabinet-installer", "name": "Cabinet Installer"}],
    "visibility": "public",
    "state": "open",
    "version": 2,
    "published_at": "2026-11-20T09:00:00.000000Z",
    "expires_at": "2026-12-20T09:00:00.000000Z",
    "available_transitions": [],
}
JOB_CARD = {**_SEEN, "excerpt": NEW_JOB["description"], "distance_km": None}
JOB = {
    **_SEEN,
    "description": NEW_JOB["description"],
    "enforce_budget_band": False,
    "removal_reason": "",
    "created_at": "2026-11-20T08:55:00Z",
    "ended_at": None,
    "available_transitions": ["close", "edit", "pause"],
}
DRAFT = {
    **JOB,
    "state": "draft",
    "version": 1,
    "published_at": None,
    "expires_at": None,
    "available_transitions": ["edit", "publish"],
}
CLOSED = {
    **JOB,
    "state": "closed",
    "version": 3,
    "ended_at": "2026-11-25T09:00:00Z",
    "available_transitions": [],
}
NEW_PROPOSAL: dict[str, Any] = {
    "cover_letter": "I have fitted forty kitchens in Accra and can begin on Monday.",
    "amount": {"amount": 125000, "currency": "GHS"},
    "delivery_days": 10,
}
PROPOSAL = {
    "id": "01930d2b-5e00-7b21-8a31-1f2e3d4c5b6a",
    "job_id": JOB["id"],
    "job_title": JOB["title"],
    "hirer_id": JOB["hirer_id"],
    "worker_id": "01930d2a-0c00-7a10-8c02-5b1f7e9d0a12",
    "worker": None,
    **NEW_PROPOSAL,
    "offer": None,
    "state": "submitted",
    "version": 1,
    "created_at": "2026-11-20T10:00:00Z",
    "ended_at": None,
    "available_transitions": ["withdraw"],
}
RECEIVED = {
    **PROPOSAL,
    "worker": {
        "user_id": PROPOSAL["worker_id"],
        "display_name": "Kofi",
        "headline": "Carpenter in Accra",
        "place": "Osu, Accra",
        "skills": [{"skill_id": "51-7011-00-cabinet-installer", "name": "Cabinet Installer", "level": 4, "years": 12}],
        "completeness": 85,
        "reputation": {"stars": "4.37", "reviews": 21},
    },
    "available_transitions": ["decline", "offer", "shortlist", "view"],
}
NEW_OFFER: dict[str, Any] = {
    "scope": "Assemble and fit six kitchen cabinets, levelled, doors hung and adjusted.",
    "kind": "fixed",
    "amount": {"amount": 125000, "currency": "GHS"},
    "milestones": [
        {
            "title": "Cabinets fitted",
            "description": "All six in place",
            "amount": {"amount": 125000, "currency": "GHS"},
            "due_in_days": 10,
        }
    ],
}
OFFER = {
    "id": "01930d2b-9f00-7c31-9b41-2a3b4c5d6e7f",
    "proposal_id": PROPOSAL["id"],
    "job_id": JOB["id"],
    "job_title": JOB["title"],
    "hirer_id": JOB["hirer_id"],
    "worker_id": PROPOSAL["worker_id"],
    **NEW_OFFER,
    "state": "sent",
    "version": 1,
    "contract_id": None,
    "created_at": "2026-11-21T08:00:00Z",
    "expires_at": "2026-11-28T08:00:00Z",
    "ended_at": None,
    "available_transitions": ["withdraw"],
}
ACCEPTED = {
    **OFFER,
    "state": "accepted",
    "version": 2,
    "contract_id": "01930d2c-6f00-7d3a-8f0a-0d6c1d6f2b11",
    "ended_at": "2026-11-21T11:00:00Z",
    "available_transitions": [],
}
CATEGORY = {"slug": "carpentry", "name": "Carpentry", "group": "trades"}
SKILL = {"id": "51-7011-00-cabinet-installer", "name": "Cabinet Installer", "category": "carpentry"}
