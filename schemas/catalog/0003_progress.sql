-- Catalog version 3: where every run stands, in one narrow row a run.
--
-- `slaw status` of a study with 100,000 runs must not read 10,000,000 metrics, nor the
-- configurations in `run`.  The triggers below keep `progress` equal to what its first filling
-- computes, whoever writes.  Metrics come by the million, so whoever adds some does it for
-- them, once (catalog/metric.h).

CREATE TABLE progress (
    run_id          INTEGER PRIMARY KEY REFERENCES run (id) ON DELETE CASCADE,
    state           TEXT    NOT NULL,    -- copies of the run's, for totals
    tokens_planned  INTEGER NOT NULL,
    flops_exact     REAL    NOT NULL,
    planned         INTEGER NOT NULL,
    step            INTEGER NOT NULL DEFAULT 0,  -- newest reported; 0: none
    tokens          INTEGER NOT NULL DEFAULT 0,  -- of that step
    loss            REAL,                        -- of that step; NULL: none, or not finite
    tokens_per_s    REAL,
    complete        INTEGER NOT NULL DEFAULT 0,  -- checkpoints in state complete
    removed         INTEGER NOT NULL DEFAULT 0,
    complete_step   INTEGER NOT NULL DEFAULT 0,  -- newest complete checkpoint; 0: none
    saved_tokens    INTEGER NOT NULL DEFAULT 0,  -- of the checkpoint that saw the most, in any state
    validation_step INTEGER NOT NULL DEFAULT 0,  -- newest validation; 0: none
    validation_loss REAL,
    bits_per_byte   REAL,
    attempts        INTEGER NOT NULL DEFAULT 0,
    newest_attempt  INTEGER NOT NULL DEFAULT -1,
    threads         INTEGER,                     -- of the newest attempt
    cores           TEXT
) STRICT;

INSERT INTO progress
SELECT r.id, r.state, r.tokens, r.flops_exact, r.checkpoints,
       coalesce(m.step, 0), coalesce(m.tokens, 0), m.loss, m.tokens_per_s,
       (SELECT count(*) FROM checkpoint c WHERE c.run_id = r.id AND c.state = 'complete'),
       (SELECT count(*) FROM checkpoint c WHERE c.run_id = r.id AND c.state = 'removed'),
       coalesce((SELECT max(c.step) FROM checkpoint c
                 WHERE c.run_id = r.id AND c.state = 'complete'), 0),
       coalesce((SELECT max(c.tokens) FROM checkpoint c WHERE c.run_id = r.id), 0),
       coalesce(e.step, 0), e.loss, e.bits_per_byte,
       (SELECT count(*) FROM attempt t WHERE t.run_id = r.id), coalesce(a.number, -1),
       a.threads, a.cores
FROM run r
LEFT JOIN metric m ON m.run_id = r.id
    AND m.step = (SELECT max(x.step) FROM metric x WHERE x.run_id = r.id)
LEFT JOIN evaluation e ON e.run_id = r.id AND e.task = 'validation'
    AND e.step = (SELECT max(x.step) FROM evaluation x
                  WHERE x.run_id = r.id AND x.task = 'validation')
LEFT JOIN attempt a ON a.run_id = r.id
    AND a.number = (SELECT max(x.number) FROM attempt x WHERE x.run_id = r.id);

CREATE TRIGGER progress_run_added AFTER INSERT ON run BEGIN
    INSERT INTO progress (run_id, state, tokens_planned, flops_exact, planned)
    VALUES (new.id, new.state, new.tokens, new.flops_exact, new.checkpoints);
END;

CREATE TRIGGER progress_run_changed
AFTER UPDATE OF state, tokens, flops_exact, checkpoints ON run BEGIN
    UPDATE progress SET state = new.state, tokens_planned = new.tokens,
        flops_exact = new.flops_exact, planned = new.checkpoints WHERE run_id = new.id;
END;

CREATE TRIGGER progress_evaluation_added AFTER INSERT ON evaluation
WHEN new.task = 'validation' BEGIN
    UPDATE progress SET validation_step = new.step, validation_loss = new.loss,
        bits_per_byte = new.bits_per_byte
    WHERE run_id = new.run_id AND validation_step <= new.step;
END;

CREATE TRIGGER progress_evaluation_replaced AFTER UPDATE ON evaluation
WHEN new.task = 'validation' BEGIN
    UPDATE progress SET validation_step = new.step, validation_loss = new.loss,
        bits_per_byte = new.bits_per_byte
    WHERE run_id = new.run_id AND validation_step <= new.step;
END;

CREATE TRIGGER progress_checkpoint_added AFTER INSERT ON checkpoint BEGIN
    UPDATE progress SET complete = complete + (new.state = 'complete'),
        removed = removed + (new.state = 'removed'),
        complete_step = CASE WHEN new.state = 'complete' THEN max(complete_step, new.step)
                             ELSE complete_step END,
        saved_tokens = max(saved_tokens, new.tokens) WHERE run_id = new.run_id;
