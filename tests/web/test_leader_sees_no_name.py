"""Leaders read figures. Whatever they can reach, page or file, names no person but themselves."""

from __future__ import annotations

import io
import re
from collections import deque
from urllib.parse import urljoin, urlsplit

import pikepdf
import pytest
from django.test import Client
from openpyxl import load_workbook

from apps.accounts.models import User
from apps.agencies.models import Employee
from tests.web.samples import furnished
from tests.web.test_matrix import client_of

pytestmark = pytest.mark.django_db
_LINK = re.compile(r'(?:href|src)="([^"#]+)"')
_ELSEWHERE = ("/static/", "/accounts/", "/report/", "/demo/")
MOST = 600


def text_of(content: bytes, content_type: str) -> str:
    """What a person can read in an answer, files included."""
    if "spreadsheet" in content_type:
        book = load_workbook(io.BytesIO(content))
        return " ".join(str(cell) for sheet in book for row in sheet.iter_rows(values_only=True) for cell in row)
    if content_type == "application/pdf":
        with pikepdf.open(io.BytesIO(content)) as document:
            # Fonts are cut to the signs used; titles and alternative texts are plain.
            return str([str(one) for one in document.objects if isinstance(one, pikepdf.String)])
    return content.decode("utf-8", "replace")


def everything(client: Client) -> dict[str, str]:
    """Every address that links lead to from the home page, with its text."""
    found: dict[str, str] = {}
    waiting = deque(["/"])
    while waiting and len(found) < MOST:
        url = waiting.popleft()
        if url in found:
            continue
        response = client.get(url)
        if response.status_code in {301, 302}:
            waiting.append(urljoin(url, response["Location"]))
            found[url] = ""
            continue
        found[url] = text = text_of(response.content, response.get("Content-Type", ""))
        if "html" in response.get("Content-Type", ""):
            links = (urljoin(url, link.replace("&amp;", "&")) for link in _LINK.findall(text))
            # The same rows in another order or number name the same people.
            waiting.extend(
                one
                for one in links
                if not urlsplit(one).netloc
                and not one.startswith(_ELSEWHERE)
                and "sort=" not in one
                and "size=" not in one
            )
    return found


def test_lee_finds_no_name_on_any_page_or_file() -> None:
    world, _ = furnished()
    pages = everything(client_of(world, "lee"))
    assert any("reports/adoption/file/xlsx" in url for url in pages)
    assert len(pages) > 30
    names = {str(person) for person in Employee.objects.all()} | {str(user) for user in User.objects.all()}
    names |= set(Employee.objects.values_list("email", flat=True)) | set(User.objects.values_list("email", flat=True))
    names -= {str(world.users["lee"]), world.users["lee"].email}
    told = {(url, name) for url, text in pages.items() for name in names if name in text}
    shown = sorted({(urlsplit(url).path, name) for url, name in told})
    assert shown == []
