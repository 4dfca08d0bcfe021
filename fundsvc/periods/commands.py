"""Commands of periods: `period list`, `period close`, `period reopen`."""

import json
import sys
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from datetime import date

    from fundsvc.periods.service import Done

BAD_CALL = 2


@click.group("period")
def group() -> None:
    """Kỳ kế toán: khóa sổ và mở lại sổ theo tháng của đơn vị."""


_as_json = click.option("--json", "as_json", is_flag=True, help="In một tài liệu JSON.")


@group.command("list")
@click.option("--unit", metavar="U", help="Mã đơn vị; không ghi là mọi đơn vị.")
@click.option("--year", type=click.IntRange(1990, 2199), help="Năm; không ghi là năm nay.")
@_as_json
def list_command(*, unit: str | None, year: int | None, as_json: bool) -> None:
    """Liệt kê các tháng đã khóa sổ hoặc đã mở lại."""
    from fundsvc import clock
    from fundsvc.db import read_session
    from fundsvc.periods import listing

    rows = listing.stored(read_session(), year=year or clock.today().year, unit=unit)
    if as_json:
        click.echo(json.dumps({"periods": [row.as_json() for row in rows]}, ensure_ascii=False))
        return
    for row in rows:
        state = "đã khóa" if row.state == "closed" else "mở lại"
        day = f"{row.closed_on:%d/%m/%Y}" if row.closed_on else ""
        click.echo(f"{row.month:%m/%Y}  {row.unit:<16} {state:<8} {day:<10} {row.closed_by}")


@group.command("close")
@click.argument("month", metavar="YYYY-MM")
@click.option("--unit", metavar="U", help="Mã đơn vị; không ghi là mọi đơn vị có sổ.")
@click.option("--through", is_flag=True, help="Khóa cả các tháng trước còn mở.")
@click.option("--dry-run", is_flag=True, help="Chỉ xem danh sách trước khi khóa, không khóa.")
@click.option("--by", "by", metavar="USERNAME", help="Người khóa sổ.")
@_as_json
def close_command(
    *, month: str, unit: str | None, through: bool, dry_run: bool, by: str | None, as_json: bool
) -> None:
    """Khóa sổ tháng YYYY-MM; không ai ghi được vào tháng đã khóa.

    Danh sách trước khi khóa được in ra; mục chặn thì không khóa.
    """
    from fundsvc.errors import Refusal
    from fundsvc.fields import parse_month

    day = parse_month(month)
    told: list[dict[str, Any]] = []
    for code in [unit] if unit is not None else _units(day, by):
        try:
            told.append(_one(code, day, through=through, dry_run=dry_run, by=by))
        except Refusal as refusal:
            if unit is not None:
                raise
            reasons = [reason.as_json() for reason in refusal.reasons]
            told.append({"unit": code, "month": f"{day:%Y-%m}", "refused": reasons})
    if as_json:
        click.echo(json.dumps(told[0] if unit is not None else {"units": told}, ensure_ascii=False))
    else:
        for facts in told:
            _say(facts)
        if not told:
            click.echo("Chưa đơn vị nào có bút toán đến hết tháng này.", err=True)
    if any("refused" in facts for facts in told):
        sys.exit(1)


@group.command("carry-forward")
@click.argument("year", type=click.IntRange(1990, 2199))
@click.option("--unit", metavar="U", help="Mã đơn vị; không ghi là mọi đơn vị.")
@click.option("--dry-run", is_flag=True, help="Chỉ xem số sẽ kết chuyển.")
@click.option("--by", "by", metavar="USERNAME", help="Người kết chuyển.")
@_as_json
def carry_command(
    *, year: int, unit: str | None, dry_run: bool, by: str | None, as_json: bool
) -> None:
    """Kết chuyển thu, chi của năm YEAR sang thặng dư lũy kế (421), ngày 31/12.

    Chạy lại chỉ ghi phần thay đổi từ lần trước.
    """
    from fundsvc.errors import Refusal
    from fundsvc.periods.carrying import check_over

    check_over(year)
    told: list[dict[str, Any]] = []
    for code in [unit] if unit is not None else _standing_units(year, by):
        try:
            told.append(_carried(code, year, dry_run=dry_run, by=by))
        except Refusal as refusal:
            if unit is not None:
                raise
            told.append({"unit": code, "refused": [each.as_json() for each in refusal.reasons]})
    if as_json:
        click.echo(json.dumps({"year": year, "units": told}, ensure_ascii=False))
    else:
        _say_carried(year, told)
    if any("refused" in facts for facts in told):
        sys.exit(1)


