"""What people decide: login, marks on documents and stories, candidates, undo, what the marks say of sources."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Form, HTTPException, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response

from tracker.archive import people
from tracker.errors import UsageError
from tracker.web import additions, auth
from tracker.web.render import page

if TYPE_CHECKING:
    from tracker.archive.people import Decision, User
    from tracker.web.desk import Desk

router = APIRouter(include_in_schema=False)
MOST_NOTE = 2000
Text = Annotated[str, Form()]


# --- login -----------------------------------------------------------------------------------------------------------


@router.get("/login")
def login_page(request: Request, next: str = "/") -> Response:
    auth.who(request)
    return page(request, "login.html.j2", begin_form=True, target=auth.local_path(next), problem="", name="")


@router.post("/login")
def login(request: Request, name: Text = "", password: Text = "", token: Text = "", next: Text = "/") -> Response:
    auth.check_form(request, token)
    desk: Desk = request.app.state.desk
    brake: auth.Brake = request.app.state.brake
    address = request.client.host if request.client else ""
    key = name.strip().casefold()[:60]
    if wait := brake.wait(key, address):
        return _refused(request, next, name, 429, f"too many tries; wait {(wait + 59) // 60} minutes", wait)
    found = people.user(desk.archive(), key)
    if not auth.verify(found, password[:1000]) or found is None:
        brake.failed(key, address)
        people.audit(desk.archive(), "login failed", now=desk.now(), who=key, detail=address)
        return _refused(request, next, name, 403, "name or password is wrong", 0)
    people.audit(desk.archive(), "login", now=desk.now(), who=found.name, detail=address)
    response = _to(request, auth.local_path(next))
    auth.log_in(request, response, found)
    return response


def _refused(request: Request, target: str, name: str, status: int, problem: str, wait: int) -> Response:
    response = page(
        request, "login.html.j2", begin_form=True, target=auth.local_path(target), problem=problem, name=name[:60]
    )
    response.status_code = status
    if wait:
        response.headers["retry-after"] = str(wait)
    return response


@router.post("/logout")
def logout(request: Request, token: Text = "") -> Response:
    auth.check_form(request, token)
    user = auth.who(request)
    desk: Desk = request.app.state.desk
    if user is not None:
        people.audit(desk.archive(), "logout", now=desk.now(), who=user.name)
    response = _to(request, "/")
    auth.log_out(request, response)
    return response


def _to(request: Request, path: str) -> RedirectResponse:
    root = str(request.scope.get("root_path", ""))
    return RedirectResponse(root + auth.local_path(path), 303)


# --- marks -----------------------------------------------------------------------------------------------------------


@router.post("/decide")
def decide(
    request: Request, subject: Text = "", verdict: Text = "", note: Text = "", tag: Text = "", token: Text = "",
    next: Text = "/",
) -> Response:  # fmt: skip
    """Mark a document or a story. Answers JSON to the page's own script, else goes back to the page."""
    auth.check_form(request, token)
    user = auth.analyst(request)
    if subject.startswith("candidate:"):
        raise UsageError("candidates are decided on their own page")
    if len(note) > MOST_NOTE:
        raise UsageError(f"a note may have {MOST_NOTE} characters")
    desk: Desk = request.app.state.desk
    detail = _wrong_tag(desk, subject, tag) if verdict == "wrong_tag" else None
    number = people.decide(desk.archive(), subject, verdict, who=user.name, now=desk.now(), note=note, detail=detail)
    if "application/json" in request.headers.get("accept", ""):
        return JSONResponse({"id": number, "subject": subject, "verdict": verdict, "who": user.name})
    return _to(request, next)


def _wrong_tag(desk: Desk, subject: str, tag: str) -> dict[str, Any]:
    """Which tag of the document is wrong, with the rule and lexicon that made it, so that both can be judged."""
    kind, _, name = tag.partition(":")
    number = subject.partition(":")[2]
    if not subject.startswith("document:") or not number.isdecimal() or len(number) > 15:
        raise UsageError("a wrong tag belongs to a document")
    record = desk.archive().document(int(number))
    tags = record.tags if record else None
    if tags and kind == "theme":
        found = next((t for t in tags.themes if t.theme == name), None)
        if found:
            return {"theme": name, "rule": found.rule, "lexicon": tags.lexicon}
    if tags and kind == "substance" and any(t.name == name for t in tags.substances):
        return {"substance": name, "lexicon": tags.lexicon}
    raise UsageError(f"document {number} has no tag {tag!r}; choose one of those listed")


