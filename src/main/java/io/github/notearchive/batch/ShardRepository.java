package io.github.notearchive.batch;

import io.github.notearchive.io.jdbc.Lease;
import io.github.notearchive.io.jdbc.Transactions;
import java.sql.Timestamp;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Repository;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.support.TransactionTemplate;

/**
 * Reads and writes the shards of scans. {@link #hold} and {@link #advance} are part of the caller's transaction; the
 * other methods commit on return.
 */
@Repository
public final class ShardRepository {

    /** Condition: the shard is one of a step of a scan. */
    private static final String OF_STEP = "scan = :scan AND since = :since AND step = :step";

    private final JdbcClient jdbc;
    private final PlatformTransactionManager transactions;

    ShardRepository(JdbcClient jdbc, PlatformTransactionManager transactions) {
        this.jdbc = jdbc;
        this.transactions = transactions;
    }

    /** Returns a template for transactions of their own, with the connections of the shards. */
    public TransactionTemplate separateTransaction() {
        return Transactions.separate(transactions);
    }

    /** Returns a template that suspends the caller's transaction. */
    public TransactionTemplate outsideOfTransactions() {
        return Transactions.none(transactions);
    }

    /**
     * A scan that several nodes share.
     *
     * @param since when it began, by the clock of the node that cut it
     * @param isResumed whether it was open before
     */
    public record Scan(String name, Instant since, boolean isResumed) {}

    /**
     * A range of keys: after {@code lower}, up to {@code upper}, which is included; null for no end. Shards are claimed
     * in the order in which they are listed.
     */
    public record NewShard(
            String step, String lower, @Nullable String upper) {}

    /**
     * A claimed shard.
     *
     * @param position last key whose rows are committed; null if there is none
     * @param result counts as JSON, committed with the rows; null if there are none
     */
    public record Shard(
            long id,
            String lower,
            @Nullable String upper,
            @Nullable String position,
            @Nullable String result,
            long claimId) {

        /** Returns the key after which it continues. */
        public String after() {
            return position == null ? lower : position;
        }
    }

    /** Returns the open scan of a name; empty if none is open. */
    public Optional<Scan> open(String scan) {
        return jdbc.sql("""
                        SELECT since FROM scan_shard WHERE scan = :scan AND done_at IS NULL ORDER BY since DESC LIMIT 1
                        """)
                .param("scan", scan)
                .query(Timestamp.class)
                .optional()
                .map(since -> new Scan(scan, since.toInstant(), true));
    }

    /** Joins the open scan of a name, or begins one, whose shards are then cut. */
    public Scan join(String scan, Instant now, Supplier<List<NewShard>> cut) {
        Optional<Scan> joined = open(scan);
        if (joined.isPresent()) {
            return joined.get();
        }
        Instant since = now.truncatedTo(ChronoUnit.MICROS);
        List<NewShard> shards = cut.get();
        return separateTransaction().execute(_ -> {
            jdbc.sql("LOCK TABLE scan_shard IN SHARE ROW EXCLUSIVE MODE").update();
            return open(scan).orElseGet(() -> {
                deleteBefore(scan, since);
                create(scan, since, shards);
                return new Scan(scan, since, false);
            });
        });
    }

    /** Returns whether a scan has a step. */
    public boolean has(Scan scan, String step) {
        return of(scan, step, "SELECT EXISTS (SELECT 1 FROM scan_shard WHERE %s)".formatted(OF_STEP))
                .query(Boolean.class)
                .single();
    }

    /** Deletes the open scans of a name unless a node processes a shard; returns whether there were any. */
    public boolean abandon(String scan) {
        return jdbc.sql("""
                                DELETE FROM scan_shard
                                WHERE scan = :scan AND done_at IS NULL
                                  AND NOT EXISTS (SELECT 1 FROM scan_shard WHERE scan = :scan AND claimed_until > now())
                                """).param("scan", scan).update() > 0;
    }

    /** Deletes all scans of a name but the last one, whose nodes may still read its results. */
    private void deleteBefore(String scan, Instant since) {
        jdbc.sql("""
                        DELETE FROM scan_shard
                        WHERE scan = :scan AND since <> coalesce((SELECT max(since) FROM scan_shard
                                                                  WHERE scan = :scan AND since <> :since), 'epoch')
                        """).param("scan", scan).param("since", Timestamp.from(since)).update();
    }

