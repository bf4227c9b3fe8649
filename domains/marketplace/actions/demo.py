"""Jobs to look at on a fresh system."""

from typing import Final

from domains.marketplace import rules
from domains.marketplace.actions.jobs import create_job, publish_job
from domains.marketplace.models import Job
from kelmah.demo import PEOPLE, DemoPerson
from kelmah.money import Money
from kelmah.principal import Principal

# Title, description, category, skills, mode, budget in pesewas.
_JOBS: Final = (
    ("Rewire a three-bedroom house", "Old wiring out, new consumer unit, sockets and lights in. Materials are here.",
     "electrical", ("47-2111-00-electrical-wiring", "47-2111-00-house-wirer"), "onsite", 850_000),
    ("Fix a leaking kitchen sink", "It drips at the trap and the tap is stiff. Half a day, this week.",
     "plumbing", ("47-2152-00-plumbing",), "onsite", 25_000),
    ("Fit kitchen cabinets", "Six cabinets, delivered flat, to be assembled, levelled and hung.",
     "carpentry", ("51-7011-00-cabinet-installer",), "onsite", 130_000),
    ("Paint a four-room flat", "Walls and ceilings, two coats, white. Paint is bought.",
     "painting", ("47-2141-00-interior-painter",), "onsite", 220_000),
    ("Weld a compound gate", "Double gate, 3.6 m, with a wicket door; steel on site.",
     "welding", ("51-4121-00-arc-welder", "51-4121-00-welding"), "onsite", 310_000),
    ("Lay blocks for a boundary wall", "Thirty metres, six courses, with pillars every three metres.",
     "masonry", ("47-2021-00-block-layer",), "onsite", 640_000),
    ("Service four air conditioners", "Split units, cleaning and gas. One of them ices over.",
     "hvac", ("49-9021-00-a-c-mechanic",), "onsite", 90_000),
    ("Re-roof a storeroom", "Corrugated sheets, about 40 square metres; the trusses are sound.",
     "roofing", ("47-2181-00-metal-roofer",), "onsite", 380_000),
    ("Tile a bathroom", "Floor and walls, 18 square metres of ceramic tiles.",
     "tiling", ("47-2044-00-ceramic-tile-installer",), "onsite", 175_000),
    ("Sew six school uniforms", "Patterns and cloth are here; measurements at home.",
     "tailoring", ("51-6052-00-dressmaker",), "hybrid", 60_000),
    ("Keep the books of a small shop", "Sales, purchases and VAT, every month, in QuickBooks.",
     "bookkeeping", ("43-3031-00-bookkeeping",), "remote", 120_000),
    ("Build a website for a guest house", "Ten pages, photographs, a booking form; WordPress is fine.",
     "software-data", ("15-1254-00-web-development",), "remote", 450_000),
)  # fmt: skip


def load_demo() -> None:
    """Post the demo hirers' jobs, in turn. Does nothing when they have any."""
    hirers = [person for person in PEOPLE if person.role == "hirer"]
    if Job.objects.filter(hirer_id__in=[person.user_id for person in hirers]).exists():
        return
    for number, (title, description, category, skills, mode, pesewas) in enumerate(_JOBS):
        person = hirers[number % len(hirers)]
        by = Principal(user_id=person.user_id, roles=frozenset({"hirer"}))
        posting = rules.Posting(
            title=title,
            description=description,
            category=category,
            skills=skills,
            kind="fixed",
            mode=mode,
            budget=Money(pesewas, "GHS"),
            enforce_budget_band=False,
            visibility="public",
            place=None if mode == "remote" else _place_of(person),
        )
        job = create_job(by=by, posting=posting)
        publish_job(job_id=job.id, by=by, expected_version=job.version)


def _place_of(person: DemoPerson) -> rules.Place:
    return rules.Place(name=person.place, latitude=person.latitude, longitude=person.longitude)
