"""Do what a form asks in one transaction, or show its page again with what is wrong."""

from collections.abc import Callable
from typing import Any, Final

from flask import flash, redirect, request
from flask.typing import ResponseReturnValue
from marshmallow import ValidationError
from sqlalchemy.orm import Session

from fundsvc.db import transaction
from fundsvc.errors import NotFound, Refusal
from fundsvc.templating.forms import Form, reasons_of

_WRONG: Final = 422


def sent(
    schema: Any,
    act: Callable[[Session, dict[str, Any]], str],
    *,
    again: Callable[[Form], str],
    onward: str,
) -> ResponseReturnValue:
    """Load the form that came, do `act` with it and say what it told on the page `onward`.

    Args:
        schema: of the form.
        act: does it, and says in a sentence what was done.
        again: draws the form's own page with what was typed and why it was refused.
        onward: the address to go on to.

    Raises:
        NotFound: what is missing and what is another's look the same.
    """
    typed = request.form.to_dict()
    try:
        form = schema.load(typed)
        with transaction() as session:
            said = act(session, form)
    except ValidationError as error:
        return again(Form(typed, reasons_of(error))), _WRONG
    except Refusal as error:
        if error.status == NotFound.status:
            raise
        return again(Form(typed, error.reasons)), error.status
    flash(said, "ok")
    return redirect(onward, 303)
