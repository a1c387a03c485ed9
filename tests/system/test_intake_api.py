"""Letters that programs hand in by `POST /api/v1/messages`."""

import asyncio
import base64
import json
import re
from collections.abc import AsyncIterator, Iterator
from uuid import uuid4

import asyncpg
import httpx
import pytest

from contracts.people import Role
from postroom.people import add_person, make_token
from postroom.verify import verify
from tests.running import BEARER, Postroom, letter, until

pytestmark = [pytest.mark.system, pytest.mark.anyio]
PATH = "/api/v1/messages"
RAW = {"Content-Type": "message/rfc822"}
TO = {"to": "support@example.com"}
LIMIT = 22 * 1024 * 1024


@pytest.fixture(scope="module")
def postroom(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postroom]:
    # A folder named after this test would have the word "ingest" or "intake" in the command lines of all processes.
    running = Postroom(tmp_path_factory.mktemp("handed_in"), POSTROOM_MAX_MESSAGE_SIZE=str(LIMIT))
    running.start()
    yield running
    running.close()


@pytest.fixture
async def api(postroom: Postroom) -> AsyncIterator[httpx.AsyncClient]:
    base = postroom.url
    async with httpx.AsyncClient(base_url=base, headers=BEARER, timeout=60) as client:
        yield client


