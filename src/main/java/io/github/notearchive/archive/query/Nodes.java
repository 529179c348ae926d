package io.github.notearchive.archive.query;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.github.notearchive.io.jdbc.Columns;
import io.github.notearchive.io.jdbc.Lease;
import io.github.notearchive.io.jdbc.NodeLocks;
import io.github.notearchive.note.Night;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;

/** Reads the nodes of this archive and their states. */
@Component
public final class Nodes {

    private static final String NODES = """
            WITH latest AS (
                SELECT DISTINCT ON (h.node) h.node, h.job_execution_id AS execution, h.exit_code,
                       h.status IN ('STARTING', 'STARTED', 'STOPPING', 'UNKNOWN') AS is_open,
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
                SELECT h.node, sum(c.calls)::bigint AS calls
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
                FROM locks l WHERE NOT EXISTS (SELECT 1 FROM named n WHERE l.objid = hashtext(n.node)::oid)),
            known AS (
                SELECT n.*, e.execution, coalesce(e.is_open, false) AS is_open, e.exit_code, e.began, e.ended,
                       greatest(n.state_change, k.renewed_until - :lease * interval '1 second',
                                (SELECT max(greatest(a.sent_at, a.received_at))
                                 FROM api_call a WHERE a.job_execution_id = e.execution),
                                e.ended, e.began) AS last_heard,
                       coalesce(k.notes, 0) AS claimed_notes, k.leases_end, coalesce(c.calls, 0) AS calls_tonight
                FROM nodes n
                LEFT JOIN latest e USING (node)
                LEFT JOIN claims k USING (node)
                LEFT JOIN called c USING (node))
            SELECT node, claimed_notes, leases_end, last_heard, calls_tonight,
                   CASE WHEN locked AND last_heard < clock_timestamp() - interval '1 minute' THEN 'SILENT'
                        WHEN locked THEN 'RUNNING' WHEN is_open THEN 'DIED' ELSE 'ENDED' END AS state,
                   CASE WHEN NOT locked OR is_open THEN execution END AS execution,
                   CASE WHEN NOT locked AND NOT is_open THEN exit_code END AS exit_code,
                   CASE WHEN locked THEN coalesce(backend_start, began) ELSE began END AS began,
                   CASE WHEN NOT locked AND NOT is_open THEN ended END AS ended
            FROM known
            ORDER BY locked DESC, node
            """.formatted(NodeLocks.OF_GROUP);

    private final JdbcClient jdbc;

    Nodes(JdbcClient jdbc) {
        this.jdbc = jdbc;
    }

    public enum State {
        /** It holds its lock, which a run checks every two seconds, and was active within the last minute. */
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
     * @param began when the last run began, in the time zone of this machine if it has not ended
     * @param leasesEnd when the first of its leases ends, before which no other node claims that note; null without any
     * @param lastHeard last sign of activity, by the clock of the database
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
            long callsTonight) {

        /** Returns what an operator has to do; null if nothing. */
        @JsonProperty
        public @Nullable String next() {
            String takeover = leasesEnd == null ? "" : "; active nodes claim its notes from " + Night.local(leasesEnd);
            String resume =
                    "note-archive run --node " + node + " resumes its work and releases its notes at once" + takeover;
            return switch (state) {
                case RUNNING -> null;
                case ENDED -> leasesEnd == null ? null : resume;
                case DIED -> resume;
                case SILENT ->
                    "its machine or network may be down: check it; the lock is released when the database closes"
                            + " its connection" + takeover;
            };
        }
    }

    /** Returns all nodes that ever ran or hold notes, running ones first. */
    public List<Node> all(Night tonight) {
        return jdbc.sql(NODES)
                .params(CallTotals.period(tonight))
                .param("application", NodeLocks.APPLICATION)
                .param("group", NodeLocks.GROUP)
                .param("lease", Lease.LENGTH.toSeconds())
                .query(Columns.of(Node.class))
                .list();
    }
}