END;

CREATE TRIGGER progress_checkpoint_changed AFTER UPDATE OF state, tokens ON checkpoint
WHEN new.state <> old.state OR new.tokens <> old.tokens BEGIN
    UPDATE progress SET
        complete = complete + (new.state = 'complete') - (old.state = 'complete'),
        removed = removed + (new.state = 'removed') - (old.state = 'removed'),
        complete_step = coalesce((SELECT c.step FROM checkpoint c WHERE c.run_id = new.run_id
            AND c.state = 'complete' ORDER BY c.step DESC LIMIT 1), 0),
        saved_tokens = CASE WHEN new.tokens >= old.tokens THEN max(saved_tokens, new.tokens)
            ELSE (SELECT max(c.tokens) FROM checkpoint c WHERE c.run_id = new.run_id) END
    WHERE run_id = new.run_id;
END;

CREATE TRIGGER progress_attempt_added AFTER INSERT ON attempt BEGIN
    UPDATE progress SET attempts = attempts + 1 WHERE run_id = new.run_id;
    UPDATE progress SET newest_attempt = new.number, threads = new.threads, cores = new.cores
    WHERE run_id = new.run_id AND newest_attempt <= new.number;
END;

CREATE TRIGGER progress_attempt_changed AFTER UPDATE OF threads, cores ON attempt BEGIN
    UPDATE progress SET threads = new.threads, cores = new.cores
    WHERE run_id = new.run_id AND newest_attempt = new.number;
END;

-- Nothing of ours takes rows out but whole runs; people do.

CREATE TRIGGER progress_metric_deleted AFTER DELETE ON metric BEGIN
    UPDATE progress SET step = 0, tokens = 0, loss = NULL, tokens_per_s = NULL
    WHERE run_id = old.run_id AND step = old.step;
    UPDATE progress SET (step, tokens, loss, tokens_per_s) =
        (SELECT m.step, m.tokens, m.loss, m.tokens_per_s FROM metric m
         WHERE m.run_id = old.run_id ORDER BY m.step DESC LIMIT 1)
    WHERE run_id = old.run_id AND step = 0
        AND EXISTS (SELECT 1 FROM metric m WHERE m.run_id = old.run_id);
END;

CREATE TRIGGER progress_evaluation_deleted AFTER DELETE ON evaluation
WHEN old.task = 'validation' BEGIN
    UPDATE progress SET validation_step = 0, validation_loss = NULL, bits_per_byte = NULL
    WHERE run_id = old.run_id AND validation_step = old.step;
    UPDATE progress SET (validation_step, validation_loss, bits_per_byte) =
        (SELECT e.step, e.loss, e.bits_per_byte FROM evaluation e
         WHERE e.run_id = old.run_id AND e.task = 'validation' ORDER BY e.step DESC LIMIT 1)
    WHERE run_id = old.run_id AND validation_step = 0 AND EXISTS
        (SELECT 1 FROM evaluation e WHERE e.run_id = old.run_id AND e.task = 'validation');
END;

CREATE TRIGGER progress_checkpoint_deleted AFTER DELETE ON checkpoint BEGIN
    UPDATE progress SET
        complete = complete - (old.state = 'complete'),
        removed = removed - (old.state = 'removed'),
        complete_step = coalesce((SELECT c.step FROM checkpoint c WHERE c.run_id = old.run_id
            AND c.state = 'complete' ORDER BY c.step DESC LIMIT 1), 0),
        saved_tokens = coalesce((SELECT max(c.tokens) FROM checkpoint c
            WHERE c.run_id = old.run_id), 0)
    WHERE run_id = old.run_id;
END;

CREATE TRIGGER progress_attempt_deleted AFTER DELETE ON attempt BEGIN
    UPDATE progress SET attempts = attempts - 1,
        newest_attempt = coalesce((SELECT max(t.number) FROM attempt t
            WHERE t.run_id = old.run_id), -1),
        (threads, cores) = (SELECT t.threads, t.cores FROM attempt t
            WHERE t.run_id = old.run_id ORDER BY t.number DESC LIMIT 1)
    WHERE run_id = old.run_id;
END;

-- All that a list of runs shows, in the study's order: a tenth of `run`, whose
-- configurations lie between.
CREATE INDEX run_list ON run (position, id, state, hash, architecture, name, dir, size, seed,
    reason, params, tokens, steps, flops_exact, checkpoints);
CREATE INDEX run_by_state ON run (state, position);
CREATE INDEX run_by_name ON run (name);

DROP VIEW run_status;

-- One line a run, for people.
CREATE VIEW run_status AS
SELECT r.position, r.name, r.architecture, r.size, r.seed, r.state, r.params AS N, r.tokens AS D,
       nullif(p.step, 0) AS step, r.steps, p.complete, r.checkpoints AS planned,
       p.validation_loss, p.attempts, r.reason
FROM run r JOIN progress p ON p.run_id = r.id ORDER BY r.position;
