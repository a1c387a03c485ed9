-- Who had a ticket until it was given back: others get it first. Of those that wait already it is not known.
ALTER TABLE ticket ADD COLUMN given_back_by uuid;
