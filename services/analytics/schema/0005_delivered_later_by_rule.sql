-- Which rule chose the ticketbox of a message that was delivered after it was held back. After an upgrade
-- `postroom rebuild facts` fills this for what came before.
ALTER TABLE fact_message ADD COLUMN delivered_ticketbox_rule text;

COMMENT ON COLUMN fact_message.ticketbox_rule IS
    'The rule that first chose the ticketbox; empty: its address or the default did. From MessageRouted.';
COMMENT ON COLUMN fact_message.delivered_ticketbox_rule IS
    'The rule that chose the ticketbox when a later decision delivered it; empty: its address, the default or a person did.';
