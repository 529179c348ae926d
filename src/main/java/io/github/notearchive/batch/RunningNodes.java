package io.github.notearchive.batch;

import java.time.Instant;
import java.util.List;
import org.springframework.jdbc.core.simple.JdbcClient;

/** Lists the nodes that hold a lock of the archive: runs, rebuilds, erasures. */
public final class RunningNodes {

    /** Prefix of the application name of {@link RunnerLock} connections, before the node. */
    public static final String APPLICATION = RunnerLock.RUNS + " runner ";

    private RunningNodes() {}

    /**
     * A node with a lock.
     *
     * @param node name of the node; empty if the database hides the owner of the connection
     * @param since when its connection was opened, by the clock of the database
     */
    public record RunningNode(String node, Instant since) {}

    /** Reads the locks; needs no table. */
    public static List<RunningNode> in(JdbcClient jdbc) {
        return jdbc.sql("""
                        SELECT coalesce(a.application_name, '') AS application, coalesce(a.backend_start, now()) AS since
                        FROM pg_locks l LEFT JOIN pg_stat_activity a USING (pid)
                        WHERE %s
                        ORDER BY since, application
                        """.formatted(RunnerLock.OF_GROUP))
                .param("group", RunnerLock.RUNS)
                .query((row, _) -> new RunningNode(
                        node(row.getString("application")),
                        row.getTimestamp("since").toInstant()))
                .list();
    }

    private static String node(String application) {
        return application.startsWith(APPLICATION) ? application.substring(APPLICATION.length()) : "";
    }
}
