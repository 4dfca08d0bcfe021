"""The form that takes a bank file."""

from fundsvc.fields import Choice, FormSchema, Line
from fundsvc.reconciliation.layouts import BY_NAME

ACCOUNT_LENGTH = 12
BY_HAND = "columns"
"""Says that somebody will say which column is what, whatever the header looks like."""


class UploadSchema(FormSchema):
    """Which account a file is of, and in which layout if the person says so."""

    account = Line(ACCOUNT_LENGTH)
    format = Choice((*BY_NAME, BY_HAND), needed=False)
