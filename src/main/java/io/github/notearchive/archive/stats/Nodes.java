package io.github.notearchive.archive.stats;

import static io.github.notearchive.io.Timestamps.instant;

import io.github.notearchive.archive.worklist.ClaimRepository;
import io.github.notearchive.batch.RunnerLock;
import io.github.notearchive.note.Night;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Repository;

/** Reads the nodes of this archive and their states. */
@Repository
public class Nodes {

    /** A run checks its lock every two seconds. */
    private static final Duration SILENT_AFTER = Duration.ofMinutes(1);

    private final JdbcClient jdbc;

    Nodes(JdbcClient jdbc) {
        this.jdbc = jdbc;
    }

    /** State of a node. */
    public enum State {
        /** It holds its lock and was active within the last minute. */
        RUNNING,
        /** It holds its lock, but was not active for a minute or more. */
        SILENT,
        /** The last run has not ended, and no session holds its lock. */
        DIED,
        ENDED
    }

    /**
     * A node and its last run.
     *
     * @param node its name; empty if the database does not show the connection that holds the lock
     * @param execution its last run; null before the first one, and while a rebuild or an erasure uses this name
     * @param exitCode exit code of the last run; null while it runs, and if the node died
     * @param began when the last run began, in the time zone of this machine if it has not ended
     * @param leasesEnd when the first of its leases ends, before which no other node claims that note; null without any
     * @param lastHeard last sign of activity, by the clock of the database
     * @param next what an operator has to do; null if nothing
     */
    public record Node(
            String node,
            State state,
            @Nullable Long execution,
            @Nullable String exitCode,
            @Nullable Instant began,
            @Nullable Instant ended,
            long claimedNotes,
            @Nullable Instant leasesEnd,
            @Nullable Instant lastHeard,
            long callsTonight,
            @Nullable String next) {}

    /** Returns all nodes that ever ran or hold notes, running ones first. */
    public List<Node> all(Night tonight) {
        return jdbc.sql("""
                        WITH latest AS (
                            SELECT DISTINCT ON (h.node) h.node, h.job_execution_id, h.status, h.exit_code,
                                   coalesce(s.began_at, h.started_at AT TIME ZONE 'UTC') AS began,
                                   coalesce(s.ended_at, h.ended_at AT TIME ZONE 'UTC') AS ended
                            FROM run_history h LEFT JOIN run_summary s ON s.job_execution_id = h.job_execution_id
                            WHERE h.node IS NOT NULL
                            ORDER BY h.node, h.job_execution_id DESC),
                        claims AS (
                            SELECT claimed_by AS node, count(*) AS notes, min(claimed_until) AS leases_end,
                                   max(claimed_until) AS renewed_until
                            FROM worklist WHERE claimed_by IS NOT NULL GROUP BY claimed_by),
                        executed AS (
                            SELECT job_execution_id, count(*) AS calls
                            FROM api_call WHERE sent_at >= :begins AND sent_at < :ends GROUP BY job_execution_id),
                        called AS (
                            SELECT h.node, sum(c.calls) AS calls
                            FROM executed c JOIN run_history h ON h.job_execution_id = c.job_execution_id
                            GROUP BY h.node),
                        locks AS (
                            SELECT l.objid, a.backend_start, a.state_change,
                                   substr(a.application_name, length(:application) + 1) AS shown
                            FROM pg_locks l LEFT JOIN pg_stat_activity a USING (pid)
                            WHERE %s),
                        named AS (
                            SELECT node FROM latest UNION SELECT node FROM claims),
                        nodes AS (
                            SELECT n.node, l.objid IS NOT NULL AS locked, l.backend_start, l.state_change
                            FROM named n LEFT JOIN locks l ON l.objid = hashtext(n.node)::oid
                            UNION ALL
                            SELECT coalesce(l.shown, ''), true, l.backend_start, l.state_change
                            FROM locks l WHERE NOT EXISTS (SELECT 1 FROM named n WHERE l.objid = hashtext(n.node)::oid))
                        SELECT n.node, n.locked, coalesce(n.backend_start, e.began) AS running_since, e.job_execution_id,
                               e.status, e.exit_code, e.began, e.ended, coalesce(k.notes, 0) AS notes, k.leases_end,
                               coalesce(c.calls, 0) AS calls, clock_timestamp() AS now,
                               greatest(n.state_change, k.renewed_until - :lease * interval '1 second',
                                        (SELECT max(greatest(a.sent_at, a.received_at))
                                         FROM api_call a WHERE a.job_execution_id = e.job_execution_id),
                                        e.ended, e.began) AS last_heard
                        FROM nodes n
                        LEFT JOIN latest e USING (node)
                        LEFT JOIN claims k USING (node)
                        LEFT JOIN called c USING (node)
                        ORDER BY n.locked DESC, n.node
                        """.formatted(RunnerLock.OF_GROUP))
                .param("begins", Timestamp.from(tonight.begins()))
                .param("ends", Timestamp.from(tonight.ends()))
                .param("application", RunnerLock.APPLICATION)
                .param("group", RunnerLock.RUNS)
                .param("lease", ClaimRepository.LEASE.toSeconds())
                .query((row, _) -> node(row))
                .list();
    }

    private static Node node(ResultSet row) throws SQLException {
        String name = row.getString("node");
        boolean locked = row.getBoolean("locked");
        String status = row.getString("status");
        boolean isOpen = status != null
                && List.of("STARTING", "STARTED", "STOPPING", "UNKNOWN").contains(status);
        Instant active = instant(row.getTimestamp("last_heard"));
        Instant now = row.getTimestamp("now").toInstant();
        State state = State.ENDED;
        if (locked) {
            boolean isSilent = active != null && active.plus(SILENT_AFTER).isBefore(now);
            state = isSilent ? State.SILENT : State.RUNNING;
        } else if (isOpen) {
            state = State.DIED;
        }
        Instant leasesEnd = instant(row.getTimestamp("leases_end"));
        return new Node(
                name,
                state,
                locked && !isOpen ? null : row.getObject("job_execution_id", Long.class),
                state == State.ENDED ? row.getString("exit_code") : null,
                locked ? instant(row.getTimestamp("running_since")) : instant(row.getTimestamp("began")),
                state == State.ENDED ? instant(row.getTimestamp("ended")) : null,
                row.getLong("notes"),
                leasesEnd,
                active,
                row.getLong("calls"),
                next(state, name, leasesEnd));
    }

    private static @Nullable String next(State state, String node, @Nullable Instant leasesEnd) {
        String takeover = leasesEnd == null ? "" : "; active nodes claim its notes from " + Night.local(leasesEnd);
        return switch (state) {
            case RUNNING -> null;
            case ENDED -> leasesEnd == null ? null : continues(node, takeover);
            case SILENT ->
                "its machine or network may be down: check it; the lock is released when the database closes its connection"
                        + takeover;
            case DIED -> continues(node, takeover);
        };
    }

    private static String continues(String node, String takeover) {
        return "note-archive run --node " + node + " resumes its work and releases its notes at once" + takeover;
    }
}