    private void create(String scan, Instant since, List<NewShard> shards) {
        jdbc.sql("""
                        INSERT INTO scan_shard (scan, since, step, lower, upper)
                        SELECT :scan, :since, step, lower, upper
                        FROM unnest(:steps::text[], :lowers::text[], :uppers::text[]) WITH ORDINALITY
                             AS cut (step, lower, upper, number)
                        ORDER BY number
                        """)
                .param("scan", scan)
                .param("since", Timestamp.from(since))
                .param("steps", texts(shards, NewShard::step))
                .param("lowers", texts(shards, NewShard::lower))
                .param("uppers", texts(shards, NewShard::upper))
                .update();
    }

    private static @Nullable String[] texts(List<NewShard> shards, Function<NewShard, @Nullable String> value) {
        return shards.stream().map(value).toArray(String[]::new);
    }

    /** Opens the done shards of a step, for what they contain since then. */
    public void reopen(Scan scan, String step) {
        of(scan, step, "UPDATE scan_shard SET done_at = NULL, position = NULL WHERE done_at IS NOT NULL AND " + OF_STEP)
                .update();
    }

    /** Claims the next free shard of a step for a node; empty if there is none. */
    Optional<Shard> claim(Scan scan, String step, String node) {
        return separateTransaction()
                .execute(_ -> of(scan, step, """
                        UPDATE scan_shard SET claimed_by = :node, %s, claim_id = nextval('scan_shard_claim_seq')
                        WHERE id = (SELECT id FROM scan_shard WHERE %s AND done_at IS NULL AND %s
                                    ORDER BY result IS NOT NULL, id LIMIT 1 FOR UPDATE SKIP LOCKED)
                        RETURNING id, lower, upper, position, result::text AS result, claim_id
                        """.formatted(Lease.HELD, OF_STEP, Lease.FREE))
                        .param("node", node)
                        .query(Shard.class)
                        .optional());
    }

    /** Returns the nodes that hold the shards of a step that are not done; empty if all are done. */
    List<String> holders(Scan scan, String step) {
        return separateTransaction()
                .execute(_ -> of(scan, step, """
                        SELECT DISTINCT coalesce(claimed_by, 'none') FROM scan_shard WHERE done_at IS NULL AND %s
                        """.formatted(OF_STEP))
                        .query(String.class)
                        .list());
    }

    private JdbcClient.StatementSpec of(Scan scan, String step, String sql) {
        return jdbc.sql(sql)
                .param("scan", scan.name())
                .param("since", Timestamp.from(scan.since()))
                .param("step", step);
    }

    /**
     * Renews the lease of a shard, and locks it until the end of the transaction, so that no other node claims it.
     *
     * @return false if the claim was lost
     */
    boolean hold(Shard shard) {
        return jdbc.sql("UPDATE scan_shard SET %s WHERE id = :id AND claim_id = :claim".formatted(Lease.HELD))
                        .param("id", shard.id())
                        .param("claim", shard.claimId())
                        .update()
                == 1;
    }

    /** Writes position and result of a shard; one that is done is released. */
    void advance(Shard shard, boolean isDone) {
        jdbc.sql("""
                        UPDATE scan_shard SET position = :position::text, result = :result::text::jsonb %s
                        WHERE id = :id AND claim_id = :claim
                        """.formatted(isDone ? ", done_at = clock_timestamp(), " + Lease.ENDED : ""))
                .param("position", shard.position())
                .param("result", shard.result())
                .param("id", shard.id())
                .param("claim", shard.claimId())
                .update();
    }

    void renewLeases(String node) {
        jdbc.sql(Lease.renewal("scan_shard", "id")).param("node", node).update();
    }

    /** Releases the shards of a node. Requires its lock. */
    void release(String node) {
        jdbc.sql("UPDATE scan_shard SET %s WHERE claimed_by = :node".formatted(Lease.ENDED))
                .param("node", node)
                .update();
    }

    /** Returns the results of all shards that have one, as JSON. */
    List<String> results(Scan scan) {
        return jdbc.sql("""
                        SELECT result::text AS result FROM scan_shard
                        WHERE scan = :scan AND since = :since AND result IS NOT NULL
                        """)
                .param("scan", scan.name())
                .param("since", Timestamp.from(scan.since()))
                .query((row, _) -> row.getString("result"))
                .list();
    }
}
