-- A note whose addresses are dead costs another answer, which one that waits for a file to be had does not; and a video whose
-- addresses are dead is no video that was not asked for.

CREATE OR REPLACE FUNCTION worklist_obstacle(state text, last_code integer, last_error text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE WHEN state = 'FAILED' THEN
                     CASE WHEN last_error LIKE 'MEDIA_INCOMPLETE:%' THEN 'MEDIA_INCOMPLETE'
                          WHEN last_error LIKE 'rejected:%' THEN 'REJECTED'
                          WHEN last_error LIKE 'given up after%' THEN 'GIVEN_UP'
                          ELSE 'FAILED_OTHERWISE' END
                WHEN state = 'POSTPONED' THEN
                     CASE WHEN last_error LIKE 'unforeseen:%' THEN 'UNFORESEEN'
                          WHEN last_error LIKE 'not in the answer:%' THEN 'NOT_IN_ANSWER'
                          WHEN last_error ~ '^[A-Z]+ [0-9]+ DEAD:' THEN 'DEAD_ADDRESSES'
                          WHEN last_error ~ '^[A-Z]+ [0-9]+ NO_ANSWER:' THEN 'VIDEO'
                          WHEN last_code = 0 THEN 'FILES'
                          ELSE 'PROVIDER' END END;

-- What was counted by the names of before.
DO $$
BEGIN
    LOCK TABLE worklist IN SHARE MODE;
    PERFORM worklist_recount();
END $$;
