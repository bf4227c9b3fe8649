"""Random commands that have something to do: on what is there, on what is not there yet, and on what is over."""

from collections.abc import Callable
from typing import Any, Final

from hypothesis import strategies as st

from tests.payments.auditor.balances import CURRENCIES, PEOPLE
from tests.payments.auditor.clock import HOUR, WEEK
from tests.payments.auditor.desk import BEHIND, STEPS
from tests.payments.auditor.exchange import RATES
from tests.payments.auditor.gateway import CHARGES, DONE_BUT_UNHEARD, NEVER_ARRIVED, PAYOUTS, UNDECIDED, Order
from tests.payments.auditor.model import Command, Model
from tests.payments.auditor.protected import PLANS

Ways = dict[str, dict[str, Any]]

ESCROWS: Final = [f"escrow{number}" for number in range(4)]
WEEKS: Final = [f"week{number}" for number in range(3)]
DISPUTES: Final = [f"dispute{number}" for number in range(3)]
HOLDS: Final = [f"hold{number}" for number in range(3)]
FAULTS: Final = ["", "", "", *DONE_BUT_UNHEARD, *NEVER_ARRIVED]
PHASES: Final = {
    "": ["withdrawn", "withdrawn", "withdrawn", "inquiry"],
    "inquiry": ["withdrawn"],
    "withdrawn": ["reinstated", "lost"],
    "lost": ["reinstated"],
    "reinstated": [],
}
# How many lots a command has, 2 when it is not named: what leads to something else has more.
LOTS: Final = {
    **dict.fromkeys(["fund"], 8),
    **dict.fromkeys(["charge_week", "hand_in", "wait", "beat", "release", "rule"], 6),
    **dict.fromkeys(["freeze", "dispute", "send", "capture", "accept_quote", "part"], 4),
    **dict.fromkeys(["adjust", "save_up", "give_back", "tell_rate", "forgive", "cash_fare"], 1),
}
USUAL_WAITS: Final = [1, 24, 5 * 24, 7 * 24, 14 * 24]
who = st.sampled_from(PEOPLE)
currency = st.sampled_from(["GHS", "GHS", *CURRENCIES])


@st.composite
def commands(draw: st.DrawFn, model: Model) -> Command:
    """One for a client who is alone."""
    ways = {**protected(model), **owners(model), **asking(model, f"order{len(model.orders)}"), **gateway(model)}
    ways |= {**exchanging(model, f"quote{len(model.quotes)}"), **passing(model)}
    if lost := _orders(model, lambda order: order.state == "unknown"):
        ways["give_up"] = {"order": st.sampled_from(lost)}
    return _drawn(draw, ways)


@st.composite
def racing_commands(draw: st.DrawFn, model: Model, client: str) -> list[Command]:
    """Up to four for one of two clients at once. Each moves money at one moment, if at all.

    So nothing that is sent, followed or told is at the same moment on its way, or moves money twice.
    """
    chosen = []
    for number in range(draw(st.integers(1, 4))):
        ways = {**protected(model), **owners(model), **asking(model, f"{client}{len(model.orders)}x{number}")}
        ways |= {**settling(model), **exchanging(model, f"{client}{len(model.quotes)}x{number}"), "beat": {}}
        if client == "left":  # two who send one order, or take one posting back, at once: the second does nothing yet
            ways |= sending(model)
        else:
            ways.pop("take_back", None)
        ways.pop("deposit")
        ways.pop("tell_rate")
        ways["fund"]["request"] = st.just(1)  # contracts ask again only once they were refused
        chosen.append(_drawn(draw, ways))
    return chosen


