"""What the forms of settlements hold."""

from fundsvc.fields import Choice, Day, Dong, FormSchema, Line
from fundsvc.settlements.differences import OWED
from fundsvc.settlements.owing import WHOLE
from fundsvc.settlements.remedies import CLOSED, LONGEST_NUMBER, LONGEST_REASON

ABOUT = (*OWED, WHOLE)
LONGEST_ID = 100


class LossForm(FormSchema):
    """What is to be given up, and why."""

    about = Choice(ABOUT)
    amount = Dong(needed=False)
    reason = Line(LONGEST_REASON)


class ClaimForm(FormSchema):
    """What is claimed, and the letter's number if it has one yet."""

    about = Choice(ABOUT)
    amount = Dong(needed=False)
    number = Line(LONGEST_NUMBER, needed=False)


class AnswerForm(FormSchema):
    """What came of a claim."""

    state = Choice(CLOSED)
    outcome = Line(LONGEST_REASON, needed=False)
    closed_on = Day(needed=False)


class UndoForm(FormSchema):
    """Why something is taken back."""

    reason = Line(LONGEST_REASON)


class MessageForm(FormSchema):
    """Which message is taken back, and why."""

    request_id = Line(LONGEST_ID)
    reason = Line(LONGEST_REASON)
