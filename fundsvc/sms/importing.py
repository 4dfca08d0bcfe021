"""One file of messages on its way into the books: read, staged, kept, booked, counted."""

from collections import Counter, defaultdict
from collections.abc import Callable
from contextlib import closing
from typing import IO

from flask_babel import gettext as _
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from fundsvc.audit import service as audit
from fundsvc.books import bulk, keys
from fundsvc.books.closed import ClosedMonth
from fundsvc.errors import Reason, Refusal
from fundsvc.imports import KEPT_REASONS, Refused, RefusedRow
from fundsvc.inbox import service as pushes
from fundsvc.sms import campaigns, days
from fundsvc.sms.batches import Ahead, Batch, Batches, StageColumns
from fundsvc.sms.inbox import Inbox, Kept, own_columns
from fundsvc.sms.labels import heading
from fundsvc.sms.layouts import Profile
from fundsvc.sms.models import SmsFile, SmsTotal
from fundsvc.sms.reader import Reader
from fundsvc.sms.register import Register, Terms
from fundsvc.sms.report import CampaignCount, SmsImportReport
from fundsvc.sms.resolver import BOOKED, FAILED, UNKNOWN, Resolver
from ledger import recipes
from ledger.accounts import OPERATOR_NAMES
from ledger.entries import Entry

PREVIEW = 0
"""The number of a file that nothing is kept of."""
KIND = "sms"
"""What is pushed to this slice, in the inbox."""
# It is stored, so it is not translated.
DISPUTED = "Tệp của nhà mạng ghi nội dung khác; sổ đang theo tin nhận từ cổng."


