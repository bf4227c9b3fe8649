"""Examples of profiles for the API's documentation."""

from typing import Any

AVAILABILITY: dict[str, Any] = {
    "zone": "Africa/Accra",
    "slots": [{"weekday": 1, "starts": "08:00", "ends": "17:00"}, {"weekday": 5, "starts": "20:00", "ends": "02:00"}],
    "days_off": [{"first": "2026-12-24", "last": "2027-01-02"}],
    "holidays": "GH",
    "next_holidays": [{"day": "2026-12-04", "name": "Farmers' Day"}],
    "paused_until": None,
}
OWN_AVAILABILITY: dict[str, Any] = {
    **AVAILABILITY,
    "days_off": [{"first": "2026-12-24", "last": "2027-01-02", "note": "With the family in Kumasi"}],
    "version": 3,
}
PROFILE: dict[str, Any] = {
    "user_id": "01930d2a-0b00-7c33-9d33-5e9c7c3f1a03",
    "display_name": "Kofi",
    "role": "worker",
    "headline": "Carpenter in Accra",
    "bio": "Cabinets, doors and roofs since 2012.",
    "skills": [
        {"skill_id": "47-2031-00-carpentry", "name": "Carpentry", "level": 4, "years": 12, "verified": True},
    ],
    "place": {"name": "Osu, Accra", "latitude": 5.56, "longitude": -0.18},
    "radius_km": 25,
    "rates": {"hourly": {"amount": 4500, "currency": "GHS"}, "daily": None, "visit": None},
    "languages": [{"code": "en", "level": "fluent"}, {"code": "tw", "level": "native"}],
    "experience": [
        {
            "organisation": "Adom Woodworks",
            "title": "Carpenter",
            "started": "2012-03",
            "ended": None,
            "text": "Kitchens.",
        },
    ],
    "education": [
        {
            "organisation": "Accra Technical Training Centre",
            "title": "NVTI Carpentry",
            "started": "2009-09",
            "ended": "2011-07",
            "text": "",
        },
    ],
    "portfolio_file_ids": ["01930d2a-0c00-7f10-8a11-2b7d9e4f6c05"],
    "availability": AVAILABILITY,
    "reputation": {"stars": "4.37", "reviews": 12},
    "jobs": 14,
    "verified_level": 2,
}
OWN_PROFILE: dict[str, Any] = {
    **PROFILE,
    "place": {"name": "Osu, Accra", "latitude": 5.556012, "longitude": -0.182231},
    "availability": OWN_AVAILABILITY,
    "locale": "en",
    "zone": "Africa/Accra",
    "version": 3,
    "completeness": {"percent": 100, "missing": []},
}
PROFILE_CHANGES: dict[str, Any] = {
    "headline": PROFILE["headline"],
    "skills": [{"skill_id": "47-2031-00-carpentry", "level": 4, "years": 12}],
    "radius_km": 25,
    "rates": {"hourly": {"amount": 4500, "currency": "GHS"}},
}
WORKER: dict[str, Any] = {
    **{
        name: PROFILE[name]
        for name in ("user_id", "display_name", "headline", "skills", "place", "radius_km", "rates", "languages")
    },
    **{name: PROFILE[name] for name in ("reputation", "jobs", "verified_level")},
    "excerpt": PROFILE["bio"],
    "distance_km": 2.4,
    "rank": {
        "score": 0.7731,
        "match": 0.84,
        "match_weight": 0.6,
        "terms": {"rating": 0.3496, "verified": 0.1667, "jobs": 0.0784, "recency": 0.1483},
        "version": 1,
    },
}
