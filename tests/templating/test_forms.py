"""Typed text and reasons, as the macros draw them."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask, render_template_string
from marshmallow import Schema, ValidationError, fields

from fundsvc import templating
from fundsvc.errors import Reason
from fundsvc.templating import Form, reasons_of

TEMPLATES = Path(__file__).resolve().parents[2] / "templates"


@pytest.fixture
def page() -> Iterator[Flask]:
    """An application of nothing but the shared things of pages."""
    app = Flask("fundsvc", template_folder=str(TEMPLATES))
    templating.init_app(app)
    with app.test_request_context():
        yield app


def draw(source: str, **facts: object) -> str:
    return render_template_string('{% import "macros.html" as m %}' + source, **facts)


def test_a_refused_field_keeps_what_was_typed_and_says_why_beside_it(page: Flask) -> None:
    form = Form({"amount": "<mười>"}, (Reason("Phải là chữ số.", field="amount"),))
    drawn = draw(
        '{{ m.error_summary(form) }}{{ m.amount_field(form, "amount", "Số tiền") }}', form=form
    )
    assert 'value="&lt;mười&gt;"' in drawn
    assert 'aria-invalid="true"' in drawn
    assert 'href="#f-amount"' in drawn
    assert drawn.count("Phải là chữ số.") == 2


def test_a_password_is_never_written_back(page: Flask) -> None:
    form = Form({"password": "bí mật"})
    drawn = draw('{{ m.field(form, "password", "Mật khẩu", type="password") }}', form=form)
    assert "bí mật" not in drawn


def test_an_amount_below_zero_says_so_in_a_word(page: Flask) -> None:
    assert "âm" in draw("{{ m.amount(-1) }}")
    assert "âm" not in draw("{{ m.amount(1) }}")


def test_reasons_of_a_schema_name_their_fields() -> None:
    class Nested(Schema):
        amount = fields.Integer(required=True, error_messages={"required": "Cần ghi số tiền."})

    with pytest.raises(ValidationError) as caught:
        Nested().load({})
    assert reasons_of(caught.value) == (Reason("Cần ghi số tiền.", field="amount"),)


def test_a_message_of_the_whole_schema_has_no_field() -> None:
    assert reasons_of(ValidationError("Không hợp lệ.")) == (Reason("Không hợp lệ.", field=None),)
