"""Logins, roles, forged forms, headers, and everything that comes in badly."""

from __future__ import annotations

import re

import pytest
import web_kit as kit

from tracker.archive import Archive, people
from tracker.web import auth


@pytest.fixture(scope="module")
def db(tmp_path_factory):
    path = tmp_path_factory.mktemp("web") / "tracker.db"
    kit.build(path)
    kit.add_users(path)
    return path


@pytest.fixture(scope="module")
def shared_server(db):
    with kit.serving(kit.desk(db, hosts=frozenset({"nps.example.org"}))) as address:
        yield address


@pytest.fixture
def web(shared_server):
    """A browser of its own on the module's server."""
    import httpx

    with httpx.Client(base_url=shared_server, timeout=30) as client:
        yield client


PAGES = ("/", "/week/2026-W46", "/search", "/search?q=bromazolam", "/document/1", "/document/2", "/document/4",
         "/story/1", "/substances", "/substance/bromazolam", "/signals", "/candidates", "/sources", "/about", "/login",
         "/nothing")  # fmt: skip


@pytest.mark.parametrize("page", PAGES)
def test_every_page_has_the_headers_that_keep_browsers_safe(web, page):
    answer = web.get(page)
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "same-origin"


@pytest.mark.parametrize("page", PAGES)
def test_no_page_has_inline_script_or_style_or_reaches_another_host(web, page):
    text = web.get(page).text
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:", text)
    assert all("src=" in tag for tag in re.findall(r"<script[^>]*>", text))
    assert not re.search(r'(?:src|action)="(?:https?:)?//', text)
    assert not re.search(r'<link[^>]+href="(?:https?:)?//', text)
    assert len(text.encode()) < 150_000


@pytest.mark.parametrize("page", PAGES)
def test_links_out_are_http_and_leave_no_opener(web, page):
    for tag in re.findall(r'<a [^>]*href="[a-z]+:[^>]*>', web.get(page).text):
        assert re.search(r'href="https?://', tag), tag
        assert 'rel="noopener noreferrer"' in tag, tag


def test_what_sources_wrote_is_escaped(web):
    for page in ("/document/2", "/search?q=seized", "/story/2", "/substance/bromazolam"):
        text = web.get(page).text
        assert "<script>alert" not in text
        assert "&lt;script&gt;alert" in text


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "", "[::2]"])
def test_an_unknown_host_is_refused(web, host):
    assert web.get("/", headers={"host": host}).status_code == 400


@pytest.mark.parametrize(
    "host", ["localhost", "127.0.0.1:8710", "[::1]:8710", "nps.example.org", "NPS.example.org:443"]
)
def test_known_hosts_are_served(web, host):
    assert web.get("/about", headers={"host": host}).status_code == 200


# --- logins ----------------------------------------------------------------------------------------------------------


def test_a_login_sets_a_signed_cookie_that_scripts_cannot_read(web):
    answer = kit.log_in(web, target="/signals")
    assert (answer.status_code, answer.headers["location"]) == (303, "/signals")
    cookie = next(c for c in answer.headers.get_list("set-cookie") if c.startswith(auth.COOKIE))
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Secure" not in cookie  # served over plain http here
    assert "anna (analyst)" in web.get("/").text


def test_over_https_the_cookie_is_secure(db):
    import threading

    import httpx
    import uvicorn

    from tracker.web.app import create_app

    app = create_app(kit.desk(db))
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error", forwarded_allow_ips="*"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        while not server.started:
            thread.join(0.02)
        port = server.servers[0].sockets[0].getsockname()[1]
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", headers={"x-forwarded-proto": "https"}) as web:
            page = web.get("/login")
            seed = page.cookies.get(auth.FORM_COOKIE)
            form = {"name": "anna", "password": kit.PASSWORD, "token": kit.token_of(page.text)}
            answer = web.post("/login", data=form, headers={"cookie": f"{auth.FORM_COOKIE}={seed}"})
            cookie = next(c for c in answer.headers.get_list("set-cookie") if c.startswith(auth.COOKIE))
            assert "Secure" in cookie
    finally:
        server.should_exit = True
        thread.join(10)


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"]
)
def test_a_login_leads_nowhere_else(web, target):
    assert kit.log_in(web, target=target).headers["location"] == "/"