@group.command("reopen")
@click.argument("month", metavar="YYYY-MM")
@click.option("--unit", required=True, metavar="U", help="Mã đơn vị.")
@click.option("--reason", metavar="R", help="Lý do, khi đề nghị.")
@click.option("--by", "by", required=True, metavar="USERNAME", help="Người đề nghị hoặc xử lý.")
@click.option("--confirm", "act", flag_value="confirm", help="Xác nhận đề nghị của người khác.")
@click.option("--refuse", "act", flag_value="refuse", help="Từ chối đề nghị của người khác.")
@click.option("--withdraw", "act", flag_value="withdraw", help="Rút đề nghị của mình.")
@_as_json
def reopen_command(
    *, month: str, unit: str, reason: str | None, by: str, act: str | None, as_json: bool
) -> None:
    """Đề nghị mở lại sổ từ tháng YYYY-MM, hoặc xác nhận, từ chối, rút một đề nghị.

    Một người đề nghị, một người duyệt khác xác nhận. Các tháng sau đã khóa cũng mở lại.
    """
    from fundsvc.db import transaction
    from fundsvc.errors import NotFound, Reason
    from fundsvc.fields import parse_month
    from fundsvc.periods import reopening
    from fundsvc.staff.acting import acting
    from fundsvc.units import service as units

    day = parse_month(month)
    if act is None and not reason:
        why = "Thiếu --reason khi đề nghị mở lại sổ."
        raise click.UsageError(why)
    facts: dict[str, Any] = {"unit": unit, "month": f"{day:%Y-%m}"}
    with transaction() as session:
        person = acting(session, by)
        if act is None:
            asked = reopening.ask(session, unit, day, reason or "", by=person.id)
            facts |= {"state": "asked", "reopening": asked.id, "new": asked.new}
            facts["months"] = [f"{each:%Y-%m}" for each in asked.months]
        else:
            pending = reopening.pending_of(session, units.by_code(session, unit).id)
            if pending is None or pending.month != day:
                why = "Không có đề nghị mở lại sổ từ tháng này đang chờ."
                raise NotFound(Reason(why, field="month"))
            number = pending.id
            months: tuple[date, ...] = ()
            if act == "confirm":
                months = reopening.confirm(session, number, by=person.id)
            else:
                getattr(reopening, act)(session, number, by=person.id)
            state = {"confirm": "confirmed", "refuse": "refused", "withdraw": "withdrawn"}[act]
            facts |= {"state": state, "reopening": number}
            facts["months"] = [f"{each:%Y-%m}" for each in months]
    if as_json:
        click.echo(json.dumps(facts, ensure_ascii=False))
        return
    click.echo(_reopened(facts))


def _reopened(facts: dict[str, Any]) -> str:
    months = ", ".join(facts["months"])
    return {
        "asked": f"Đã ghi đề nghị mở lại sổ ({months}); cần một người duyệt khác xác nhận.",
        "confirmed": f"Đã mở lại sổ: {months}.",
        "refused": "Đã từ chối đề nghị; các tháng vẫn khóa.",
        "withdrawn": "Đã rút đề nghị; các tháng vẫn khóa.",
    }[facts["state"]]


def _units(day: "date", by: str | None) -> list[str]:
    """Return the units with books until the end of a month, those the person may see."""
    from fundsvc.db import transaction
    from fundsvc.periods.months import last_of
    from fundsvc.periods.service import has_books
    from fundsvc.staff.acting import acting
    from fundsvc.units.service import all_units

    with transaction() as session:
        if by is not None:
            acting(session, by)
        last = last_of(day)
        return [unit.code for unit in all_units(session) if has_books(session, unit.id, last)]


