package io.github.notearchive.archive.query;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;

/** Example queries on the tables and their results, which the sandbox prints. Read whole tables. */
@Component
public final class SampleQueries {

    private final JdbcClient jdbc;

    SampleQueries(JdbcClient jdbc) {
        this.jdbc = jdbc;
    }

    public record SampleQuery(String title, String sql, List<Map<String, @Nullable Object>> rows) {}

    public List<SampleQuery> all() {
        return List.of(
                sample("The runs", """
                        SELECT job_execution_id AS execution, job_instance_id AS instance, status, exit_code, notes,
                               exit_message
                        FROM run_history ORDER BY job_execution_id
                        """),
                sample("The worklist", """
                        SELECT state, count(*) AS notes,
                               min(due_at AT TIME ZONE 'Asia/Shanghai') AS next_due_in_shanghai
                        FROM worklist GROUP BY state ORDER BY state
                        """),
                sample("The ledger: calls and their billing", """
                        SELECT job_execution_id AS execution, code, billed, count(*) AS calls
                        FROM api_call GROUP BY 1, 2, 3 ORDER BY 1, 2
                        """),
                sample("The files", """
                        SELECT kind, state, reason, count(*) AS files, count(DISTINCT sha256) AS objects,
                               sum(size_bytes) AS bytes
                        FROM note_media LEFT JOIN media_object USING (sha256) GROUP BY 1, 2, 3 ORDER BY 1, 2
                        """),
                sample("The notes with the most likes", """
                        SELECT note_id, title, nickname AS author, liked_count AS likes
                        FROM note JOIN author USING (author_id) ORDER BY liked_count DESC NULLS LAST LIMIT 5
                        """));
    }

    private SampleQuery sample(String title, String sql) {
        return new SampleQuery(title, sql, jdbc.sql(sql).query().listOfRows());
    }
}