class Import:
    """One file on its way into the books."""

    def __init__(
        self, session: Session, *, file_id: int, by: int | None, profile: Profile | None = None
    ) -> None:
        """Read the campaigns and the keys, so that the reading thread needs no database."""
        all_terms = campaigns.all_terms(session)
        register = Register(all_terms)
        self.session, self.file_id, self.by = session, file_id, by
        self.keys = keys.read(session)
        self.terms = {terms.id: terms for terms in all_terms}
        self.resolver = Resolver(register, OPERATOR_NAMES, self.keys.provinces)
        self.reader = Reader(register, self.resolver, profile)
        self.batches = Batches(self.resolver, self.reader.refused)
        self.conflicts = Refused()
        self.seen: Counter[int] = Counter()
        self.added: Counter[int] = Counter()
        self.rebooked: Counter[int] = Counter()
        self.disputed: list[str] = []

    @property
    def refused(self) -> list[RefusedRow]:
        """The refused rows, in the order of the file; `refused_count` counts all of them."""
        rows = [*self.reader.refused.rows, *self.conflicts.rows]
        return sorted(rows, key=lambda row: row.row)[:KEPT_REASONS]

    @property
    def refused_count(self) -> int:
        """How many rows are refused."""
        return self.reader.refused.count + self.conflicts.count

    def run(self, stream: IO[bytes], progress: Callable[[int], None] | None) -> None:
        """Bring all rows through the stage, batch by batch."""
        with bulk.staging(self.session, *own_columns()) as stage:
            templates = self._templates(stage)
            columns = StageColumns(self.resolver, stage.encode, templates, self.keys.provinces)
            limits = {
                terms.id: terms.most_daily for terms in self.terms.values() if terms.most_daily
            }
            inbox = Inbox(
                self.session, stage.table, self.resolver, file_id=self.file_id, limits=limits
            )
            made = self.batches.make(self.reader, stream, columns)
            with closing(Ahead(made)) as reading:
                while (batch := reading.take()) is not None:
                    stage.load(batch.parts)
                    kept = inbox.keep(batch.outcomes.total(), self.conflicts)
                    days.add_staged(self.session, stage.table, templates)
                    # Beside the longest statements: short ones would wait for the other thread.
                    reading.go_on()
                    self._post(stage)
                    stage.clear()
                    self._count(batch, kept)
                    if progress:
                        progress(batch.lines)
            inbox.close()

    def only_read(self, stream: IO[bytes], progress: Callable[[int], None] | None) -> None:
        """Look at all rows, and count what they come to."""
        for chunk in self.reader.chunks(stream):
            self.batches.note(chunk)
            self.seen.update(chunk.outcome)
            if progress:
                progress(self.reader.lines)
        self.added = self.seen

    def _post(self, stage: bulk.Stage) -> None:
        """Book what is staged.

        Raises:
            Refusal: a message lies in a closed month; what the books advise suits no file.
        """
        try:
            stage.post(maker_id=self.by)
        except ClosedMonth as refusal:
            why = _(
                "%(field)s: %(closed)s Tin nhắn của tháng này chỉ ghi sổ được sau khi mở lại sổ ở"
                " trang Kỳ kế toán: một người đề nghị, một người khác duyệt.",
                field=heading(
                    "received_at", {} if self.file_id < PREVIEW else self.reader.headings
                ),
                closed=refusal.fact,
            )
            raise Refusal(Reason(why)) from refusal

    def _templates(self, stage: bulk.Stage) -> dict[tuple[str, int], int]:
        """Return how each operator's messages to each campaign are booked, as the recipe says."""
        return {
            (operator, terms.id): stage.template(_entry(operator, terms), f"sms:{operator}")
            for operator in OPERATOR_NAMES
            for terms in self.terms.values()
        }

    def _count(self, batch: Batch, kept: Kept) -> None:
        seen = Counter(batch.outcomes)
        for (taken, given), count in kept.moved.items():
            seen[taken] -= count
            seen[given] += count
        seen = seen - kept.repeated - kept.refused
        self.seen += seen
        self.added += seen - kept.known
        self.rebooked += kept.rebooked
        self.disputed += kept.disputed

    def report(self, *, committed: bool) -> SmsImportReport:
        """Tell what the file says and what of it is new."""
        outcomes = self.resolver.outcomes
        booked: defaultdict[tuple[str, int], list[int]] = defaultdict(lambda: [0, 0])
        counts: Counter[str] = Counter()
        parked: Counter[str] = Counter()
        for number, count in self.seen.items():
            outcome = outcomes[number]
            counts[outcome.status] += count
            if outcome.campaign_id is not None and outcome.amount is not None:
                sums = booked[outcome.operator, outcome.campaign_id]
                sums[0] += count
                sums[1] += count * outcome.amount
            elif outcome.why is not None:
                parked[outcome.why.value] += count
        by_campaign = sorted(
            (
                CampaignCount(
                    operator,
                    self.terms[campaign_id].short_code,
                    self.terms[campaign_id].rule.keyword.upper(),
                    messages,
                    gross,
                )
                for (operator, campaign_id), (messages, gross) in booked.items()
            ),
            key=lambda count: (count.operator, count.short_code, count.keyword),
        )
        gross = sum(count.gross for count in by_campaign)
        new = self.added.total()
        return SmsImportReport(
            lines=self.reader.lines,
            new=new,
            known=self.reader.lines - self.refused_count - new,
            refused=tuple(self.refused),
            refused_count=self.refused_count,
            sum_in=gross,
            sum_out=0,
            first=self.batches.first,
            last=self.batches.last,
            committed=committed,
            messages=counts[BOOKED],
            gross=gross,
            failed=counts[FAILED],
            unknown_keyword=counts[UNKNOWN],
            by_campaign=tuple(by_campaign),
            parked=dict(sorted(parked.items())),
            sample=tuple(self.batches.sample),
            headings=self.reader.headings,
        )

    def settle(self, sha256: str) -> None:
        """Write what the file added; one imported before that adds nothing leaves no mark."""
        pushes.dispute(self.session, KIND, self.disputed, DISPUTED)
        before = select(SmsFile.id).where(SmsFile.sha256 == sha256, SmsFile.id != self.file_id)
        if not self.added and self.session.scalar(before.limit(1)) is not None:
            self.session.execute(delete(SmsFile).where(SmsFile.id == self.file_id))
            return
        self.add_to_totals(self.file_id)
        facts = {"new": self.added.total(), "lines": self.reader.lines, "sha256": sha256}
        audit.record(self.session, "sms.import", f"sms_file:{self.file_id}", facts, by=self.by)
        self.session.flush()

    def add_to_totals(self, file_id: int) -> None:
        """Add what is new to the totals of a file; pushes add to those of their gateway again."""
        kept = {
            (total.operator, total.status, total.campaign_id): total
            for total in self.session.scalars(select(SmsTotal).where(SmsTotal.file_id == file_id))
        }
        for (operator, status, campaign_id), (messages, gross) in self._sums().items():
            total = kept.get((operator, status, campaign_id))
            if total is not None:
                total.messages += messages
                total.gross += gross
            elif messages:
                self.session.add(
                    SmsTotal(
                        file_id=file_id,
                        operator=operator,
                        status=status,
                        campaign_id=campaign_id,
                        messages=messages,
                        gross=gross,
                    )
                )
        self.session.flush()

    def _sums(self) -> dict[tuple[str, str, int | None], list[int]]:
        """Return messages and gross that are new, by operator, status and campaign."""
        sums: defaultdict[tuple[str, str, int | None], list[int]] = defaultdict(lambda: [0, 0])
        for number, count in self.added.items():
            outcome = self.resolver.outcomes[number]
            campaign_id = outcome.campaign_id if outcome.status == BOOKED else None
            added = sums[outcome.operator, outcome.status, campaign_id]
            added[0] += count
            added[1] += count * (outcome.amount or 0)
        for number, count in self.rebooked.items():
            sums[self.resolver.outcomes[number].operator, UNKNOWN, None][0] -= count
        return sums


def _entry(operator: str, terms: Terms) -> Entry:
    """Return how a message to a campaign is booked; its rows bring their own date and amount."""
    keyword = terms.rule.keyword.upper()
    return recipes.sms_message(
        operator=operator,
        on=terms.starts,
        unit=terms.unit,
        fund=terms.fund,
        amount=terms.rule.unit_value,
        # It is stored, so it is not translated.
        description=f"Tin nhắn {keyword} gửi {terms.short_code}",
    )
