-- Catalog of one study, version 1 (PRAGMA user_version = 1).
-- Written by the scheduler alone; rebuildable from the study's files (slaw reindex).
-- Times are UTC milliseconds.  A loss that is NaN or infinite is NULL with its name in
-- *_status, so that it is never mistaken for a missing one.

CREATE TABLE study (
    id              INTEGER PRIMARY KEY CHECK (id = 1),
    name            TEXT    NOT NULL,
    source_path     TEXT,
    source_sha256   TEXT,                -- of the study file as last run
    resolved        TEXT    NOT NULL,    -- JSON: analysis and execution sections in force
    slaw_version    TEXT    NOT NULL,
    created_ms      INTEGER NOT NULL,
    updated_ms      INTEGER NOT NULL
) STRICT;

CREATE TABLE corpus (
    digest          TEXT    PRIMARY KEY, -- SHA-256 of tokens and tokenizer
    manifest        TEXT    NOT NULL,    -- corpus/manifest.json
    validation_bytes_per_token REAL NOT NULL
) STRICT;

CREATE TABLE run (
    id              INTEGER PRIMARY KEY,
    hash            TEXT    NOT NULL UNIQUE CHECK (length(hash) = 64),
    name            TEXT    NOT NULL,
    dir             TEXT    NOT NULL UNIQUE, -- runs/<name>-<hash12>, relative to the study
    architecture    TEXT    NOT NULL,
    size            TEXT    NOT NULL,
    seed            INTEGER NOT NULL,
    axes            TEXT    NOT NULL,    -- JSON object: this cell's value on every axis
    config          TEXT    NOT NULL,    -- config.json
    position        INTEGER NOT NULL,    -- in the study's order
    params          INTEGER NOT NULL,    -- N, embeddings excluded [parameters]
    params_total    INTEGER NOT NULL,
    tokens          INTEGER NOT NULL,    -- D of the whole run [tokens]
    steps           INTEGER NOT NULL,
    batch_tokens    INTEGER NOT NULL,
    flops_6nd       REAL    NOT NULL,    -- per token [FLOP/token]
    flops_exact     REAL    NOT NULL,
    flops_paper     REAL    NOT NULL,
    checkpoints     INTEGER NOT NULL,    -- planned
    state           TEXT    NOT NULL CHECK (state IN
                        ('waiting', 'running', 'done', 'failed', 'diverged', 'retired')),
    reason          TEXT,                -- why it failed, diverged, waits or was retired
    updated_ms      INTEGER NOT NULL
) STRICT;

CREATE TABLE attempt (
    run_id          INTEGER NOT NULL REFERENCES run (id),
    number          INTEGER NOT NULL,    -- from 0
    state           TEXT    NOT NULL CHECK (state IN
                        ('running', 'done', 'interrupted', 'diverged', 'failed', 'lost')),
    pid             INTEGER,
    host            TEXT,
    isa             TEXT,
    resumed_step    INTEGER,             -- the checkpoint it started from; 0: from scratch
    started_ms      INTEGER NOT NULL,
    ended_ms        INTEGER,
    exit_code       INTEGER,
    exit_signal     INTEGER,
    reason          TEXT,
    ingested_bytes  INTEGER NOT NULL DEFAULT 0, -- of events.jsonl, exactly once
    ingested_seq    INTEGER NOT NULL DEFAULT -1,
    damaged_lines   INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (run_id, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE checkpoint (
    run_id          INTEGER NOT NULL REFERENCES run (id),
    step            INTEGER NOT NULL,
    attempt         INTEGER NOT NULL,
    tokens          INTEGER NOT NULL,    -- D seen [tokens]
    path            TEXT    NOT NULL,    -- relative to the run's folder
    bytes           INTEGER NOT NULL,
    digest          TEXT    NOT NULL,    -- XXH3-128 of manifest.json
    train_loss      REAL,                -- mean over the steps since the checkpoint before
    train_loss_status TEXT  NOT NULL CHECK (train_loss_status IN ('finite', 'nan', 'inf', '-inf')),
    state           TEXT    NOT NULL CHECK (state IN ('complete', 'missing', 'corrupt', 'removed')),
    created_ms      INTEGER NOT NULL,
    PRIMARY KEY (run_id, step)
) STRICT, WITHOUT ROWID;

CREATE TABLE metric (
    run_id          INTEGER NOT NULL REFERENCES run (id),
    step            INTEGER NOT NULL,
    attempt         INTEGER NOT NULL,
    tokens          INTEGER NOT NULL,
    loss            REAL,                -- training loss of this step [nats/token]
    loss_status     TEXT    NOT NULL CHECK (loss_status IN ('finite', 'nan', 'inf', '-inf')),
    grad_norm       REAL,
    lr              REAL    NOT NULL,
    tokens_per_s    REAL,
    PRIMARY KEY (run_id, step)
) STRICT, WITHOUT ROWID;

CREATE TABLE evaluation (
    run_id          INTEGER NOT NULL REFERENCES run (id),
    step            INTEGER NOT NULL,
    task            TEXT    NOT NULL,
    attempt         INTEGER NOT NULL,
    tokens          INTEGER NOT NULL,    -- D seen by the checkpoint
    loss            REAL,                -- [nats/token]
    loss_status     TEXT    NOT NULL CHECK (loss_status IN ('finite', 'nan', 'inf', '-inf')),
    bits_per_byte   REAL,
    items           INTEGER NOT NULL,    -- predicted tokens
    PRIMARY KEY (run_id, step, task)
) STRICT, WITHOUT ROWID;

CREATE TABLE fit (
    id              INTEGER PRIMARY KEY,
    created_ms      INTEGER NOT NULL,
    law             TEXT    NOT NULL,
    group_name      TEXT    NOT NULL,
    result          TEXT    NOT NULL     -- JSON, as one element of `slaw fit --json`'s "fits"
) STRICT;

-- What laws are fitted to: one row per complete checkpoint and evaluation.
CREATE VIEW observation AS
SELECT r.hash AS run, r.name, r.architecture, r.size, r.seed, e.task, c.step,
       r.params AS N, r.params_total AS N_total, c.tokens AS D,
       r.flops_6nd * c.tokens AS C_6nd, r.flops_exact * c.tokens AS C_exact,
       r.flops_paper * c.tokens AS C_paper,
       e.loss, e.bits_per_byte, c.train_loss, r.state, c.step = r.steps AS is_final
FROM run r
JOIN checkpoint c ON c.run_id = r.id AND c.state IN ('complete', 'removed')
JOIN evaluation e ON e.run_id = r.id AND e.step = c.step
WHERE r.state <> 'retired' AND e.loss_status = 'finite';

-- One line a run, for people.
CREATE VIEW run_status AS
SELECT r.position, r.name, r.architecture, r.size, r.seed, r.state, r.params AS N, r.tokens AS D,
       (SELECT max(m.step) FROM metric m WHERE m.run_id = r.id) AS step, r.steps,
       (SELECT count(*) FROM checkpoint c WHERE c.run_id = r.id AND c.state = 'complete')
           AS complete, r.checkpoints AS planned,
       (SELECT e.loss FROM evaluation e WHERE e.run_id = r.id AND e.task = 'validation'
           ORDER BY e.step DESC LIMIT 1) AS validation_loss,
       (SELECT count(*) FROM attempt a WHERE a.run_id = r.id) AS attempts, r.reason
FROM run r ORDER BY r.position;
