-- Keys are looked for by item only when items are forgotten, and then they are all looked through.

DROP INDEX keys_by_item;