def protected(model: Model) -> Ways:
    open_ones = [name for name, funds in model.escrows.items() if funds.state in ("funded", "disputed")]
    frozen = [name for name in open_ones if model.is_frozen(model.escrows[name])]
    escrow = st.sampled_from([*frozen * 8, *open_ones * 4, *model.escrows, ESCROWS[0]])
    all_held = [funds.held for funds in model.escrows.values()]
    part, held = _amounts(model, all_held), _amounts(model, all_held, least=0)
    pair = st.permutations(PEOPLE).map(lambda people: people[:2])
    plan, latest = st.sampled_from(sorted(PLANS.keys() - {"hourly"})), model.now // WEEK
    fund = {"escrow": st.sampled_from(ESCROWS), "request": st.integers(1, 2), "amount": _wallets(model), "pair": pair}
    ways: Ways = {
        "fund": {**fund, "plan": plan},
        "freeze": {"dispute": st.sampled_from(DISPUTES), "escrow": escrow},
        "part": {"escrow": escrow, "number": st.integers(1, 3), "amount": part},
        "release": {"escrow": escrow},
        "give_back": {"escrow": escrow},
        "split": {"escrow": escrow, "to_worker": held},
        "hand_in": {"escrow": escrow, "submission": st.integers(1, 3)},
        "request_changes": {"escrow": escrow, "submission": st.integers(1, 3)},
    }
    week = st.sampled_from([latest - 1, latest - 2, latest - 1, latest])
    weeks: Ways = {
        "charge_week": {"escrow": st.sampled_from(WEEKS), "week": week, "amount": _wallets(model), "pair": pair}
    }
    if cases := [name for name, case in model.disputes.items() for _ in range(1 + 3 * (case.state == "frozen"))]:
        dispute = st.sampled_from([*cases, DISPUTES[0]])
        ways["unfreeze"] = {"dispute": dispute}
        ways["decide"] = {"dispute": dispute, "to_worker": held}
        told = st.sampled_from([(name, model.disputes[name].escrow) for name in cases])
        ways["rule"] = {"case": st.one_of(told, st.tuples(dispute, escrow)), "to_worker": held}
    return {**weeks, **ways} if model.escrows else {**weeks, "fund": ways["fund"]}


def owners(model: Model) -> Ways:
    hold = st.sampled_from(HOLDS)
    amounts = _amounts(model, [held.amount for held in model.holds.values()])
    ways: Ways = {
        "hold": {"hold": hold, "payer": who, "amount": _wallets(model), "hours": st.sampled_from([None, 0, 6])},
        "cash_fare": {"driver": who, "commission": st.integers(1, 900)},
        "save_up": {"key": st.sampled_from("cdefgh"), "who": who, "amount": _either_way(1500)},
        "adjust": {"adjustment": st.uuids(version=4).map(str), "who": who, "amount": _either_way(900)},
    }
    if any(model.owes_anything(name) for name in PEOPLE):
        ways["collect"] = {"who": who, "currency": currency}
        ways["forgive"] = {"who": who}
    if model.holds:
        hold = st.sampled_from(list(model.holds))
        ways["capture"] = {"hold": hold, "worker": who, "share": amounts, "commission": st.integers(0, 300)}
        ways["let_go"] = {"hold": hold}
        ways["pay_back"] = {"hold": hold, "key": st.sampled_from("ab"), "worker": who, "amount": amounts}
    if model.adjusted:
        ways["take_back"] = {"adjustment": st.sampled_from(sorted(model.adjusted))}
    return ways


def asking(model: Model, fresh: str) -> Ways:
    """Orders, not sent yet; ``fresh`` is the name of the next one."""
    order, deposits = st.just(fresh), _orders(model, lambda order: order.kind == "charge")
    account = st.sampled_from(sorted(PAYOUTS))
    ways: Ways = {
        "deposit": {"order": order, "who": who, "amount": st.integers(1000, 6000), "token": _token()},
        "payout": {"order": order, "who": who, "amount": _wallets(model), "account": account, "currency": currency},
    }
    if deposits:
        amount = st.one_of(st.none(), st.integers(1, 4000))
        ways["refund"] = {"order": order, "deposit": st.sampled_from(deposits), "amount": amount}
    if arrived := _orders(model, lambda order: order.kind == "charge" and bool(order.things)):
        of = [(name, which) for name in arrived for which in range(len(model.orders[name].things))]
        ways["send_back"] = {"order": order, "of": st.sampled_from(of)}
    return ways


def exchanging(model: Model, fresh: str) -> Ways:
    """``fresh`` is the name of the next quote."""
    told = st.sampled_from(sorted(RATES)).flatmap(lambda name: st.tuples(st.just(name), _rate(model, name)))
    ways: Ways = {
        "tell_rate": {"told": told},
    }
    if owned := [(name, money) for name in PEOPLE for money in CURRENCIES if model.has(name, money)]:
        amount, into = _wallets(model), st.sampled_from(CURRENCIES)
        ways["quote"] = {"quote": st.just(fresh), "owned": st.sampled_from(owned), "amount": amount, "into": into}
    if last := list(model.quotes)[-3:]:  # one that was just made is accepted soon: it is good for a minute of real time
        fresh_ones = [name for name in last if model.quotes[name].made_at == model.now]
        ways["accept_quote"] = {"quote": st.sampled_from([*fresh_ones * 6, *last])}
    return ways


