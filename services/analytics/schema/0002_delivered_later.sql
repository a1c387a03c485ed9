-- A message that was held back may be delivered later: a person releases it, or it is read again and the rules decide anew.
ALTER TABLE fact_message
    ADD COLUMN delivered_ticketbox_id uuid,
    ADD COLUMN delivered_recorded_at timestamptz;

COMMENT ON COLUMN fact_message.ticketbox_id IS 'The ticketbox that it was first routed to. From MessageRouted.';
COMMENT ON COLUMN fact_message.disposition IS 'Of the first decision: deliver, suppress or quarantine. From MessageRouted.';
COMMENT ON COLUMN fact_message.delivered_ticketbox_id IS
    'Where a later decision delivered it, of a person or after it was read again. From MessageRouted.';
COMMENT ON COLUMN fact_message.delivered_recorded_at IS
    'Since when delivered_ticketbox_id is known; NULL: the first decision counts.';
