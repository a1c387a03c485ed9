-- When something was last removed from the desk: of what is gone, nothing else says when the clocks became others.
ALTER TABLE desk_revision ADD COLUMN removed_at timestamptz;
