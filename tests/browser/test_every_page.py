"""Every page of every role at two widths: no accessibility violation, no policy violation, no sideways scroll."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Browser, Page

from apps.accounts.actors import Role
from apps.accounts.models import User
from apps.accounts.sessions import SessionStore
from tests.web.samples import FOREIGN, furnished, is_api, pages
from tests.web.test_matrix import PERSONS

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(300)]

WIDTHS = (1280, 320)
WIDE: Any = {"width": 1280, "height": 900}
# What axe cannot decide by itself and a person has looked at, each with its reason.
LOOKED_AT: dict[str, str] = {}
# Addresses that only act, and those that answer with a part of a page.
ACT_ONLY = {
    "agencies:run-progress", "vendors:run-progress", "console:stop-progress", "vendors:workspace-check",
    "accounts:sign-out", "agencies:run-confirm", "rollout:waiver-confirm", "licenses:withdraw", "licenses:decide",
    "licenses:decide-check", "vendors:workspace-sync", "vendors:operation-retry",
    "usage:import-apply", "usage:import-discard", "mail:message-retry", "terms:preview", "licenses:review-check",
    "licenses:review-answer", "training:import-apply", "training:import-discard", "catalog:similar",
    "catalog:inventory-cases", "catalog:inventory-tasks", "terms:receipt-pdf", "incidents:file", "incidents:breach-letter",
    "audit:verify", "webhooks:test", "accounts:session-end", "reports:bundle-file", "reports:bundle-progress", "reports:store", "reports:chart", "reports:file", "reports:stored-file", "reports:stored-check", "reports:stored-progress", "reports:transparency-json",
    "registers:export", "registers:import-progress", "registers:import-discard",
}  # fmt: skip
# The pages are split so that two cores share them.
SHARES = 4

# What a page is made of, without its words and numbers: elements that follow each other and look alike count once. Two
# fingerprints: of the frame (all but <main>, wherever in the navigation one is), and of what is in <main>. And what is seen
# on every page, judged before or not: no sideways scroll, one heading of the first level, and each cell of a narrow table,
# where one is below the other, says which column it was in.
_SEEN = """() => {
  const words = ['href', 'src', 'action', 'value', 'datetime', 'title', 'aria-label', 'content', 'hx-get', 'hx-post'];
  const place = ['class', 'id', 'aria-controls', 'aria-labelledby', 'aria-current', 'aria-expanded', 'open', 'hidden'];
  const shape = (e, without) => {
    const said = [...e.attributes].filter((a) => without !== e && !(without && place.includes(a.name)))
      .map((a) => a.name + (words.includes(a.name) ? '' : '=' + a.value.replace(/\\d+/g, '0')));
    let last = '', inside = '';
    if (e !== without) for (const child of e.children) {
      const one = shape(child, without);
      if (one !== last) inside += one;
      last = one;
    }
    const text = [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim()) ? '.' : '';
    return '<' + e.tagName + ' ' + said.sort().join(' ') + '>' + text + inside;
  };
  const fingerprint = (text) => {
    let [a, b] = [0xdeadbeef, 0x41c6ce57];
    for (let i = 0; i < text.length; i++) {
      a = Math.imul(a ^ text.charCodeAt(i), 2654435761);
      b = Math.imul(b ^ text.charCodeAt(i), 1597334677);
    }
    return `${text.length} ${a} ${b}`;
  };
  const main = document.querySelector('main'), page = document.documentElement;
  return {
    frame: fingerprint(shape(document.body, main)),
    main: main && fingerprint(shape(main, null)),
    wrong: [
      [page.scrollWidth > page.clientWidth, 'scrolls sideways'],
      [document.querySelectorAll('h1').length !== 1, 'has not one heading of the first level'],
      [document.querySelector('.bcn-table tbody td:not([data-label]):not([colspan]):not(:empty)'),
        'has cells without the name of their column'],
    ].filter(([is]) => is).map(([, said]) => said),
  };
}"""
_AXE = """async () => {
  const found = await axe.run(document, {resultTypes: ['violations', 'incomplete']});
  const brief = (list) => list.map((r) => r.id + ': ' + r.nodes.slice(0, 2).map((n) => n.html.slice(0, 160)).join(' | '));
  const doubtful = found.incomplete.filter((r) => ['color-contrast', 'aria-valid-attr-value'].includes(r.id));
  return {violations: brief(found.violations), doubtful: brief(doubtful)};
}"""


def signed_in(user: User) -> str:
    """A session of this person, as signing in makes it; returns its key."""
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = "apps.accounts.backends.SignInBackend"
    moment = timezone.now().isoformat()
    session.update({"signed_in_at": moment, "seen_at": moment, "proved_at": moment, "sign_in_method": "session"})
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.create()
    return str(session.session_key)


def look(page: Page, axe_source: str, judged: set[str]) -> list[str]:
    """What is wrong with the page as it stands. Axe judges each shape of a page once; the rest is looked at always."""
    width = (page.viewport_size or {"width": 0})["width"]
    seen = page.evaluate(_SEEN)
    shapes = {f"{width} {part} {seen[part]}" for part in ("frame", "main")}
    wrong = []
    if not shapes <= judged:
        wrong = judge(page, axe_source)
        if not wrong:
            judged.update(shapes)
    return [*wrong, *seen["wrong"]]


def judge(page: Page, axe_source: str) -> list[str]:
    """What axe finds."""
    if not page.evaluate("typeof axe === 'object'"):
        page.evaluate(axe_source)
    found: dict[str, Any] = page.evaluate(_AXE)
    return [*found["violations"], *(f"doubtful {one}" for one in found["doubtful"] if one not in LOOKED_AT)]


@pytest.mark.parametrize("share", range(SHARES))
def test_pages_are_accessible(browser: Browser, live_server: Any, axe_source: str, share: int) -> None:
    world, parameters = furnished()
    windows = {name: window_of(browser, live_server.url, world.users[name]) for name in PERSONS}
    wrong: dict[str, list[str]] = {}
    judged: set[str] = set()
    for place, one in enumerate(pages()):
        if one.name in FOREIGN or one.name in ACT_ONLY or is_api(one.name) or place % SHARES != share:
            continue
        for name, page in windows.items():
            if one.rule is None or (one.rule.roles and not one.rule.roles & PERSONS[name]):
                continue
            response = page.goto(live_server.url + reverse(one.name, kwargs=parameters.get(one.name)))
            assert response is not None
            assert response.status < 500, (one.name, response.status)
            # The window's width changes on the page as it stands, as a person does; the next page begins where this one ended.
            for width in WIDTHS if page.viewport_size == WIDE else reversed(WIDTHS):
                page.set_viewport_size({"width": width, "height": 900})
                if problems := look(page, axe_source, judged):
                    wrong[f"{one.name} for {name} at {width}"] = problems
    for page in windows.values():
        page.context.close()
    assert wrong == {}


def window_of(browser: Browser, url: str, user: User) -> Page:
    context = browser.new_context(reduced_motion="reduce", viewport=WIDE)
    context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": signed_in(user), "url": url}])
    return context.new_page()


def test_the_refusal_and_the_missing_page_are_accessible(browser: Browser, live_server: Any, axe_source: str) -> None:
    world, _ = furnished()
    page = window_of(browser, live_server.url, world.users["bob"])
    for url, status in ((reverse("vendors:workspaces"), 403), ("/nowhere/", 404)):
        response = page.goto(live_server.url + url)
        assert response is not None
        assert response.status == status
        assert look(page, axe_source, set()) == []
    assert Role.EMPLOYEE in PERSONS["bob"]


@pytest.mark.parametrize("width", WIDTHS)
def test_what_people_see_signed_out_is_accessible(
    browser: Browser, live_server: Any, axe_source: str, width: int
) -> None:
    context = browser.new_context(reduced_motion="reduce", viewport={"width": width, "height": 900})
    page = context.new_page()
    for name in ("demo:sign_in", "demo:mail", "account_login", "incidents:public-report", "incidents:public-code"):
        page.goto(live_server.url + reverse(name))
        assert look(page, axe_source, set()) == [], name
    context.close()


def test_what_the_policy_forbids_is_blocked_and_noticed(browser: Browser, live_server: Any, policy: list[str]) -> None:
    """The watch of conftest.py is no empty promise: a script and a style that a page brings along do not run."""
    page = browser.new_context().new_page()
    page.goto(live_server.url + reverse("account_login"))
    page.evaluate(
        "() => { const s = document.createElement('script'); s.textContent = 'window.ran = 1'; document.body.append(s);"
        " document.body.insertAdjacentHTML('beforeend', '<p style=\"color: red\">x</p>'); }"
    )
    assert page.evaluate("window.ran") is None
    assert len(policy) == 2
    policy.clear()
