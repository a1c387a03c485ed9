-- When something that clocks depend on was last removed: of what is gone, nothing else says when they became others.
ALTER TABLE desk_revision ADD COLUMN removed_at timestamptz;
