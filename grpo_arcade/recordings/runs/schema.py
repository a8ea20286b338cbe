"""The tables of ``run.db`` and the version they have; nothing else knows SQL that creates.

The trainer is the only writer of every table but ``commands``, where a dashboard or window adds one row and the
trainer answers in it. Times are seconds since 1970; durations are seconds.
"""

from __future__ import annotations

VERSION = 3
"""Stored as SQLite's ``user_version``; raised with every change of the tables. 1 had no ``lineage``, 2 no ``sittings``
and no league."""
APPLICATION_ID = 0x47415243
"""Marks the file as ours ("GARC")."""

TABLES = """
CREATE TABLE run (            -- facts of the whole run: status, run_key, step, game, model, baselines of each stage ...
  key TEXT PRIMARY KEY,
  value TEXT NOT NULL         -- JSON
) WITHOUT ROWID;

CREATE TABLE steps (          -- one row an optimizer step, written when the step has ended
  step INTEGER PRIMARY KEY,   -- from 1
  time REAL NOT NULL,
  stage INTEGER NOT NULL,     -- of the curriculum, from 0
  reward REAL, reward_std REAL, frac_reward_zero_std REAL,
  score REAL,                 -- mean game score of what the model wrote in the step, failures counting 0
  loss REAL, entropy REAL, kl REAL, learning_rate REAL, grad_norm REAL, clip_ratio REAL,
  completion_length REAL, clipped_ratio REAL, num_tokens REAL,
  identical_share REAL,       -- completions whose source another one of their group has too
  step_s REAL, generate_s REAL, score_s REAL, learn_s REAL, evaluate_s REAL,
  outcomes TEXT NOT NULL,     -- JSON {outcome: completions}, of the same
  rewards TEXT NOT NULL,      -- JSON {reward function: {"mean": x, "std": x}}
  metrics TEXT NOT NULL       -- JSON: everything else TRL logged, and memory in bytes
);

CREATE TABLE groups (         -- what the completions of one group play
  step INTEGER NOT NULL,
  purpose TEXT NOT NULL,      -- training | evaluation
  number INTEGER NOT NULL,    -- from 0 within the step
  stage INTEGER NOT NULL,
  options TEXT NOT NULL,      -- JSON: the game's resolved options
  seeds TEXT NOT NULL,        -- JSON
  PRIMARY KEY (step, purpose, number)
) WITHOUT ROWID;

CREATE TABLE sources (        -- each distinct strategy once
  id INTEGER PRIMARY KEY,
  sha256 TEXT NOT NULL UNIQUE,
  source TEXT NOT NULL
);

CREATE TABLE strategies (     -- one row a completion, written when it has been played
  id INTEGER PRIMARY KEY,
  step INTEGER NOT NULL,      -- the step it is part of; an evaluation's is the step it was made after
  purpose TEXT NOT NULL,      -- training | evaluation
  position INTEGER NOT NULL,  -- within the step, from 0
  number INTEGER NOT NULL,    -- of its group
  time REAL NOT NULL,
  source_id INTEGER REFERENCES sources(id),  -- NULL: no strategy in the completion
  outcome TEXT NOT NULL,      -- of most of its games
  score REAL NOT NULL,        -- mean, failures counting 0
  reward REAL, advantage REAL,               -- NULL until the group is complete, and in evaluations
  rewards TEXT,               -- JSON {reward function: value}, unweighted
  tokens INTEGER NOT NULL, truncated INTEGER NOT NULL, cpu_s REAL NOT NULL,
  UNIQUE (step, purpose, position)
);
CREATE INDEX strategies_by_source ON strategies (source_id);
CREATE INDEX strategies_by_outcome ON strategies (outcome);
CREATE INDEX strategies_by_score ON strategies (score);

CREATE TABLE completions (    -- the bulky part of a strategy's row
  strategy_id INTEGER PRIMARY KEY REFERENCES strategies(id),
  text TEXT,                  -- NULL where it equals the source
  token_ids BLOB NOT NULL,    -- zlib of little-endian uint32
  error TEXT NOT NULL,        -- why it was refused or how it crashed
  reasons TEXT                -- JSON {reward function: why}
);

CREATE TABLE lineage (        -- a strategy that was written from an earlier one, and what was asked for it
  strategy_id INTEGER PRIMARY KEY REFERENCES strategies(id),
  parent_id INTEGER REFERENCES strategies(id),  -- NULL: written from the game's own words alone
  twin_id INTEGER REFERENCES strategies(id),    -- the earlier one that plays just alike; NULL where it is new
  island INTEGER NOT NULL,
  author TEXT NOT NULL,       -- the model
  asked TEXT NOT NULL,        -- the question, without the game's own words it begins with
  note TEXT NOT NULL,         -- what the model said beside the program
  tokens_in INTEGER NOT NULL, tokens_out INTEGER NOT NULL
);
CREATE INDEX lineage_by_parent ON lineage (parent_id);

CREATE TABLE episodes (
  strategy_id INTEGER NOT NULL REFERENCES strategies(id),
  number INTEGER NOT NULL,    -- the place of its seed in the group's seeds
  seed INTEGER NOT NULL,
  outcome TEXT NOT NULL,
  score REAL NOT NULL,        -- as the game said, also where the program failed
  plies INTEGER NOT NULL, wasted INTEGER NOT NULL,
  actions BLOB NOT NULL,      -- zlib of one action id a byte; behind it Episode.observations, mostly nothing
  PRIMARY KEY (strategy_id, number)
) WITHOUT ROWID;

CREATE TABLE sittings (       -- of an episode of several seats, how it was for each; `episodes` has the strategy's side
  strategy_id INTEGER NOT NULL REFERENCES strategies(id),
  number INTEGER NOT NULL,
  seat INTEGER NOT NULL,      -- where the strategy sat
  per_step INTEGER NOT NULL,  -- action ids a step
  seats TEXT NOT NULL,        -- JSON [[player, outcome, score, wasted, sha256 of the source] of each seat]
  PRIMARY KEY (strategy_id, number)
) WITHOUT ROWID;

CREATE TABLE league (         -- self-play: whom the model meets; a member plays the same from first to last
  id INTEGER PRIMARY KEY,     -- from 1; 0 stands for the model that learns
  name TEXT NOT NULL UNIQUE,
  step INTEGER NOT NULL,      -- after which it joined
  baseline TEXT NOT NULL,     -- the game's baseline that it is; empty for a strategy
  strategy_id INTEGER REFERENCES strategies(id)
);

CREATE TABLE league_games (   -- what came of all games of two in a step, as the first of them has it
  step INTEGER NOT NULL,
  member_id INTEGER NOT NULL, -- 0: the model, with all strategies of the step
  opponent_id INTEGER NOT NULL,
  wins INTEGER NOT NULL, draws INTEGER NOT NULL, losses INTEGER NOT NULL,
  stalls INTEGER NOT NULL,    -- of the draws, those that were given up without a point
  PRIMARY KEY (step, member_id, opponent_id)
) WITHOUT ROWID;

CREATE TABLE ratings (        -- OpenSkill's, of every member, whenever they have changed
  step INTEGER NOT NULL,
  member_id INTEGER NOT NULL REFERENCES league(id),
  mu REAL NOT NULL, sigma REAL NOT NULL,
  PRIMARY KEY (step, member_id)
) WITHOUT ROWID;

CREATE TABLE evaluations (    -- held-out: strategies sampled after a step, on the published seeds
  step INTEGER PRIMARY KEY,
  time REAL NOT NULL,
  stage INTEGER NOT NULL,
  options TEXT NOT NULL, seeds TEXT NOT NULL,  -- JSON
  strategies INTEGER NOT NULL,
  mean REAL NOT NULL, low REAL NOT NULL, high REAL NOT NULL,  -- mean score and its 95 % interval
  compiled REAL NOT NULL,     -- share of strategies that could be called
  won REAL NOT NULL,          -- share of games won
  distinct_share REAL NOT NULL,
  outcomes TEXT NOT NULL,     -- JSON {outcome: games}
  histogram TEXT NOT NULL,    -- JSON {what was reached: games}, for 2048 the largest tile
  scores TEXT NOT NULL,       -- JSON [[score of each seed] of each strategy]
  baselines TEXT NOT NULL,    -- JSON {baseline: {"mean": x, "scores": [one of each seed]}}
  champion REAL,              -- the champion's mean on the same seeds
  seconds REAL NOT NULL
);

CREATE TABLE champions (      -- every strategy that was the best so far: the hall of fame
  id INTEGER PRIMARY KEY,
  step INTEGER NOT NULL,
  strategy_id INTEGER NOT NULL REFERENCES strategies(id),
  time REAL NOT NULL,
  stage INTEGER NOT NULL,
  score REAL NOT NULL,        -- mean over the champion seeds, on which champions are chosen
  previous REAL,              -- the dethroned one's mean on the same seeds
  scores TEXT NOT NULL        -- JSON, one of each champion seed
);

CREATE TABLE events (
  id INTEGER PRIMARY KEY,
  time REAL NOT NULL,
  step INTEGER NOT NULL,
  kind TEXT NOT NULL,         -- started | resumed | checkpoint | champion | promoted | alarm | alarm_over | fallback |
                              -- command | interrupted | finished | failed | migrated |
                              -- nothing_usable
  name TEXT NOT NULL,         -- an alarm's, a command's; empty otherwise
  message TEXT NOT NULL,      -- plain words
  help TEXT NOT NULL,         -- what usually helps; may be empty
  data TEXT NOT NULL          -- JSON
);

CREATE TABLE commands (       -- a reader asks, the trainer answers before its next generation
  id INTEGER PRIMARY KEY,
  time REAL NOT NULL,
  name TEXT NOT NULL,         -- pause | resume | stop | save | evaluate | gif
  argument TEXT NOT NULL DEFAULT '',
  status TEXT NOT NULL DEFAULT 'asked',      -- asked | accepted | done | refused
  answer TEXT NOT NULL DEFAULT '',
  answered REAL, step INTEGER
);
"""