@router.post("/undo")
def undo(request: Request, id: Annotated[int, Form()], token: Text = "", next: Text = "/decisions") -> Response:
    """Take back one of one's last twenty decisions; what a candidate's decision wrote is taken out again."""
    auth.check_form(request, token)
    user = auth.analyst(request)
    desk: Desk = request.app.state.desk
    if not 0 < id < 2**53:
        raise UsageError("id: is not the number of a decision")
    taken = people.undo(desk.archive(), id, who=user.name, now=desk.now())
    if taken.subject.startswith("candidate:") and taken.verdict != "note":
        _take_out(desk, taken)
    if "application/json" in request.headers.get("accept", ""):
        return JSONResponse({"id": id, "subject": taken.subject, "verdict": taken.verdict, "undone": True})
    return _to(request, next)


@router.get("/decisions")
def decisions(request: Request) -> Response:
    user = _somebody(request)
    desk: Desk = request.app.state.desk
    archive = desk.archive()
    return page(
        request, "decisions.html.j2", mine=people.own_decisions(archive, user.name),
        recent=list(people.all_decisions(archive))[-100:][::-1],
        sources=people.precision_of_sources(archive), rules=people.precision_of_rules(archive),
    )  # fmt: skip


@router.get("/decisions.{form}")
def export_decisions(request: Request, form: str) -> Response:
    """All decisions as CSV or JSON, for those who are logged in."""
    user = _somebody(request)
    desk: Desk = request.app.state.desk
    archive = desk.archive()
    if form not in ("csv", "json"):
        raise HTTPException(404, "decisions are exported as csv or json")
    people.audit(archive, "decisions exported", now=desk.now(), who=user.name, detail=form)
    if form == "json":
        return JSONResponse({"items": [_flat(d) for d in people.all_decisions(archive)], "next_cursor": None})
    headers = {"Content-Disposition": 'attachment; filename="decisions.csv"'}
    return Response(people.decisions_csv(archive), media_type="text/csv; charset=utf-8", headers=headers)


def _flat(d: Decision) -> dict[str, Any]:
    return {
        "id": d.id, "subject": d.subject, "document": d.document, "verdict": d.verdict, "who": d.who, "at": d.at,
        "note": d.note, "detail": dict(d.detail), "undone": d.undone,
    }  # fmt: skip


def _somebody(request: Request) -> User:
    found = auth.who(request)
    if found is None:
        raise HTTPException(401, "this needs a login")
    return found


# --- candidates ------------------------------------------------------------------------------------------------------


@router.post("/candidates")
def decide_candidate(
    request: Request, candidate: Text = "", verdict: Text = "", name: Text = "", cls: Text = "", nps: Text = "",
    note: Text = "", token: Text = "", next: Text = "/candidates",
) -> Response:  # fmt: skip
    """Make an unknown name an alias, a new substance, or never come up again: written to the analyst's additions, which
    `tracker retag` then finds."""
    auth.check_form(request, token)
    user = auth.analyst(request)
    desk: Desk = request.app.state.desk
    surface = additions.checked_name(candidate)
    detail: dict[str, Any] = {"surface": surface}
    if verdict == "alias":
        known = desk.lexicon().find(name)
        if known is None:
            raise UsageError(f"{name[:60]!r} is not in the lexicon; choose a name that is, or make a new substance")
        detail["substance"] = known.name
    elif verdict == "new_substance":
        detail["substance"] = additions.checked_name(name or surface).lower()
        detail["class"] = cls
        if cls not in {s.cls for s in desk.lexicon().substances.values()}:
            raise UsageError(f"class {cls[:60]!r} is unknown; choose one of the list")
    elif verdict not in ("never", "note"):
        raise UsageError(f"verdict {verdict[:40]!r} is none of {', '.join(people.CANDIDATE_VERDICTS)}")
    if verdict != "note":
        _write(desk, verdict, surface, detail, nps=nps != "no")
    key = people.subject("candidate", surface)
    people.decide(desk.archive(), key, verdict, who=user.name, now=desk.now(), note=note[:MOST_NOTE], detail=detail)
    return _to(request, next)


def _write(desk: Desk, verdict: str, surface: str, detail: dict[str, Any], *, nps: bool) -> None:
    def edit(rows: additions.Rows) -> additions.Rows:
        if verdict == "alias":
            return additions.add_alias(rows, detail["substance"], surface)
        if verdict == "never":
            return additions.add_never(rows, surface)
        rows = additions.add_substance(rows, detail["substance"], detail["class"], nps=nps)
        differs = surface.casefold() != detail["substance"].casefold()
        return additions.add_alias(rows, detail["substance"], surface) if differs else rows

    additions.change(desk.additions, edit, check=desk.check_additions)


def _take_out(desk: Desk, taken: Decision) -> None:
    surface = str(taken.detail.get("surface", ""))
    substance = str(taken.detail.get("substance", surface))

    def edit(rows: additions.Rows) -> additions.Rows:
        if taken.verdict == "alias":
            return additions.without_alias(rows, substance, surface)
        return additions.without(rows, substance)

    additions.change(desk.additions, edit, check=desk.check_additions)
