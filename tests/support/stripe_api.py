"""What the fake Stripe answers to a request of its API."""

from typing import Any

from tests.support.stripe import FakeStripe, Thing

PAGE = 10


def answer(  # noqa: PLR0911 - one a request
    fake: FakeStripe, method: str, path: str, params: Thing
) -> tuple[int, Thing]:
    """Answer a request."""
    parts = path.removeprefix("/v1/").split("/")
    match method, parts:
        case "POST", ["checkout", "sessions"]:
            return 200, fake.checkout(params)
        case "POST", ["refunds"]:
            intent = fake.objects[params["payment_intent"]]
            charge = fake.objects[intent["latest_charge"]]
            amount = int(params.get("amount") or charge["amount"])
            if amount > charge["amount"] - charge["amount_refunded"]:
                return 400, error("charge_already_refunded", "Amount is greater than left.")
            return 200, fake.refund(intent["id"], amount, **params.get("metadata", {}))
        case "GET", ["checkout", "sessions", name]:
            return _one(fake, name, params)
        case "GET", ["payment_intents" | "charges" | "refunds" | "disputes" | "payouts", name]:
            return _one(fake, name, params)
        case "GET", ["refunds" | "disputes" as kind]:
            return 200, _list(fake, kind[:-1], path, params, ("payment_intent", "charge"))
        case "GET", ["balance_transactions"]:
            return 200, _list(fake, "balance_transaction", path, params, ("payout", "source"))
        case "GET", ["events"]:
            return 200, _events(fake, path, params)
    return 404, error("url_invalid", f"Unrecognized request URL ({method}: {path}).")


def _one(fake: FakeStripe, name: str, params: Thing) -> tuple[int, Thing]:
    found = fake.objects.get(name)
    if found is None:
        return 404, error("resource_missing", f"No such object: '{name}'")
    return 200, _shown(fake, found, _values(params.get("expand", {})))


def _list(fake: FakeStripe, kind: str, path: str, params: Thing, by: tuple[str, ...]) -> Thing:
    rows = [
        one
        for one in reversed(fake.objects.values())
        if one.get("object") == kind
        and all(params.get(name) in {None, one.get(name)} for name in by)
    ]
    expand = [one.removeprefix("data.") for one in _values(params.get("expand", {}))]
    return _page([_shown(fake, one, expand) for one in rows], path, params)


def _events(fake: FakeStripe, path: str, params: Thing) -> Thing:
    since = int(params.get("created", {}).get("gte", 0))
    kinds = _values(params.get("types", {}))
    rows = [
        one
        for one in reversed(fake.events)
        if one["created"] >= since and (not kinds or one["type"] in kinds)
    ]
    return _page(rows, path, params)


def _shown(fake: FakeStripe, found: Thing, expand: list[str]) -> Thing:
    """Return an object with what is to stand in it instead of its id."""
    shown = {name: value for name, value in found.items() if name != "payout"}
    if found["object"] != "balance_transaction":
        shown = dict(found)
    for one in expand:
        name, _dot, rest = one.partition(".")
        if isinstance(shown.get(name), str):
            shown[name] = _shown(fake, fake.objects[shown[name]], [rest] if rest else [])
    return shown


def _page(rows: list[Thing], path: str, params: Thing) -> Thing:
    after, limit = params.get("starting_after"), min(int(params.get("limit", PAGE)), PAGE)
    start = next((n + 1 for n, row in enumerate(rows) if row["id"] == after), 0)
    return {
        "object": "list",
        "data": rows[start : start + limit],
        "has_more": len(rows) > start + limit,
        "url": path,
    }


def _values(given: Any) -> list[str]:
    return list(given.values()) if isinstance(given, dict) else [given]


def error(code: str, message: str, kind: str = "invalid_request_error") -> Thing:
    """Return an error as Stripe tells it."""
    return {"error": {"code": code, "message": message, "type": kind}}
