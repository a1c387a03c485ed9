-- Who wrote to which tickets: what someone sees of contacts follows from the ticketboxes of these.
CREATE INDEX ON event ((lower(data #>> '{letter,from_,address}')), stream_id)
WHERE type IN ('TicketOpened', 'CustomerReplied', 'AutomaticReplyReceived', 'ReplyBounced');
