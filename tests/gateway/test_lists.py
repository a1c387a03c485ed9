"""What a list of tickets asks for, by its address, and saved lists in their order."""

from base64 import urlsafe_b64encode
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.desk import Organisation, View
from services.gateway.contacts.organisations import Organisations
from services.gateway.lists import cursor_at, read_cursor
from services.gateway.problems import BadRequest, NotFound
from services.gateway.tickets import views
from services.gateway.tickets.list_query import ListQuery, query_of
from services.gateway.tickets.views import Saved
from tests.desks import TEXT

ME, BOX = uuid4(), uuid4()
HARBOUR = Organisation(id=uuid4(), name="Harbour", domains=("harbour.example",))
KNOWN = Organisations.of_all([HARBOUR])


def test_a_list_shows_all_open_tickets_and_a_search_looks_everywhere() -> None:
    assert query_of({}).filter(ME, KNOWN).state == "open"
    assert query_of({"q": "lamp"}).filter(ME, KNOWN).state is None
    assert query_of({"q": "lamp", "view": "open"}).filter(ME, KNOWN).state == "open"


def test_the_tickets_of_a_customer_are_looked_for_everywhere() -> None:
    assert query_of({"contact": "kim@customers.example"}).view == "all"
    assert query_of({"organisation": str(HARBOUR.id)}).view == "all"


def test_a_contact_is_meant_by_its_id_or_by_an_address() -> None:
    contact = uuid4()
    assert query_of({"contact": str(contact)}).contact == contact
    assert query_of({"contact": " kim@customers.example "}).contact == "kim@customers.example"


def test_a_list_of_an_organisation_has_its_members_and_none_that_was_removed() -> None:
    wanted = query_of({"organisation": str(HARBOUR.id)}).filter(ME, KNOWN)
    assert wanted.organisation == KNOWN.membership(HARBOUR.id)
    with pytest.raises(NotFound):
        query_of({"organisation": str(uuid4())}).filter(ME, KNOWN)


def test_a_list_of_what_somebody_watches_is_one_of_the_views_and_narrows_others() -> None:
    for parameters in ({"view": "watched"}, {"view": "open", "watcher": "me"}, {"watcher": str(ME)}):
        assert query_of(parameters).filter(ME, KNOWN).watcher == ME
    assert query_of({"watcher": str(BOX)}).words({BOX: "Second level"}) == {
        "watcher": "watched by Second level"
    }


def test_what_a_list_is_narrowed_by_counts_before_its_view() -> None:
    wanted = query_of({"view": "mine", "state": "pending"}).filter(ME, KNOWN)
    assert (wanted.state, wanted.assignee) == ("pending", ME)


def test_empty_fields_of_a_form_ask_for_nothing() -> None:
    assert query_of({"view": "open", "box": "", "tag": "", "csrf_token": "x"}) == ListQuery()


@pytest.mark.parametrize(
    "wrong",
    [{"box": "the first"}, {"view": "some"}, {"colour": "blue"}, {"sort": "size"}, {"assignee": "somebody"}],
)
def test_a_list_that_cannot_be_understood_is_told(wrong: dict[str, str]) -> None:
    with pytest.raises(BadRequest):
        query_of(wrong)


QUERIES = st.builds(
    ListQuery,
    view=st.sampled_from(["mine", "open", "all"]),
    box=st.sampled_from([None, BOX]),
    assignee=st.sampled_from([None, "me", "none", str(ME)]),
    watcher=st.sampled_from([None, "me", str(ME)]),
    contact=st.sampled_from([None, BOX, "kim@customers.example"]),
    tag=st.one_of(st.none(), TEXT.filter(bool)),
    priority=st.sampled_from([None, "high"]),
    due=st.sampled_from([None, "soon"]),
    q=st.one_of(st.none(), TEXT.filter(bool)),
    sort=st.sampled_from(["changed", "waiting"]),
    merged=st.booleans(),
)


@given(QUERIES)
def test_the_address_of_a_list_leads_back_to_it(query: ListQuery) -> None:
    assert query_of(query.parameters) == query


def test_a_list_says_in_words_what_it_asks_for() -> None:
    query = query_of({"assignee": "none", "priority": "urgent", "due": "soon", "box": str(BOX)})
    words = query.words({BOX: "Support"})
    assert list(words.values()) == ["in Support", "nobody's", "priority urgent", "due within 4 hours"]


def saved(name: str, order: int, owner_id: UUID | None = ME, version: int = 1) -> Saved:
    return Saved(View(id=uuid4(), name=name, owner_id=owner_id, order=order, parameters={}), version)


def test_a_saved_list_changes_places_with_its_neighbour_of_the_same_owner_also_where_orders_are_the_same() -> (
    None
):
    shared = saved("Everyone's", 100, None)
    mine = [saved(name, 100) for name in "ABC"]
    changed = [one.thing for one in views.moved([shared, *mine], mine[2].view.id, -1)]
    orders = {one.view.name: one.view.order for one in mine} | {
        one.name: one.order for one in changed if isinstance(one, View)
    }
    assert sorted(orders, key=orders.__getitem__) == ["A", "C", "B"]
    assert "Everyone's" not in orders


def test_lists_change_places_as_they_were_read() -> None:
    row = [saved("A", 10, version=3), saved("B", 20, version=5)]
    changes = views.moved(row, row[1].view.id, -1)
    assert [(one.thing.name, one.seen_version) for one in changes] == [("B", 5), ("A", 3)]


@pytest.mark.parametrize("step", [-1, 1])
def test_a_saved_list_at_the_edge_stays_there(step: int) -> None:
    row = [saved("A", 10), saved("B", 20)]
    edge = row[0] if step == -1 else row[1]
    assert views.moved(row, edge.view.id, step) == ()


def test_a_new_list_comes_behind_those_of_its_owner() -> None:
    assert views.last_of([saved("A", 30), saved("B", 70, None)], ME) == 40


ROW = UUID(int=1)


@given(st.datetimes(timezones=st.just(UTC)), st.uuids())
def test_a_cursor_leads_to_the_row_behind_which_it_stands(moment: datetime, identity: UUID) -> None:
    assert read_cursor(cursor_at(moment, identity)) == (moment, identity)


@pytest.mark.parametrize(
    "place",
    [
        "",
        "4711",
        f"{ROW}",
        f"2026-03-01T12:00 {ROW}",
        f"0001-01-01T00:00+14:00 {ROW}",
        f"9999-12-31T23:59-12:00 {ROW}",
        f"10000-01-01T00:00Z {ROW}",
        f"2026-03-01T12:00Z {ROW} {ROW}",
        "2026-03-01T12:00Z \x00",
    ],
)
def test_a_cursor_that_no_list_gave_is_refused(place: str) -> None:
    with pytest.raises(BadRequest):
        read_cursor(urlsafe_b64encode(place.encode()).decode())


@pytest.mark.parametrize("cursor", ["5", "\x00", "\ud800", "é", "_w==", "A" * 5000])
def test_a_cursor_that_cannot_be_read_is_refused(cursor: str) -> None:
    with pytest.raises(BadRequest):
        read_cursor(cursor)