def test_a_wrong_password_and_an_unknown_name_are_refused_alike(db):
    with kit.client(kit.desk(db)) as web:
        wrong = kit.log_in(web, "anna", "wrong password")
        unknown = kit.log_in(web, "nobody", "wrong password")
        assert (wrong.status_code, unknown.status_code) == (403, 403)
        assert "name or password is wrong" in wrong.text
        assert wrong.text.replace("anna", "nobody") == unknown.text
    with Archive.open(db) as archive:
        assert ("login failed", "nobody") in {(row[2], row[1]) for row in people.audit_rows(archive)}


def test_guessing_is_braked(db):
    with kit.client(kit.desk(db)) as web:
        answers = [kit.log_in(web, "ben", f"guess number {n}").status_code for n in range(auth.PER_NAME + 1)]
        assert answers == [403] * auth.PER_NAME + [429]
        late = kit.log_in(web, "ben")
        assert late.status_code == 429
        assert int(late.headers["retry-after"]) > 0


def test_a_session_ends_with_the_logout_the_password_and_the_user(db, web):
    with Archive.open(db) as archive:
        people.add_user(archive, "carl", role="reader", hash=auth.hash_password(kit.PASSWORD), now=kit.NOW)
    kit.log_in(web, "carl")
    page = web.get("/")
    assert "carl (reader)" in page.text
    web.post("/logout", data={"token": kit.token_of(page.text)})
    assert "carl (reader)" not in web.get("/").text
    kit.log_in(web, "carl")
    with Archive.open(db) as archive:
        people.set_password(archive, "carl", hash=auth.hash_password("another password"), now=kit.NOW)
    assert "carl (reader)" not in web.get("/").text
    kit.log_in(web, "carl", "another password")
    with Archive.open(db) as archive:
        people.remove_user(archive, "carl", now=kit.NOW)
    assert "carl (reader)" not in web.get("/").text


@pytest.mark.parametrize("cookie", ["", "x", "eyJ1IjoiYW5uYSJ9.x.y", "a" * 2000])
def test_a_made_up_cookie_is_nobody(web, cookie):
    assert "Log in" in web.get("/about", headers={"cookie": f"{auth.COOKIE}={cookie}"}).text


def test_a_cookie_signed_with_another_secret_is_nobody(db, web):
    kit.log_in(web)
    cookie = web.cookies.get(auth.COOKIE)
    with kit.client(kit.desk(db, secret="another secret of the tests")) as other:
        assert "anna (analyst)" not in other.get("/about", headers={"cookie": f"{auth.COOKIE}={cookie}"}).text


def test_behind_a_login_nothing_is_read_without_one(db):
    with kit.client(kit.desk(db, login="required")) as web:
        page = web.get("/search?q=a b")
        assert (page.status_code, page.headers["location"]) == (303, "/login?next=%2Fsearch%3Fq%3Da%2520b")
        for address in ("/api/documents", "/api/status", "/feeds/all.atom"):
            answer = web.get(address)
            assert (answer.status_code, answer.json()["error"]["code"]) == (401, "login_needed")
        for address in PAGES:
            if address not in ("/login", "/nothing"):
                assert web.get(address).status_code == 303
        assert web.get("/export.csv").status_code == 303
        kit.log_in(web, "rita")
        assert web.get("/search?q=bromazolam").status_code == 200
        assert web.get("/api/documents").status_code == 200


# --- who may decide --------------------------------------------------------------------------------------------------

MARK = {"subject": "document:1", "verdict": "important"}


def test_deciding_needs_an_analyst(web):
    page = web.get("/login")
    assert web.post("/decide", data={**MARK, "token": kit.token_of(page.text)}).status_code == 401
    kit.log_in(web, "rita")
    token = kit.token_of(web.get("/").text)
    assert web.post("/decide", data={**MARK, "token": token}).status_code == 403
    assert web.post("/candidates", data={"candidate": "x", "verdict": "never", "token": token}).status_code == 403
    assert web.post("/undo", data={"id": "1", "token": token}).status_code == 403
    assert "Important" not in web.get("/document/1").text


