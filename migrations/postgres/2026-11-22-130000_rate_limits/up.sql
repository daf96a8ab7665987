-- Budgets of requests and tokens, shared by all servers of this database (docs/adr/0013-leased-budgets.md).
--
-- A server leases a part of what is left of a budget and lets it pass without asking again. Who finds nothing free while others
-- hold leases calls these back, and asks again. Unlogged: a crash of PostgreSQL forgets the windows of that moment.

-- Whose token budget a task's usage is charged to.
ALTER TABLE task ADD COLUMN charged_to text COLLATE "C";

-- `granted` is what has passed or is leased. Windows are [opens, closes), in seconds since 1970.
CREATE UNLOGGED TABLE rate_budget (
    subject text COLLATE "C" NOT NULL,
    policy text COLLATE "C" NOT NULL,
    opens bigint NOT NULL,
    closes bigint NOT NULL,
    granted bigint NOT NULL,
    CONSTRAINT rate_budget_key PRIMARY KEY (subject, policy, opens)
) WITH (fillfactor = 50);
CREATE INDEX rate_budget_closes ON rate_budget (closes);

-- What a server may still let pass by itself, as of the last time it asked. Written under the lock of the budget's row.
CREATE UNLOGGED TABLE rate_lease (
    subject text COLLATE "C" NOT NULL,
    policy text COLLATE "C" NOT NULL,
    opens bigint NOT NULL,
    holder text COLLATE "C" NOT NULL,
    units bigint NOT NULL,
    CONSTRAINT rate_lease_key PRIMARY KEY (subject, policy, opens, holder),
    CONSTRAINT rate_lease_budget FOREIGN KEY (subject, policy, opens) REFERENCES rate_budget ON DELETE CASCADE
);

-- Hands in what `me` holds of each budget, and takes one of each that is to be taken from, with a lease of at most `most` and at
-- most half of what is free besides; of all or of none. A draw is `take`, `need` (something must be left) or `look`. A row a
-- budget, in their order: what was free before, what others hold, what is leased. It may be sent twice: what is handed in counts
-- once, since the lease is gone then.
CREATE FUNCTION rate_take(me text, who text, names text[], draws text[], opened bigint[], closed bigint[], limits bigint[],
    handed bigint[], most bigint[]) RETURNS TABLE (free bigint, others bigint, leased bigint) LANGUAGE plpgsql AS $$
DECLARE
    frees bigint[] := '{}';
    elsewhere bigint[] := '{}';
    used bigint;
    had bigint;
    held bigint;
    lacking boolean := false;
    hopeless boolean := false;
BEGIN
    FOR i IN 1 .. cardinality(names) LOOP
        held := 0;
        IF draws[i] = 'take' THEN
            SELECT granted INTO used FROM rate_budget
                WHERE subject = who AND policy = names[i] AND opens = opened[i] FOR UPDATE;
            IF NOT FOUND THEN
                INSERT INTO rate_budget (subject, policy, opens, closes, granted)
                    VALUES (who, names[i], opened[i], closed[i], 0) ON CONFLICT DO NOTHING;
                SELECT granted INTO used FROM rate_budget
                    WHERE subject = who AND policy = names[i] AND opens = opened[i] FOR UPDATE;
            END IF;
            DELETE FROM rate_lease WHERE subject = who AND policy = names[i] AND opens = opened[i] AND holder = me
                RETURNING units INTO had;
            used := used - least(coalesce(had, 0), handed[i]);
            SELECT coalesce(sum(units), 0) INTO held FROM rate_lease
                WHERE subject = who AND policy = names[i] AND opens = opened[i];
        ELSE
            SELECT granted INTO used FROM rate_budget WHERE subject = who AND policy = names[i] AND opens = opened[i];
        END IF;
        frees := frees || (limits[i] - coalesce(used, 0));
        elsewhere := elsewhere || held;
        IF draws[i] <> 'look' AND frees[i] < 1 THEN
            lacking := true;
            hopeless := hopeless OR held = 0;
        END IF;
    END LOOP;

    FOR i IN 1 .. cardinality(names) LOOP
        free := frees[i];
        others := elsewhere[i];
        leased := 0;
        IF draws[i] = 'take' THEN
            used := limits[i] - free;
            IF NOT lacking THEN
                leased := least(most[i], (free - 1) / 2);
                used := used + 1 + leased;
            ELSIF free < 1 AND NOT hopeless THEN
                PERFORM pg_notify('connix_rate_limits', opened[i] || ' ' || names[i] || ' ' || who);
            END IF;
            IF leased > 0 THEN
                INSERT INTO rate_lease (subject, policy, opens, holder, units)
                    VALUES (who, names[i], opened[i], me, leased);
            END IF;
            UPDATE rate_budget SET granted = used WHERE subject = who AND policy = names[i] AND opens = opened[i];
        END IF;
        RETURN NEXT;
    END LOOP;
END $$;

-- Gives back what `me` holds of a budget; gives how much of it counted.
CREATE FUNCTION rate_give_back(me text, who text, name text, opened bigint, handed bigint) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    had bigint;
BEGIN
    PERFORM 1 FROM rate_budget WHERE subject = who AND policy = name AND opens = opened FOR UPDATE;
    DELETE FROM rate_lease WHERE subject = who AND policy = name AND opens = opened AND holder = me RETURNING units INTO had;
    had := least(coalesce(had, 0), handed);
    UPDATE rate_budget SET granted = granted - had WHERE subject = who AND policy = name AND opens = opened AND had > 0;
    RETURN had;
END $$;

-- Charges what was used already, however much is left; gives how much of the window is charged.
CREATE FUNCTION rate_charge(who text, name text, opened bigint, closed bigint, amount bigint) RETURNS bigint LANGUAGE sql AS $$
    INSERT INTO rate_budget (subject, policy, opens, closes, granted) VALUES (who, name, opened, closed, amount)
        ON CONFLICT ON CONSTRAINT rate_budget_key DO UPDATE SET granted = rate_budget.granted + amount
        RETURNING granted
$$;

-- Removes windows that closed before a moment; gives how many.
CREATE FUNCTION rate_sweep(before bigint) RETURNS bigint LANGUAGE sql AS $$
    WITH gone AS (DELETE FROM rate_budget WHERE closes < before RETURNING 1) SELECT count(*) FROM gone
$$;
