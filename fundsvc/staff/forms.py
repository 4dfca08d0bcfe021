"""The sign-in form, as Flask-Security asks for it."""

from typing import Any

from flask import current_app
from flask_security import LoginForm
from flask_security.forms import RequiredLocalize
from wtforms import StringField


class SignInForm(LoginForm):
    """User name or e-mail, and password; no "remember me", for these are books of account.

    The field is called `email` because Flask-Security looks for its messages there.
    """

    email = StringField(validators=[RequiredLocalize(message="EMAIL_NOT_PROVIDED")])
    remember = None

    def validate(self, **kwargs: Any) -> bool:
        """Look the person up by either name; the rest is Flask-Security's."""
        self.ifield = self.email
        typed = (self.email.data or "").strip()
        datastore = current_app.extensions["security"].datastore
        self.user = datastore.find_user(identity=typed) if typed else None
        return bool(super().validate(**kwargs))