@pytest.mark.parametrize("token", ["", "0" * 64, "é"])
def test_a_form_without_our_token_is_refused(web, token):
    kit.log_in(web)
    for path in ("/decide", "/undo", "/candidates", "/logout", "/login"):
        answer = web.post(path, data={**MARK, "id": "1", "token": token})
        assert answer.status_code == 403, path


def test_a_form_from_another_site_is_refused(web):
    kit.log_in(web)
    token = kit.token_of(web.get("/").text)
    answer = web.post("/decide", data={**MARK, "token": token}, headers={"origin": "https://evil.example"})
    assert answer.status_code == 403


def test_another_sessions_token_is_refused(db, web, shared_server):
    import httpx

    kit.log_in(web)
    with httpx.Client(base_url=shared_server) as other:
        kit.log_in(other)
        token = kit.token_of(other.get("/").text)
    assert web.post("/decide", data={**MARK, "token": token}).status_code == 403


@pytest.mark.parametrize(
    "form",
    [
        {"subject": "document:999", "verdict": "read"}, {"subject": "document:x", "verdict": "read"},
        {"subject": "", "verdict": "read"},
        {"subject": "planet:1", "verdict": "read"}, {"subject": "document:1", "verdict": "love"},
        {"subject": "document:1", "verdict": "undo"}, {"subject": "document:1", "verdict": "note", "note": "  "},
        {"subject": "document:1", "verdict": "wrong_tag", "tag": "theme:nothing"},
        {"subject": "story:1", "verdict": "wrong_tag"},
        {"subject": "candidate:x", "verdict": "never"},
        {"subject": "document:99999999999999999999", "verdict": "read"},
        {"subject": "document:1", "verdict": "note", "note": "x" * 3000}, {"subject": "document:²", "verdict": "read"},
    ],
)  # fmt: skip
def test_a_decision_that_cannot_be_meant_is_one_line(web, form):
    kit.log_in(web)
    answer = web.post("/decide", data={**form, "token": kit.token_of(web.get("/").text)})
    assert answer.status_code == 400
    assert "<h1>Bad Request</h1>" in answer.text


# --- everything that comes in badly ----------------------------------------------------------------------------------

BAD = [
    '/search?q="unclosed', "/search?q=%28%28%28%28", "/search?q=AND", "/search?q=OR OR OR", "/search?q=NEAR(a b,5)",
    "/search?q=title:*", "/search?q=*", "/search?q=-", "/search?q=%00", "/search?q=a%00b", "/search?q=^a",
    "/search?q={a}:b", "/search?q=a+AND+NOT", "/search?q=%22%22%22", "/search?q=%ff%fe", "/search?q=" + "(" * 500,
    "/search?q=" + "a" * 5000, "/search?q=theme:nothing", "/search?q=year:20x6", "/search?q=search:search:deaths",
    "/search?q=after:2026-99", "/search?q=after:x OR before:y", "/search?since=2026-02-30", "/search?until=tomorrow",
    "/search?as_of=99999-01-01", "/search?as_of=2026-11-24T99:99", "/search?sort=sideways", "/search?tags=never",
    "/search?cursor=AAAA", "/search?cursor=%00", "/search?all=perhaps", "/search?country=%F0%9F%92%8A",
    "/search?source='%3BDROP TABLE documents--", "/search?substance=%25%27%22%5C", "/search?class=" + "x" * 4000,
    "/document/0", "/document/-1", "/document/1e9", "/document/9223372036854775808",
    "/document/999999999999999999999999", "/document/1?part=0", "/document/1?part=99999999999", "/document/1?part=x",
    "/document/1?as_of=x", "/document/..%2f..%2fetc%2fpasswd", "/static/../desk.py", "/static/..%2f..%2fdesk.py",
    "/static/%2e%2e/%2e%2e/desk.py", "/static/%00", "/story/0", "/story/99999999999999999999", "/week/2026-W00",
    "/week/..", "/week/%00", "/week/9999-W52", "/week/2026-W47%0d%0aX-Evil:1", "/signals?week=2026W",
    "/signals?week=9999-W01", "/substance/%00", "/substance/" + "x" * 5000, "/substance/..%2f..%2f",
    "/substances?sort=evil", "/substances?start=-5", "/substances?start=99999999999999", "/candidates?start=-1",
    "/candidates?start=99999999999999999999", "/export.csv?q=%00", "/export.%2e%2e", "/login?next=//evil.example",
    "/login?next=%0d%0aSet-Cookie:x=1", "/feeds/search.atom?q=%00%01%02", "/feeds/search.json?limit=x",
    "/feeds/substance/.atom", "/feeds/%2e%2e.atom", "/api/documents?limit=-1", "/api/documents?limit=1e3",
    "/api/documents?cursor=" + "A" * 3000, "/api/documents?cursor=bn4yMDI2LTExLTI0VDA3OjAwOjAwWn4tMX4w",
    "/api/substances?cursor=%ff", "/api/digests?cursor=-1", "/api/digests?cursor=9999999999999999",
    "/api/digests/%00", "/api/stories/1?as_of=0001-01-01", "/api/documents/1?as_of=1000-01-01", "/decisions",
    "/decisions.exe", "//evil.example/", "/%2e%2e/%2e%2e/etc/passwd", "/?a=" + "&a=" * 500,
]  # fmt: skip


