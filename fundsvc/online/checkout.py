"""The way to give by card: a checkout of Stripe's for a promise."""

from dataclasses import replace
from typing import Final

from flask_babel import lazy_gettext

from fundsvc.giving.ways import Due, Way, WayDownError
from fundsvc.online import facts, gateway

LEAST: Final = 15_000
"""Stripe takes no card payment below about half a US dollar."""


def begin(due: Due) -> str:
    """Return the address of the page on which the donor pays.

    Raises:
        WayDownError: Stripe does not answer, or will not.
    """
    # The event that tells us may come later than the donor: the page must not ask for money again.
    paid = f"{due.back}{'&' if '?' in due.back else '?'}paid=card"
    wanted = facts.Wanted(
        code=due.code,
        amount=due.amount,
        title=due.title,
        email=due.email,
        locale=due.locale,
        back=due.back,
        paid=paid,
    )
    try:
        for attempt in range(1, 10):
            found = gateway.begin(replace(wanted, attempt=attempt))
            if found.state == "open" and found.url:
                return found.url
            if found.paid and found.state == "complete":
                return paid
    except (gateway.DownError, gateway.RefusedError, gateway.NotThereError) as error:
        raise WayDownError from error
    raise WayDownError


CARD: Final = Way(
    name="card",
    label=lazy_gettext("Thẻ Visa, Mastercard, JCB"),
    ready=gateway.ready,
    begin=begin,
    origins=gateway.origins,
    least=LEAST,
)
