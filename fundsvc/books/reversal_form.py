"""The small form that takes a thing back: a reason, and a day if it is not today."""

from collections.abc import Callable

from flask import flash, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from flask_login import current_user
from marshmallow import ValidationError

from fundsvc.books.reversing import LONGEST_REASON, Reversed
from fundsvc.db import transaction
from fundsvc.errors import Conflict, Refusal
from fundsvc.fields import Day, FormSchema, Line
from fundsvc.templating import Form, reasons_of


class ReversalForm(FormSchema):
    """Why, and on which day; today when it was left empty."""

    reason = Line(LONGEST_REASON)
    reason.error_messages["required"] = lazy_gettext("Xin ghi lý do ghi đảo.")
    date = Day(needed=False)


def sent(act: Callable[..., Reversed]) -> Form | None:
    """Do what the form of this request asks, and say so; return the form if something is wrong.

    Args:
        act: the reversal of one thing, called with `(session, on, reason, by)`.

    Raises:
        Refusal: there is no such thing, or not for this person.
    """
    typed = request.form.to_dict()
    try:
        form = ReversalForm().load(typed)
        with transaction() as session:
            act(session, on=form["date"], reason=form["reason"], by=current_user.id)
    except ValidationError as error:
        return Form(typed, reasons_of(error))
    except Conflict as error:
        # It was taken back before; its page says since when and why, and shows no form.
        flash(" ".join(str(reason.text) for reason in error.reasons), "error")
        return None
    except Refusal as error:
        if error.status != Refusal.status:
            raise
        return Form(typed, error.reasons)
    flash(_("Đã ghi đảo khoản này."), "ok")
    return None
