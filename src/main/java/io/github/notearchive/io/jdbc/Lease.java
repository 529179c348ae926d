package io.github.notearchive.io.jdbc;

import java.time.Duration;

/**
 * Conditions and assignments of claims, for tables with columns {@code claimed_by}, {@code claimed_until} and
 * {@code claim_id}. Leases follow the database's clock, so that nodes with different clocks do not take each other's
 * claims.
 */
public final class Lease {

    /** Time that a claim holds without renewal. */
    public static final Duration LENGTH = Duration.ofMinutes(5);

    /** Condition under which {@code :node} may claim a row. */
    public static final String FREE = "(claimed_until IS NULL OR (claimed_until < now() AND claimed_by <> :node))";

    /** Assignment that starts or renews a lease. */
    public static final String HELD = "claimed_until = now() + interval '" + LENGTH.toSeconds() + " seconds'";

    /** Assignments that end a claim. */
    public static final String ENDED = "claimed_by = NULL, claimed_until = NULL, claim_id = NULL";

    private Lease() {}

    /**
     * Returns the statement that renews all leases of {@code :node} in a table. It skips locked rows, such as one being
     * settled: waiting would delay the other leases, and no node claims a locked row.
     */
    public static String renewal(String table, String id) {
        return """
                UPDATE %1$s SET %3$s
                WHERE %2$s = ANY (ARRAY(SELECT %2$s FROM %1$s WHERE claimed_by = :node FOR UPDATE SKIP LOCKED))
                """.formatted(table, id, HELD);
    }
}