@pytest.mark.parametrize("address", BAD, ids=range(len(BAD)))
def test_bad_input_is_never_a_fault_of_ours(web, address):
    answer = web.get(address)
    assert answer.status_code < 500, answer.text
    assert "x-evil" not in answer.headers
    assert "Traceback" not in answer.text
    assert "root:" not in answer.text
    assert "from __future__" not in answer.text


@pytest.mark.parametrize(
    ("method", "path", "body", "kind"),
    [
        ("POST", "/login", b"\xff\xfe", "application/x-www-form-urlencoded"),
        ("POST", "/login", b"{}", "application/json"),
        ("POST", "/login", b"a=b", "multipart/form-data"),
        ("POST", "/login", b"--x\r\n", "multipart/form-data; boundary=x"),
        ("POST", "/decide", b"", "text/plain"), ("POST", "/undo", b"id=x", "application/x-www-form-urlencoded"),
        ("POST", "/undo", b"id=99999999999999999999999", "application/x-www-form-urlencoded"),
        ("PUT", "/search", b"", "text/plain"), ("DELETE", "/document/1", b"", "text/plain"),
        ("OPTIONS", "/", b"", "text/plain"),
        ("POST", "/api/documents", b"[]", "application/json"), ("POST", "/", b"a" * 1000, "text/plain"),
    ],
)  # fmt: skip
def test_bad_forms_are_never_a_fault_of_ours(web, method, path, body, kind):
    answer = web.request(method, path, content=body, headers={"content-type": kind})
    assert 400 <= answer.status_code < 500


def test_a_body_too_large_is_refused_whether_or_not_it_says_so(web):
    big = b"a=" + b"x" * 100_000
    headers = {"content-type": "application/x-www-form-urlencoded"}
    assert web.post("/login", content=big, headers=headers).status_code == 413
    assert web.post("/login", content=iter([big[:50_000], big[50_000:]]), headers=headers).status_code in (400, 413)


def test_a_fault_of_ours_is_said_without_its_cause_and_with_all_headers(db):
    def broken():
        raise RuntimeError("a secret path")

    with kit.client(kit.desk(db, lexicon=broken), headers={"connection": "close"}) as web:
        page, data = web.get("/search"), web.get("/api/documents")
        for answer in (page, data):
            assert answer.status_code == 500
            assert "secret path" not in answer.text
            assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert data.json()["error"]["code"] == "error"


def test_a_missing_archive_is_said_in_our_form(tmp_path):
    with kit.client(kit.desk(tmp_path / "none.db")) as web:
        answer = web.get("/api/documents")
        assert (answer.status_code, answer.json()["error"]["code"]) == (503, "busy")
        assert web.get("/search").status_code == 503