def passing(model: Model) -> Ways:
    """The time: often just to the next deadline, or just not."""
    ahead = sorted({at - model.now for at in model.armed.values() if at > model.now})[:3]
    edges = [hours for minutes in ahead for hours in (minutes // HOUR, -(-minutes // HOUR)) if hours]
    wait = st.sampled_from([*edges, *USUAL_WAITS])
    return {"wait": {"hours": wait}, "beat": {}}


def gateway(model: Model) -> Ways:
    ways: Ways = {**sending(model)}
    if model.orders:
        ways["follow"] = ways["tell"] = {"order": st.sampled_from(sorted(model.orders))}
    for name, kind in (("accept", "charge"), ("dismiss", "charge"), ("accept_payout", "payout")):
        if found := _orders(model, lambda order, kind=kind: order.kind == kind and bool(order.review)):
            ways[name] = {"payout" if kind == "payout" else "deposit": st.sampled_from(_reviewed_first(model, found))}
    charges = _orders(model, lambda o: o.kind == "charge" and any(t.status == "succeeded" for t in o.things))
    first_ones = charges[: len(PEOPLE)] * 3  # those are what most was paid from
    steps = [
        (name, phase) for name in [*first_ones, *charges] for phase in PHASES[model.orders[name].things[0].disputed]
    ]
    if steps:
        ways["dispute"] = {"step": st.sampled_from(steps), "heard": st.sampled_from([True, True, False])}
    if found := [name for name in charges if model.orders[name].things[0].disputed]:
        news = [
            name for name in found if model.orders[name].things[0].disputed != model.orders[name].things[0].chargeback
        ]
        ways["tell_dispute"] = {"deposit": st.sampled_from([*news * 6, *found])}
    return ways


def sending(model: Model) -> Ways:
    fresh = _orders(model, lambda order: order.state == "new")
    return {"send": {"order": st.sampled_from(fresh), "fault": st.sampled_from(FAULTS)}} if fresh else {}


def settling(model: Model) -> Ways:
    """Of ``gateway`` what moves money once, whoever else does it at the same moment."""
    ways = {name: words for name, words in gateway(model).items() if name in ("accept", "dismiss", "accept_payout")}
    if found := _orders(model, lambda order: order.state in UNDECIDED and bool(order.things)):
        ways["follow"] = {"order": st.sampled_from(found)}
    if found := _orders(model, lambda order: len(order.things) == 1):
        ways["tell"] = {"order": st.sampled_from(found)}
    disputed = _orders(model, lambda order: any(t.disputed and t.booked and _one_step(t) for t in order.things))
    if disputed:
        ways["tell_dispute"] = {"deposit": st.sampled_from(disputed)}
    return ways


# Private functions


def _drawn(draw: st.DrawFn, ways: Ways) -> Command:
    often = [name for name in ways for _ in range(LOTS.get(name, 2))]
    name = draw(st.sampled_from(often))
    words = {word: draw(strategy) for word, strategy in ways[name].items()}
    if "pair" in words:
        words["hirer"], words["worker"] = words.pop("pair")
    if "of" in words:
        words["deposit"], words["which"] = words.pop("of")
    if "step" in words:
        words["deposit"], words["phase"] = words.pop("step")
    if "case" in words:
        words["dispute"], words["escrow"] = words.pop("case")
    if "owned" in words:
        words["who"], words["sold"] = words.pop("owned")
    if "told" in words:
        words["currency"], words["rate"] = words.pop("told")
    return name, words


def _orders(model: Model, wanted: Callable[[Order], bool]) -> list[str]:
    return [name for name, order in model.orders.items() if wanted(order)]


def _reviewed_first(model: Model, names: list[str]) -> list[str]:
    waiting = [name for name in names if model.orders[name].review == "in_review"]
    return [*waiting * 6, *names]


def _one_step(thing: Any) -> bool:
    return len([step for step in STEPS[thing.disputed] if step not in BEHIND[thing.chargeback]]) <= 1


def _token() -> st.SearchStrategy[str]:
    return st.one_of(st.just("tok_success"), st.sampled_from(sorted(CHARGES)))


def _either_way(most: int) -> st.SearchStrategy[int]:
    return st.one_of(st.integers(1, most), st.integers(-most, -1))


def _rate(model: Model, currency: str) -> st.SearchStrategy[str]:
    """As the last was, or a quarter off, or something between."""
    before = model.rates[currency][0]
    return st.integers(75, 125).map(lambda percent: f"{float(before * percent / 100):.6f}")


def _wallets(model: Model) -> st.SearchStrategy[int]:
    """Any amount, or just what somebody has, or one unit more."""
    wallets = [model.has(name, currency) for name in PEOPLE for currency in CURRENCIES]
    return _amounts(model, [there for there in wallets if there])


def _amounts(model: Model, there: list[int], least: int = 1) -> st.SearchStrategy[int]:
    edges = [amount for known in there for amount in (known - 1, known, known + 1) if amount >= least]
    return st.one_of(st.integers(least, 1500), st.sampled_from(edges)) if edges else st.integers(least, 1500)
