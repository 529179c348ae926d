package io.github.notearchive.nightly;

import io.github.notearchive.batch.RunnerLock;
import java.time.Instant;
import java.util.List;
import org.springframework.jdbc.core.simple.JdbcClient;

/** Which nodes hold the archive at this moment: those that run, and whoever rebuilds or forgets. */
public final class RunningNodes {

    /** What {@link RunnerLock} calls its connection, before the name of the node. */
    public static final String APPLICATION = RunnerLock.RUNS + " runner ";

    private RunningNodes() {}

    /**
     * One of them.
     *
     * @param node its name; empty where the database does not show us whose connection it is
     * @param since when its connection was made, by the database's clock
     */
    public record RunningNode(String node, Instant since) {}

    /** Reads what locks there are; writes nothing, and needs no table. */
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
