-- Which rule held a message back: it was wrong if a person lets it through. After an upgrade `postroom rebuild facts` fills
-- this for what came before; until then no rule is known to have held that back.
ALTER TABLE fact_decision ADD COLUMN held_back_rule text;

COMMENT ON COLUMN fact_decision.held_back_rule IS
    'The rule that suppressed or quarantined it; empty: no rule held it back. NULL: a person decided, so it is that of the decision before.';
