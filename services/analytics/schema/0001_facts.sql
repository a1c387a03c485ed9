-- Facts for reports. Each column is written by the events of one log only, except ticket_id of an answer, on which
-- two agree. A row may be begun by any of them, as the logs are not ordered among each other; a column that is still
-- NULL has not been heard of.
-- The columns ending in _recorded_at say since when that part of the row is known; a report "as of" a moment passes
-- over what was recorded later. docs/reports.md defines the figures that are made of these tables.

CREATE TABLE fact_message (
    message_id uuid PRIMARY KEY,
    received_at timestamptz,
    kind text,
    received_recorded_at timestamptz,
    ticketbox_id uuid,
    disposition text,
    routed_recorded_at timestamptz,
    ticket_id uuid,
    outcome text,
    outcome_recorded_at timestamptz
);

CREATE INDEX ON fact_message (received_at);

COMMENT ON TABLE fact_message IS 'Every message that came in: one row each.';
COMMENT ON COLUMN fact_message.received_at IS 'When our server accepted it. From MessageReceived.';
COMMENT ON COLUMN fact_message.kind IS
    'customer (whatever a person should read), bounce, auto_reply, loop, list, feedback or calendar. From MessageReceived.';
COMMENT ON COLUMN fact_message.received_recorded_at IS 'Since when received_at and kind are known.';
COMMENT ON COLUMN fact_message.ticketbox_id IS 'The ticketbox that it was routed to. From MessageRouted.';
COMMENT ON COLUMN fact_message.disposition IS 'deliver, suppress or quarantine. From MessageRouted.';
COMMENT ON COLUMN fact_message.routed_recorded_at IS 'Since when ticketbox_id and disposition are known.';
COMMENT ON COLUMN fact_message.ticket_id IS 'The conversation that it belongs to. From tickets.';
COMMENT ON COLUMN fact_message.outcome IS
    'What it did there: opened (a ticket), replied, automatic_reply or bounced. From tickets.';
COMMENT ON COLUMN fact_message.outcome_recorded_at IS 'Since when ticket_id and outcome are known.';

CREATE TABLE fact_ticket (
    ticket_id uuid PRIMARY KEY,
    number bigint NOT NULL,
    ticketbox_id uuid NOT NULL,
    received_at timestamptz NOT NULL,
    automatic boolean NOT NULL,
    recorded_at timestamptz NOT NULL
);

CREATE INDEX ON fact_ticket (received_at);

COMMENT ON TABLE fact_ticket IS 'Every ticket: one row each. From TicketOpened.';
COMMENT ON COLUMN fact_ticket.number IS 'The number that people say.';
COMMENT ON COLUMN fact_ticket.ticketbox_id IS 'The ticketbox in which it was opened.';
COMMENT ON COLUMN fact_ticket.received_at IS 'When its first message came in: the wait for an answer begins here.';
COMMENT ON COLUMN fact_ticket.automatic IS 'Whether a machine sent its first message: then nobody waits for an answer.';
COMMENT ON COLUMN fact_ticket.recorded_at IS 'Since when it is known.';

CREATE TABLE fact_assignment (
    ticket_id uuid,
    version integer,
    agent_id uuid,
    assigned_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (ticket_id, version)
);

COMMENT ON TABLE fact_assignment IS 'Every time that a ticket got an owner or lost it: one row each. From TicketAssigned.';
COMMENT ON COLUMN fact_assignment.version IS 'Orders what happened to one ticket; the highest is its owner now.';
COMMENT ON COLUMN fact_assignment.agent_id IS 'The owner from then on; NULL: nobody.';
COMMENT ON COLUMN fact_assignment.recorded_at IS 'Since when it is known.';

CREATE TABLE fact_reply (
    reply_id uuid PRIMARY KEY,
    ticket_id uuid NOT NULL,
    agent_id uuid,
    automatic boolean,
    released_at timestamptz,
    released_recorded_at timestamptz,
    sent_at timestamptz,
    sent_recorded_at timestamptz
);

CREATE INDEX ON fact_reply (ticket_id);

COMMENT ON TABLE fact_reply IS 'Every answer of ours: one row each, however often it was tried.';
COMMENT ON COLUMN fact_reply.ticket_id IS 'The conversation that it belongs to.';
COMMENT ON COLUMN fact_reply.agent_id IS 'Who wrote it. From ReplyReleased.';
COMMENT ON COLUMN fact_reply.automatic IS 'Whether a machine of ours wrote it. From ReplyReleased.';
COMMENT ON COLUMN fact_reply.released_at IS 'When it was first allowed to leave: the wait ends here. From ReplyReleased.';
COMMENT ON COLUMN fact_reply.released_recorded_at IS 'Since when agent_id, automatic and released_at are known.';
COMMENT ON COLUMN fact_reply.sent_at IS 'When the relay took it; NULL while it has not. From ReplySent.';
COMMENT ON COLUMN fact_reply.sent_recorded_at IS 'Since when sent_at is known.';

CREATE TABLE ticketbox (
    ticketbox_id uuid PRIMARY KEY,
    name text NOT NULL
);

COMMENT ON TABLE ticketbox IS 'The names of ticketboxes. From TicketboxCreated.';

CREATE TABLE person (
    person_id uuid PRIMARY KEY,
    name text NOT NULL
);

COMMENT ON TABLE person IS 'The names of the people who work here. From PersonAdded.';
