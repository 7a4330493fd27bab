-- Versions of one item: any number of them, and some held back while another stands.

ALTER TABLE items ADD COLUMN due INTEGER;                -- when the first version that is held back is to be published
UPDATE items SET due = published WHERE state = 1;
DROP INDEX items_due;
CREATE INDEX items_due ON items (due) WHERE due IS NOT NULL;

-- In the order in which they stand, with all that is asked about the others: an item may have thousands.
DROP INDEX seeds_by_item;
CREATE INDEX seeds_by_item ON seeds (seq, updated DESC, arrival DESC, path, digest);

-- Those that are gone first, the latest before the others.
DROP INDEX seeds_by_text;
CREATE INDEX seeds_by_text ON seeds (digest, missing_since DESC) WHERE has_path_key = 1;

-- Seeds name no author.
ALTER TABLE items DROP COLUMN author;
