-- Where a ticket was moved: only who sees that ticketbox sees it in reports from then on. After an upgrade
-- `postroom rebuild facts` fills this for what came before; until then only who sees all ticketboxes sees these tickets.
ALTER TABLE fact_move ADD COLUMN to_ticketbox_id uuid;

UPDATE fact_move
SET to_ticketbox_id = correction.to_ticketbox_id
FROM fact_correction AS correction
WHERE correction.ticket_id = fact_move.ticket_id
  AND correction.version = fact_move.version;

COMMENT ON COLUMN fact_move.to_ticketbox_id IS
    'The ticketbox to which it came; that of the highest version is where it is now. NULL: heard before this was kept.';