def large(number: int, size: int) -> bytes:
    message = letter(number)
    message.add_attachment(
        number.to_bytes(4) * (size // 4), maintype="application", subtype="zip", filename="x.zip"
    )
    return message.as_bytes()


async def ticketed(api: httpx.AsyncClient, custody: str) -> dict[str, object]:
    async def there() -> dict[str, object] | None:
        found = (await api.get(custody)).json()
        return found if found.get("state") == "ticketed" else None

    found = await until(there)
    assert isinstance(found, dict)
    return found


async def test_a_message_is_taken_as_it_is_and_its_custody_is_there_at_once(
    api: httpx.AsyncClient, postroom: Postroom
) -> None:
    raw = letter(1).as_bytes()
    answer = await api.post(PATH, params=TO, content=raw, headers=RAW)
    assert answer.status_code == 201, answer.text
    taken = answer.json()
    assert taken["custody"] == answer.headers["Location"] == f"{PATH}/{taken['message_id']}"
    assert not taken["duplicate"]
    first = (await api.get(taken["custody"])).json()["steps"][0]
    assert first["event"] == "MessageReceived"
    assert first["evidence"]["source"] == "api"
    assert first["evidence"]["actor"] == "Administrator <admin@example.com>"
    assert first["evidence"]["envelope"]["client_address"] == "127.0.0.1"
    assert first["evidence"]["envelope"]["mail_from"] == "kim1@customers.example"
    assert (await api.get(f"{taken['custody']}/raw")).content == raw
    assert (await ticketed(api, taken["custody"]))["letter"]["subject"] == "Where is order 1?"  # type: ignore[index]


async def test_a_message_that_came_by_smtp_already_is_a_duplicate(
    api: httpx.AsyncClient, postroom: Postroom
) -> None:
    message = letter(2)
    postroom.send(message)
    taken = (await api.post(PATH, params=TO, content=message.as_bytes(), headers=RAW)).json()
    assert taken["duplicate"]
    found = await ticketed(api, taken["custody"])
    assert found["steps"][0]["evidence"]["source"] == "smtp"  # type: ignore[index]


async def test_json_becomes_a_letter_that_reads_as_it_was_meant(api: httpx.AsyncClient) -> None:
    new = {
        "from": {"name": "Zoë Müller, geb. Groß", "address": "zoe@customers.example"},
        "to": "Support@Example.com",
        "subject": "Größe 40: どこですか",
        "text": "Grüße,\r\n\r\nwo bleibt sie?\n",
        "html": "<p>Grüße,</p><p>wo bleibt <b>sie</b>?</p>",
        "reply_to": [{"address": "zoe@home.example"}],
        "date": "2026-03-02T13:00:00+01:00",
        "message_id": "<json-3@shop.example>",
        "headers": {"X-Order": "A-3"},
        "attachments": [
            {"name": "Größen.csv", "type": "text/csv", "content": base64.b64encode(b"40;3\n").decode()}
        ],
    }
    answer = await api.post(PATH, json=new)
    assert answer.status_code == 201, answer.text
    found = (await ticketed(api, answer.json()["custody"]))["letter"]
    assert isinstance(found, dict)
    assert found["from"] == {"name": "Zoë Müller, geb. Groß", "address": "zoe@customers.example"}
    assert found["subject"] == "Größe 40: どこですか"
    assert found["text"].replace("\r\n", "\n").strip() == "Grüße,\n\nwo bleibt sie?"
    assert found["html"]
    assert found["sent_at"] == "2026-03-02T12:00:00Z"
    assert [(one["name"], one["type"], one["size"]) for one in found["attachments"]] == [
        ("Größen.csv", "text/csv", 5)
    ]
    raw = (await api.get(f"{answer.json()['custody']}/raw")).content
    assert b"\r\nX-Order: A-3\r\n" in raw
    assert b"\r\nMessage-ID: <json-3@shop.example>\r\n" in raw


async def test_a_repeat_with_the_same_key_is_one_message_though_it_has_no_message_id(
    api: httpx.AsyncClient, postroom: Postroom
) -> None:
    before = (await postroom.ledger()).accepted
    new = {"from": {"address": "kim4@customers.example"}, "to": "support@example.com", "text": "Hello"}
    for body in ({"json": new}, {"content": b"Subject: bare\n\nHello\n", "headers": RAW, "params": TO}):
        key = {"Idempotency-Key": str(uuid4())}
        headers = {**key, **body.pop("headers", {})}  # type: ignore[dict-item]
        first, again = [await api.post(PATH, headers=headers, **body) for _ in range(2)]  # type: ignore[arg-type]
        assert first.status_code == again.status_code == 201
        assert first.json() == again.json()
        assert not first.json()["duplicate"]
    assert (await postroom.ledger()).accepted == before + 2
    # Without a key nobody can tell a repeat from a second message that happens to be equal.
    other = await api.post(PATH, json=new)
    assert (await postroom.ledger()).accepted == before + 3
    assert not other.json()["duplicate"]


async def test_many_repeats_at_once_are_one_message(api: httpx.AsyncClient, postroom: Postroom) -> None:
    before = (await postroom.ledger()).accepted
    new = {"from": {"address": "kim5@customers.example"}, "to": "support@example.com", "text": "Hello"}
    headers = {"Idempotency-Key": str(uuid4())}
    answers = await asyncio.gather(*(api.post(PATH, json=new, headers=headers) for _ in range(8)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.text for answer in answers}) == 1
    assert (await postroom.ledger()).accepted == before + 1


async def test_ingest_is_killed_between_the_pieces_of_a_large_message(
    api: httpx.AsyncClient, postroom: Postroom
) -> None:
    raw, before = large(6, 15 * 1024 * 1024), (await postroom.ledger()).accepted

    async def slowly() -> AsyncIterator[bytes]:
        yield raw[: 8 * 1024 * 1024]
        postroom.kill("ingest")
        yield raw[8 * 1024 * 1024 :]

    headers = {**RAW, "Idempotency-Key": "large-6"}
    first = await api.post(PATH, params=TO, content=slowly(), headers=headers)
    assert first.status_code == 201, first.text
    again = await api.post(PATH, params=TO, content=raw, headers=headers)
    assert again.json() == first.json()
    assert (await api.get(f"{first.json()['custody']}/raw")).content == raw
    assert (await postroom.ledger()).accepted == before + 1
    # A sender who is cut off leaves pieces, and no message.
    with pytest.raises(httpx.HTTPError):
        await api.post(PATH, params=TO, content=broken_off(raw), headers={**RAW, "Idempotency-Key": "cut-6"})
    taken = await api.post(
        PATH, params=TO, content=large(7, 1024), headers={**RAW, "Idempotency-Key": "cut-6"}
    )
    assert taken.status_code == 201
    assert (await postroom.ledger()).accepted == before + 2


async def broken_off(raw: bytes) -> AsyncIterator[bytes]:
    yield raw[: 2 * 1024 * 1024]
    raise httpx.ReadError("the sender is gone")


async def test_twenty_megabytes_arrive_and_leave_no_pieces_behind(
    api: httpx.AsyncClient, postroom: Postroom
) -> None:
    raw = large(8, 15 * 1024 * 1024)
    assert len(raw) > 20_000_000
    taken = await api.post(PATH, params=TO, content=raw, headers=RAW)
    assert taken.status_code == 201
    assert (await api.get(f"{taken.json()['custody']}/raw")).content == raw
    db = await asyncpg.connect(postroom.database_url)
    try:
        # What is left was cut off by the test before.
        assert await db.fetchval("SELECT count(DISTINCT upload_id) FROM ingest.upload") <= 1
    finally:
        await db.close()


async def too_much() -> AsyncIterator[bytes]:
    for _ in range(LIMIT // (1024 * 1024) + 2):
        yield b"x" * 1024 * 1024


async def test_what_cannot_be_taken_is_refused_with_the_reason(
    api: httpx.AsyncClient, postroom: Postroom
) -> None:
    before = (await postroom.ledger()).accepted
    new = {"from": {"address": "kim9@customers.example"}, "to": "support@example.com", "text": "Hello"}

    async def refused(status: int, **request: object) -> str:
        answer = await api.post(PATH, **request)  # type: ignore[arg-type]
        assert answer.status_code == status, answer.text
        assert answer.headers["Content-Type"] == "application/problem+json"
        return str(answer.json()["detail"])

    raw = letter(9).as_bytes()
    await refused(422, params=TO, content=b"", headers=RAW)
    await refused(413, params=TO, content=b"x" * (LIMIT + 1), headers=RAW)
    await refused(413, params=TO, content=too_much(), headers=RAW)
    await refused(415, params=TO, content=raw)
    await refused(415, params=TO, content=raw, headers={"Content-Type": "text/plain"})
    assert "which ticketbox" in await refused(422, content=raw, headers=RAW)
    unknown = await api.post(PATH, params={"to": "sales@example.com"}, content=raw, headers=RAW)
    assert unknown.status_code == 422
    assert unknown.json()["ticketboxes"][0]["addresses"] == ["support@example.com"]
    assert "subject" in await refused(422, json={**new, "subject": "Hello\r\nBcc: everyone@example.com"})
    assert "from.name" in await refused(422, json={**new, "from": {"name": "a\nb", "address": "a@b.example"}})
    assert "from.address" in await refused(
        422, json={**new, "from": {"address": "a@b.example\r\nBcc: c@d.example"}}
    )
    assert "text" in await refused(422, json={**new, "text": "a\0b"})
    assert "attachements" in await refused(422, json={**new, "attachements": []})
    assert "X-Postroom-Loop" in await refused(422, json={**new, "headers": {"X-Postroom-Loop": "x"}})
    assert "Bcc" in await refused(422, json={**new, "headers": {"Bcc": "x@example.com"}})
    assert "nobody" in await refused(422, json={**new, "from": {"address": "nobody"}})
    assert "text, html" in await refused(422, json={**new, "text": ""})
    await refused(422, content=b"{", headers={"Content-Type": "application/json"})
    assert (await postroom.ledger()).accepted == before


async def test_only_who_may_write_hands_letters_in(api: httpx.AsyncClient, postroom: Postroom) -> None:
    raw = letter(10).as_bytes()
    for headers, status in (({"Authorization": ""}, 401), ({"Authorization": "Bearer guessed"}, 401)):
        assert (
            await api.post(PATH, params=TO, content=raw, headers={**RAW, **headers})
        ).status_code == status
    db = await asyncpg.connect(postroom.database_url)
    try:
        await add_person(db, "ana@example.com", "Ana", Role.ANALYST, None)
        token = await make_token(db, "ana@example.com")
    finally:
        await db.close()

    async def known() -> httpx.Response | None:
        headers = {**RAW, "Authorization": f"Bearer {token}"}
        answer = await api.post(PATH, params=TO, content=raw, headers=headers)
        return answer if answer.status_code != 401 else None

    answer = await until(known)
    assert isinstance(answer, httpx.Response)
    assert answer.status_code == 403


async def test_the_description_of_the_call_says_what_json_it_takes(api: httpx.AsyncClient) -> None:
    document = (await api.get("/api/v1/openapi.json")).json()
    body = document["paths"][PATH]["post"]["requestBody"]["content"]
    assert set(body) == {"message/rfc822", "application/json"}
    json_body = body["application/json"]
    assert (await api.post(PATH, json=json_body["example"])).status_code == 201

    def find(reference: str) -> object:
        found = document
        for step in reference.removeprefix("#/").split("/"):
            found = found[step.replace("~1", "/")]
        return found

    references = re.findall(r'"\$ref": "([^"]+)"', json.dumps(json_body["schema"]))
    assert references
    assert all(find(reference) for reference in references)


async def test_at_the_end_the_books_balance(postroom: Postroom) -> None:
    async def settled() -> bool:
        ledger = await postroom.ledger()
        return ledger.balanced and not ledger.in_flight

    await until(settled)
    assert await verify(postroom.database_url) == []
