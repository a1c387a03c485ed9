-- A changed desk moves deadlines: those that come first are set anew first.
DROP INDEX alarm_revision_idx;
CREATE INDEX ON alarm (revision, at);
