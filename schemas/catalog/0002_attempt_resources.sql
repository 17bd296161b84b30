-- Catalog version 2: what an attempt takes of its machine.

ALTER TABLE attempt ADD COLUMN threads INTEGER;        -- at work now, or at its end
ALTER TABLE attempt ADD COLUMN cores TEXT;             -- where they may run: "0,2-3"; NULL: not pinned
ALTER TABLE attempt ADD COLUMN peak_rss_bytes INTEGER; -- most memory it had resident
