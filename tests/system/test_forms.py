"""The forms of ticketboxes as programs see them: what is kept, what is refused, and what never gets lost."""

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import asyncpg
import httpx
import pytest

from services.gateway.forms.references import range_of
from services.gateway.forms.visit import Visit, mark
from tests.running import BEARER, PASSWORD, Postroom, until

pytestmark = [pytest.mark.system, pytest.mark.anyio]
PATIENT_SECONDS = 3.1


class Visitor:
    """Somebody with an address of his own, behind a load balancer that is trusted."""

    def __init__(self, client: httpx.AsyncClient, form: str) -> None:
        self.client = client
        self.form = form

    async def opens(self) -> str:
        page = await self.client.get(self.form)
        assert page.status_code == 200
        return str(re.findall(r'name="mark" value="([^"]+)"', page.text)[0])

    async def sends(self, mark: str, **changes: str) -> httpx.Response:
        words = {
            "mark": mark,
            "name": "Kim Customer",
            "email": "kim@customers.example",
            "subject": "A question",
            "message": "Hello,\r\nis there a blue one?",
            "website": "",
        }
        return await self.client.post(self.form, data={**words, **changes})


@pytest.fixture
async def visitor(shared_postroom: Postroom) -> AsyncIterator[Visitor]:
    base = shared_postroom.url
    address = f"2001:db8:{uuid4().hex[:4]}::1"
    async with httpx.AsyncClient(base_url=base, headers={"X-Forwarded-For": address}) as client:
        boxes = await client.get("/api/v1/ticketboxes", headers=BEARER)
        support = next(box for box in boxes.json()["items"] if box["name"] == "Support")
        yield Visitor(client, support["form"])


def reference(answer: httpx.Response) -> str:
    assert answer.status_code == 200, answer.text
    return str(re.findall(r"[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{4}", answer.text)[0])


async def custody(visitor: Visitor, message_reference: str) -> dict[str, object]:
    """Of the message with a reference, when it is settled."""
    ids = range_of(message_reference)
    assert ids is not None

    async def settled() -> dict[str, object] | None:
        items = (await visitor.client.get("/api/v1/messages", headers=BEARER)).json()["items"]
        found = next((one for one in items if ids[0] <= UUID(one["message_id"]) <= ids[1]), None)
        if found is None or found["state"] == "in_flight":
            return None
        path = f"/api/v1/messages/{found['message_id']}"
        return dict((await visitor.client.get(path, headers=BEARER)).json())

    found = await until(settled)
    assert isinstance(found, dict)
    return found


async def test_a_form_that_is_sent_twice_is_one_letter_and_a_changed_one_is_another(
    visitor: Visitor, shared_postroom: Postroom
) -> None:
    before = (await shared_postroom.ledger()).accepted
    mark = await visitor.opens()
    await asyncio.sleep(PATIENT_SECONDS)
    first, again = await asyncio.gather(visitor.sends(mark), visitor.sends(mark))
    assert reference(first) == reference(again)
    changed = await visitor.sends(mark, message="Hello,\r\nis there a green one?")
    assert reference(changed) != reference(first)
    assert (await shared_postroom.ledger()).accepted == before + 2

    found = await custody(visitor, reference(first))
    assert found["state"] == "ticketed"
    evidence = found["steps"][0]["evidence"]  # type: ignore[index]
    assert evidence["source"] == "form:support@example.com"
    assert evidence["envelope"]["mail_from"] == "kim@customers.example"
    assert evidence["envelope"]["client_address"].startswith("2001:db8:")
    assert "actor" not in evidence


async def test_what_a_program_filled_in_gets_the_same_thanks_and_waits_in_quarantine(
    visitor: Visitor,
) -> None:
    mark = await visitor.opens()
    await asyncio.sleep(PATIENT_SECONDS)
    trapped = await visitor.sends(mark, website="https://spam.example")
    honest = await visitor.sends(mark)
    assert trapped.text.replace(reference(trapped), "") == honest.text.replace(reference(honest), "")
    found = await custody(visitor, reference(trapped))
    assert (found["state"], found["reason"]) == ("quarantined", "honeypot")
    routed = found["steps"][1]["evidence"]  # type: ignore[index]
    assert routed["rule"] == "Filled in by a program"


async def test_nothing_that_was_typed_is_lost_when_a_form_is_not_taken(visitor: Visitor) -> None:
    words = {"email": "kim", "message": "Hello <b>there</b>", "subject": 'A "question"'}
    mark = await visitor.opens()
    quick = await visitor.sends(mark, message=words["message"], subject=words["subject"])
    wrong = await visitor.sends(mark, **words)
    forged = await visitor.sends("1.2.3", **words)
    for answer in (quick, wrong, forged):
        assert answer.status_code == 422
        assert "Hello &lt;b&gt;there&lt;/b&gt;" in answer.text
        assert "A &#34;question&#34;" in answer.text
    assert mark in quick.text
    assert mark in wrong.text
    assert 'name="mark" value="1.2.3"' not in forged.text


