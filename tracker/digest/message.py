"""One digest as one mail: text and HTML beside each other, plots as inline images, the headers that lists need."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from hashlib import blake2b
from typing import Any

from tracker.digest import charts, html, plain
from tracker.digest.model import Digest, Section
from tracker.errors import ConfigError

SHORT = ("new_substances", "signals", "harm_events", "official", "saved_searches", "method")  # sections of size `short`


def for_recipient(digest: Digest, recipient: Mapping[str, Any]) -> Digest:
    """The digest as one recipient wants it: only the saved searches chosen (all where none is), and of the size
    chosen."""
    wanted = tuple(recipient.get("searches") or ())
    sections = [_searches(section, wanted) for section in digest.sections]
    if recipient.get("size", "full") == "short":
        sections = [section for section in sections if section.id in SHORT]
    return replace(digest, sections=tuple(sections))


def _searches(section: Section, wanted: tuple[str, ...]) -> Section:
    if section.id != "saved_searches" or not wanted:
        return section
    return replace(section, items=tuple(item for item in section.items if item.group in wanted))


def message_id(digest: Digest, recipient: str, sender: str) -> str:
    """The same for every attempt to send this issue to this recipient."""
    token = blake2b(f"{digest.week} {recipient.casefold()}".encode(), digest_size=12).hexdigest()
    return f"<digest.{digest.week}.{token}@{_address(sender, 'mail.sender').domain}>"


def compose(digest: Digest, recipient: Mapping[str, Any], mail: Mapping[str, Any], *, now: datetime) -> EmailMessage:
    """The mail to one recipient. `mail` is the setting of that name: sender, unsubscribe (mailto: or https:
    address)."""
    mine = for_recipient(digest, recipient)
    sender, to = _address(mail["sender"], "mail.sender"), _address(recipient["address"], "mail.recipients.address")
    message = EmailMessage(policy=SMTP)
    message["From"] = sender
    message["To"] = to
    message["Subject"] = f"{plain.headline(digest)}: {plain.one_line(digest).split(': ', 1)[-1]}"[:180]
    message["Date"] = format_datetime(now)
    message["Message-ID"] = message_id(digest, recipient["address"], mail["sender"])
    message["List-Id"] = f"NPS tracker digest <digest.{sender.domain}>"
    message["List-Unsubscribe"] = f"<{_unsubscribe(mail, sender)}>"
    message["Auto-Submitted"] = "auto-generated"
    message["Precedence"] = "list"
    message.set_content(plain.text(mine))
    pictures = {place: charts.png(item) for place, item in enumerate(charts.plotted(mine))}
    names = {place: f"plot{place}.{digest.snapshot}@{sender.domain}" for place in pictures}
    message.add_alternative(html.mail(mine, names), subtype="html")
    page = message.get_payload()[1]  # type: ignore[index]
    for place, picture in pictures.items():
        page.add_related(  # type: ignore[union-attr]
            picture, "image", "png", cid=f"<{names[place]}>", filename=f"plot{place}.png", disposition="inline"
        )
    return message


def _unsubscribe(mail: Mapping[str, Any], sender: Address) -> str:
    given = str(mail.get("unsubscribe") or f"mailto:{sender.addr_spec}?subject=unsubscribe")
    if not given.startswith(("mailto:", "https://")) or any(c in given for c in "<>\r\n "):
        raise ConfigError(f"mail.unsubscribe: {given!r} is no address; write mailto:… or https://…")
    return given


def _address(text: str, field: str) -> Address:
    name, spec = parseaddr(str(text))
    try:
        address = Address(display_name=name, addr_spec=spec)
    except (ValueError, IndexError):
        address = Address()
    if not address.username or not address.domain or any(c in str(text) for c in "\r\n"):
        raise ConfigError(f"{field}: {text!r} is no mail address; write name@example.org")
    return address