def _one(code: str, day: "date", *, through: bool, dry_run: bool, by: str | None) -> dict[str, Any]:
    """Close one unit's month in a transaction of its own, or only look."""
    from fundsvc.db import transaction
    from fundsvc.periods import service
    from fundsvc.staff.acting import acting
    from fundsvc.units.service import by_code

    with transaction() as session:
        person = acting(session, by) if by is not None else None
        if dry_run:
            plan = service.plan(session, by_code(session, code), day)
            return {
                "unit": code,
                "month": f"{day:%Y-%m}",
                "would_close": [f"{month:%Y-%m}" for month in plan.months],
                "items": [_item(item) for item in plan.items],
            }
        done = service.close(
            session,
            code,
            day,
            through=through,
            seen=service.SEEN,
            by=person.id if person else None,
        )
    return _closed(done)


def _closed(done: "Done") -> dict[str, Any]:
    return {
        "unit": done.unit,
        "month": f"{done.month:%Y-%m}",
        "new": bool(done.closed),
        "closed": [{"month": f"{each.month:%Y-%m}", **each.facts} for each in done.closed],
        "items": [_item(item) for item in done.items],
    }


def _item(item: Any) -> dict[str, Any]:
    return {
        "code": item.code,
        "count": item.count,
        "text": str(item.text),
        "amount": item.amount,
        "blocking": item.blocking,
        "parts": [{"text": str(part.text), "amount": part.amount} for part in item.parts],
    }


def _say(facts: dict[str, Any]) -> None:
    from ledger.words import grouped

    unit = facts["unit"]
    for item in facts.get("items", ()):
        amount = f": {grouped(item['amount'])} đ" if item["amount"] is not None else ""
        click.echo(f"{unit}: {item['count']} {item['text']}{amount}", err=True)
        for part in item["parts"]:
            click.echo(f"    {part['text']}: {grouped(part['amount'])} đ", err=True)
    if "refused" in facts:
        for reason in facts["refused"]:
            click.echo(f"{unit}: {reason['reason']}", err=True)
    elif "would_close" in facts:
        months = ", ".join(facts["would_close"]) or "không tháng nào"
        click.echo(f"{unit}: sẽ khóa {months}.")
    elif not facts["new"]:
        click.echo(f"{unit}: tháng {facts['month']} đã khóa sổ từ trước.")
    else:
        for month in facts["closed"]:
            click.echo(
                f"{unit}: đã khóa sổ tháng {month['month']},"
                f" {month['entries']} bút toán, phát sinh {grouped(month['debit'])} đ."
            )


def _standing_units(year: int, by: str | None) -> list[str]:
    """Return the units that have something to carry forward, those the person may see."""
    from fundsvc.db import transaction
    from fundsvc.periods.carrying import standing
    from fundsvc.staff.acting import acting
    from fundsvc.units.service import all_units

    with transaction() as session:
        if by is not None:
            acting(session, by)
        found = {row.unit_id for row in standing(session, year)}
        return [unit.code for unit in all_units(session) if unit.id in found]


def _carried(code: str, year: int, *, dry_run: bool, by: str | None) -> dict[str, Any]:
    """Carry one unit's year forward in a transaction of its own, or only look."""
    from fundsvc.db import transaction
    from fundsvc.periods import carrying
    from fundsvc.staff.acting import acting
    from fundsvc.units.service import by_code

    with transaction() as session:
        person = acting(session, by) if by is not None else None
        if dry_run:
            rows = carrying.standing(session, year, by_code(session, code).id)
            would = [
                {"fund": row.fund, "province": row.province or "none", "result": row.result}
                for row in rows
            ]
            return {"unit": code, "would_carry": would}
        done = carrying.carry(session, code, year, by=person.id if person else None)
    return {"unit": code, "carried": [row.as_json() for row in done]}


def _say_carried(year: int, told: list[dict[str, Any]]) -> None:
    from ledger.words import grouped

    for facts in told:
        unit = facts["unit"]
        for reason in facts.get("refused", ()):
            click.echo(f"{unit}: {reason['reason']}", err=True)
        for row in facts.get("would_carry", ()):
            click.echo(f"{unit}: sẽ kết chuyển quỹ {row['fund']}: {grouped(row['result'])} đ.")
        for row in facts.get("carried", ()):
            click.echo(
                f"{unit}: đã kết chuyển năm {row['year']}, quỹ {row['fund']}:"
                f" {grouped(row['result'])} đ, bút toán số {row['entry']}."
            )
    if not any(facts.get("carried") or facts.get("would_carry") for facts in told):
        click.echo(f"Không còn gì để kết chuyển cho năm {year}.")
