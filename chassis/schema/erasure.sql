-- Set where a person's data was erased from a row: the digest of the payload as it was. The chain goes over it, so it
-- still verifies; what `data` holds now is vouched for by an event that names the erasure.
ALTER TABLE event ADD COLUMN payload_sha256 bytea;