async def test_who_sends_too_often_is_asked_to_wait_and_keeps_his_words(visitor: Visitor) -> None:
    mark = await visitor.opens()
    await asyncio.sleep(PATIENT_SECONDS)
    answers = [await visitor.sends(mark, message=f"Hello {number}") for number in range(6)]
    assert [answer.status_code for answer in answers] == [200] * 5 + [429]
    assert 0 < int(answers[-1].headers["Retry-After"]) <= 60
    assert "Hello 5" in answers[-1].text
    # His neighbour, in the network next to his, may write.
    other = {"X-Forwarded-For": "2001:db8:ffff:ffff::1"}
    neighbour = await visitor.client.get(visitor.form, headers=other)
    assert neighbour.status_code == 200


async def test_the_cookie_of_who_is_signed_in_plays_no_part(visitor: Visitor) -> None:
    signed_in = await visitor.client.post(
        "/sign-in", data={"email": "admin@example.com", "password": PASSWORD}
    )
    assert signed_in.status_code == 303
    mark = await visitor.opens()
    await asyncio.sleep(PATIENT_SECONDS)
    foreign = {"Origin": "https://www.example.com", "Sec-Fetch-Site": "cross-site"}
    answer = await visitor.client.post(
        visitor.form,
        data={"mark": mark, "email": "kim@customers.example", "subject": "Hi", "message": "Hello"},
        headers=foreign,
    )
    assert "actor" not in (await custody(visitor, reference(answer)))["steps"][0]["evidence"]  # type: ignore[index]
    assert "set-cookie" not in answer.headers
    assert answer.headers["Cache-Control"] == "no-store"


async def test_only_the_sites_that_were_named_may_embed_a_form(visitor: Visitor) -> None:
    page = await visitor.client.get(visitor.form)
    policy = page.headers["Content-Security-Policy"]
    assert policy.endswith("frame-ancestors http://127.0.0.1:* https://www.example.com")
    assert "script-src" not in policy
    assert "default-src 'none'" in policy
    assert "<script" not in page.text
    # Nothing else of Postroom may be embedded, whoever may embed forms.
    assert (
        "frame-ancestors 'none'" in (await visitor.client.get("/sign-in")).headers["Content-Security-Policy"]
    )


@pytest.mark.parametrize(
    ("language", "words"), [("de-AT", "Nachricht an Support"), ("es", "Escribir a Support")]
)
async def test_a_form_speaks_the_language_of_its_reader(visitor: Visitor, language: str, words: str) -> None:
    page = await visitor.client.get(visitor.form, headers={"Accept-Language": language})
    assert words in page.text
    assert page.headers["Content-Language"] == language[:2]
    french = await visitor.client.get(f"{visitor.form}?lang=fr", headers={"Accept-Language": language})
    assert "Écrire à Support" in french.text


@pytest.mark.parametrize("box", ["5f0c2e7a-0000-4000-8000-000000000000", "support", "..%2f..%2fstatus"])
async def test_where_there_is_no_form_a_page_says_so(visitor: Visitor, box: str) -> None:
    for answer in (await visitor.client.get(f"/forms/{box}"), await visitor.client.post(f"/forms/{box}")):
        assert answer.status_code == 404


async def test_files_travel_with_the_letter_and_too_many_bytes_are_told(visitor: Visitor) -> None:
    mark = await visitor.opens()
    await asyncio.sleep(PATIENT_SECONDS)
    words = {"mark": mark, "email": "kim@customers.example", "subject": "Broken", "message": "See the photo."}
    photo = ("files", ("Foto größer.jpg", b"\xff\xd8" + b"x" * 3_000_000, "image/jpeg"))
    answer = await visitor.client.post(visitor.form, data=words, files=[photo])
    found = await custody(visitor, reference(answer))
    (file,) = found["letter"]["attachments"]  # type: ignore[index]
    assert (file["name"], file["type"], file["size"]) == ("Foto größer.jpg", "image/jpeg", 3_000_002)

    large = await visitor.client.post(visitor.form, data=words, files=[photo] * 4)
    assert large.status_code == 422
    assert "larger than 10 MB" in large.text
    assert "See the photo." in large.text
    huge = await visitor.client.post(visitor.form, data=words, files=[photo] * 10)
    assert huge.status_code == 413
    assert "too large" in huge.text


async def test_an_agent_finds_the_letter_by_the_reference_that_its_writer_got(visitor: Visitor) -> None:
    mark = await visitor.opens()
    await asyncio.sleep(PATIENT_SECONDS)
    told = reference(await visitor.sends(mark, subject="Found again"))
    message_id = (await custody(visitor, told))["message_id"]
    await visitor.client.post("/sign-in", data={"email": "admin@example.com", "password": PASSWORD})
    found = await visitor.client.get("/tickets", params={"q": told.lower()})
    assert found.headers["Location"] == f"/letters/{message_id}"


async def test_a_page_that_was_open_for_days_is_sent_once_more_and_at_once(
    visitor: Visitor, shared_postroom: Postroom
) -> None:
    db = await asyncpg.connect(shared_postroom.database_url)
    key = await db.fetchval("SELECT value FROM gateway.secret WHERE name = 'forms'")
    await db.close()
    opened = Visit(datetime.now(UTC) - timedelta(days=3), uuid4())
    late = await visitor.sends(mark(opened, UUID(visitor.form.rpartition("/")[2]), key))
    assert late.status_code == 422
    assert "is there a blue one?" in late.text
    fresh = re.findall(r'name="mark" value="([^"]+)"', late.text)[0]
    assert reference(await visitor.sends(fresh))
