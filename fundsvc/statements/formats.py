"""The formats of a statement; each is loaded when somebody wants it, for WeasyPrint is heavy."""

import json
from typing import Final

from fundsvc.statements.report import Report, as_json

DOWNLOADS: Final = ("pdf", "xlsx", "csv", "json")
TYPES: Final = {
    "csv": "text/csv; charset=utf-8",
    "json": "application/json",
    "pdf": "application/pdf",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def draw(kind: str, report: Report) -> bytes:
    """Return a report as json, csv, xlsx, pdf or html; no transaction may be open.

    Raises:
        PdfError: a PDF cannot be printed exactly.
        ValueError: there is no such format.
    """
    match kind:
        case "json":
            return f"{json.dumps(as_json(report), ensure_ascii=False, indent=1)}\n".encode()
        case "csv":
            from fundsvc.statements.sheets import to_csv  # noqa: PLC0415 - see above

            return to_csv(report)
        case "xlsx":
            from fundsvc.statements.sheets import to_xlsx  # noqa: PLC0415 - see above

            return to_xlsx(report)
        case "pdf":
            from fundsvc.statements.document import to_pdf  # noqa: PLC0415 - see above

            return to_pdf(report)
        case "html":
            from fundsvc.statements.document import to_html  # noqa: PLC0415 - see above

            return to_html(report)
        case _:
            msg = f"no such format: {kind}"
            raise ValueError(msg)
