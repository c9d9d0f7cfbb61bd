"""Addresses: made absolute for following, made canonical for recognising the same page again."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, quote, unquote_to_bytes, urlencode, urljoin, urlsplit, urlunsplit

# Parameters that say how a reader came, not what is shown.
_TRACKING = re.compile(
    r"utm_\w+|mtm_\w+|pk_(?:campaign|kwd|source|medium|content)|piwik_\w+|matomo_\w+|hsa_\w+|_hs\w+|mc_[ce]id|mkt_tok|"
    r"[fgmtd]clid|fbclid|gclsrc|dclid|gbraid|wbraid|msclkid|yclid|twclid|igshid|igsh|_ga|_gl|ocid|cmpid|ncid|"
    r"trk|trkcampaign|vero_\w+|oly_(?:anon|enc)_id|rb_clickid|s_cid|wickedid|ss_source|ss_campaign_\w+|at_\w+|"
    r"xtor|cid_source|fc|ff|rss|amp|outputtype|spm|share|via_rss|guccounter|guce_referrer\w*|elqtrack\w*|sfmc_\w+|"
    r"cmp|icid|wt\.mc_id|soc_src|soc_trk|__twitter_impression|ref_src|feature_source",
    re.IGNORECASE,
)
_VALUED = {
    "rss": {"", "true", "1", "yes"},
    "amp": {"", "true", "1", "yes"},
    "outputtype": {"amp"},
    "share": {"twitter", "facebook"},
}
_PUBMED_ONLY = {"fc", "ff"}  # tracking at pubmed.ncbi.nlm.nih.gov, anything elsewhere
_HOST_PREFIX = re.compile(r"^(?:www\d?|m|mobile|amp)\.(?=[^.]+\.[^.])")
_WRAPPED = re.compile(r"(^|\.)(google\.[a-z.]+|ampproject\.org)$")  # hosts whose addresses may hold another
_AMP_CACHE = re.compile(r"^/(?:amp|[vic])/s/([^/]+)(/.*)?$|^/amp/(?:s/)?([^/]+\.[^/]+)(/.*)?$")
_AMP_PATH = re.compile(r"(?:/amp/?|\.amp|/amp\.html)$", re.IGNORECASE)
_INDEX = re.compile(r"/(?:index|default)\.(?:html?|php|aspx?)$", re.IGNORECASE)
_PORTS = {"http": 80, "https": 443}
_SCHEMES = ("http", "https")
_PLAIN = re.compile(r"https?://([a-z0-9-]+(?:\.[a-z0-9-]+)+)((?:/[\w~-][\w.~-]*)+)", re.ASCII)  # nothing to take apart


def absolute_url(link: str | None, base: str = "") -> str | None:
    """Return `link` resolved against `base`, or None when it is empty or no web address (mailto:, data:)."""
    link = "".join((link or "").split()) if link and "\n" in link else (link or "").strip()
    if not link or "\x00" in link:
        return None
    try:
        url = urljoin(base, link) if base else link
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        return None
    if parts.scheme.lower() not in _SCHEMES:
        return None if parts.scheme else url
    return url.replace(" ", "%20") if host else None


def canonical_url(url: str) -> str:
    """Return the key under which the page behind `url` is recognised: not an address to fetch.

    Scheme becomes https, the host lower case (IDNA) without `www.`, `m.`, `amp.` and default port; fragment, tracking
    parameters, AMP forms, index files and the closing slash go; parameters are sorted. Idempotent. Anything that is not
    a web address is returned stripped.
    """
    url = url.strip()
    if (plain := _PLAIN.fullmatch(url)) and len(plain[1]) < 64:
        host, path = _HOST_PREFIX.sub("", plain[1]), plain[2]
        if not (_WRAPPED.search(host) or _HOST_PREFIX.match(host) or _AMP_PATH.search(path) or _INDEX.search(path)):
            return f"https://{host}{path}"
    for _ in range(3):  # an AMP cache address holds another address
        shorter = _canonical(url)
        if shorter == url:
            break
        url = shorter
    return url


def _canonical(url: str) -> str:
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").rstrip("."), parts.port
    except ValueError:
        return url
    if parts.scheme.lower() not in _SCHEMES or not host:
        return url
    cached = _AMP_CACHE.match(parts.path) if _WRAPPED.search(host) else None
    if cached:
        return f"https://{cached[1] or cached[3]}{cached[2] or cached[4] or ''}" + (
            f"?{parts.query}" if parts.query else ""
        )
    host = _HOST_PREFIX.sub("", _idna(host))
    netloc = f"[{host}]" if ":" in host else host
    if port and port not in _PORTS.values():
        netloc += f":{port}"
    path = _INDEX.sub("/", _AMP_PATH.sub("", _requote(parts.path)))
    path = re.sub(r"/{2,}", "/", path).rstrip("/")
    return urlunsplit(("https", netloc, path, _query(parts.query, host), ""))


def _idna(host: str) -> str:
    try:
        return host.encode("idna").decode("ascii").lower()
    except UnicodeError:
        return host.lower()


def _requote(path: str) -> str:
    return quote(unquote_to_bytes(path), safe="/:@!$&'()*+,;=~-._")


def _query(query: str, host: str) -> str:
    pairs = [(k, v) for k, v in parse_qsl(query, keep_blank_values=True) if not _is_tracking(k, v, host)]
    return urlencode(sorted(pairs))


def _is_tracking(key: str, value: str, host: str) -> bool:
    key = key.lower()
    if key in _PUBMED_ONLY:
        return host.endswith("ncbi.nlm.nih.gov")
    if key in _VALUED:
        return value.lower() in _VALUED[key]
    return _TRACKING.fullmatch(key) is not None


def without_tracking(url: str) -> str:
    """Return `url` as an address to show and follow, without its tracking parameters."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return url
    kept = [p for p in parts.query.split("&") if p and not _is_tracking(*_pair(p), host)]
    return urlunsplit(parts._replace(query="&".join(kept)))


def _pair(part: str) -> tuple[str, str]:
    key, _, value = part.partition("=")
    return key, value
