-- Mail that waits for the virus scanner is accepted before it is read. After an upgrade `postroom rebuild facts` fills this
-- for what came before.
ALTER TABLE fact_message ADD COLUMN held_recorded_at timestamptz;

COMMENT ON COLUMN fact_message.received_at IS 'When our server accepted it. From MessageHeld or MessageReceived.';
COMMENT ON COLUMN fact_message.received_recorded_at IS 'Since when it is read and kind is known.';
COMMENT ON COLUMN fact_message.held_recorded_at IS
    'Since when it is known of one that had to wait for the virus scanner, before it was read. From MessageHeld.';
