"""The digest as PDF, through WeasyPrint (extra `pdf`)."""

from __future__ import annotations

from tracker.digest import html
from tracker.digest.model import Digest
from tracker.errors import UsageError


def render(digest: Digest) -> bytes:
    """The page in its print styles. Nothing is fetched; UsageError where the extra is not installed."""
    try:
        import weasyprint
    except (ImportError, OSError) as error:
        raise UsageError(
            f"PDF needs the extra `pdf` and Pango (pip install 'nps-tracker[pdf]'; Debian: libpango-1.0-0): {error}"
        ) from None

    def refuse(url: str, *_: object, **__: object) -> dict[str, object]:
        raise ValueError(f"the digest is self-contained, yet asks for {url}")

    document = weasyprint.HTML(string=html.page(digest), url_fetcher=refuse)
    identifier = digest.snapshot.encode().ljust(16, b"0")[:16]
    made: bytes = document.write_pdf(pdf_identifier=identifier)
    return made
