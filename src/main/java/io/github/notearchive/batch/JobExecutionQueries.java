package io.github.notearchive.batch;

import io.github.notearchive.batch.RunnerLock.Scope;
import java.sql.Types;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.ToLongFunction;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.springframework.batch.core.step.StepExecution;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Repository;

/** Statements on the tables of Spring Batch that its job repository does not offer. */
@Repository
public final class JobExecutionQueries {

    /** Condition: execution {@code e} belongs to {@code :node}; always true if {@code :node} is null. */
    private static final String OF_NODE = """
            (:node::text IS NULL
             OR EXISTS (SELECT 1 FROM batch_job_execution_params p
                        WHERE p.job_execution_id = e.job_execution_id
                          AND p.parameter_name = 'node' AND p.parameter_value = :node))\
            """;

    private final JdbcClient jdbc;

    JobExecutionQueries(JdbcClient jdbc) {
        this.jdbc = jdbc;
    }

    /** Returns the executions of a job in a running state or UNKNOWN, newest first; of all nodes if it is null. */
    List<Long> unended(String job, @Nullable String node) {
        return jdbc.sql("""
                        SELECT e.job_execution_id
                        FROM batch_job_execution e
                        JOIN batch_job_instance i USING (job_instance_id)
                        WHERE i.job_name = :job
                          AND %s
                          AND (e.status IN ('STARTING', 'STARTED', 'STOPPING', 'UNKNOWN')
                               OR EXISTS (SELECT 1 FROM batch_step_execution s
                                          WHERE s.job_execution_id = e.job_execution_id
                                            AND s.status IN ('STARTING', 'STARTED', 'STOPPING', 'UNKNOWN')))
                        ORDER BY e.job_execution_id DESC
                        """.formatted(OF_NODE))
                .param("job", job)
                .param("node", node, Types.VARCHAR)
                .query((row, _) -> row.getLong("job_execution_id"))
                .list();
    }

    /** Returns the newest execution of a job, of any instance and a node, null for any; empty if there is none. */
    public Optional<Execution> newest(String job, @Nullable String node) {
        return newest(job, node, "true");
    }

    /** Returns the end of the newest run of a node that {@link ExitCode#isOrderly}; empty if there is none. */
    public Optional<Instant> lastOrderlyEnd(String node) {
        String orderly = Arrays.stream(ExitCode.values())
                .filter(ExitCode::isOrderly)
                .map(code -> "'" + code + "'")
                .collect(Collectors.joining(", ", "e.exit_code IN (", ")"));
        return newest(JobNames.NIGHTLY, node, orderly).map(Execution::ended);
    }

    private Optional<Execution> newest(String job, @Nullable String node, String condition) {
        return jdbc.sql("""
                        SELECT e.job_execution_id AS execution, e.job_instance_id AS instance, e.status, e.exit_code,
                               e.start_time AT TIME ZONE 'UTC' AS began, e.end_time AT TIME ZONE 'UTC' AS ended
                        FROM batch_job_execution e
                        JOIN batch_job_instance i USING (job_instance_id)
                        WHERE i.job_name = :job AND %s
                          AND %s
                        ORDER BY e.job_execution_id DESC
                        LIMIT 1
                        """.formatted(condition, OF_NODE))
                .param("job", job)
                .param("node", node, Types.VARCHAR)
                .query(Execution.class)
                .optional();
    }

    /** Returns whether any node started a rebuild of the tables, or a merge, of which shards are not done. */
    public boolean isRebuildUnfinished() {
        return jdbc.sql("SELECT EXISTS (SELECT 1 FROM scan_shard WHERE scan = :scan AND done_at IS NULL)")
                .param("scan", JobNames.REBUILD)
                .query(Boolean.class)
                .single();
    }

    /** Returns whether a remap was started that is neither completed nor active. */
    public boolean isRemapUnfinished() {
        return newest(JobNames.REMAP, null)
                .filter(execution -> !execution.status().equals("COMPLETED"))
                .filter(_ -> !RunnerLock.isTaken(jdbc, Scope.REMAP, ""))
                .isPresent();
    }

    /** Returns whether a process of this node is running, rebuilding or erasing. */
    public boolean isRunActive(String node) {
        return RunnerLock.isTaken(jdbc, Scope.RUN, node);
    }

    /**
     * Writes the counts of active steps in one statement; may be repeated. A step that the job repository has written
     * meanwhile, at its end or when another process recovers it, has another version and is not changed.
     */
    public void writeCounts(Collection<StepExecution> steps) {
        jdbc.sql("""
                        UPDATE batch_step_execution s
                        SET commit_count = c.commits, read_count = c.reads, filter_count = c.filtered,
                            write_count = c.writes, last_updated = :now
                        FROM unnest(:steps, :versions, :commits, :reads, :filtered, :writes)
                             AS c (step, version, commits, reads, filtered, writes)
                        WHERE s.step_execution_id = c.step AND s.version = c.version
                        """)
                .param("now", now())
                .param("steps", longs(steps, StepExecution::getId))
                .param("versions", longs(steps, step -> Objects.requireNonNull(step.getVersion())))
                .param("commits", longs(steps, StepExecution::getCommitCount))
                .param("reads", longs(steps, StepExecution::getReadCount))
                .param("filtered", longs(steps, StepExecution::getFilterCount))
                .param("writes", longs(steps, StepExecution::getWriteCount))
                .update();
    }

    /** Returns the time as Spring Batch writes it. */
    static LocalDateTime now() {
        return LocalDateTime.now(ZoneId.systemDefault());
    }

    private static long[] longs(Collection<StepExecution> steps, ToLongFunction<StepExecution> value) {
        return steps.stream().mapToLong(value).toArray();
    }

    /** Returns whether the stop of an execution was requested, by {@code JobOperator.stop} of any process. */
    public boolean isStopRequested(long jobExecutionId) {
        return jdbc.sql("""
                        SELECT EXISTS (SELECT 1 FROM batch_job_execution
                                       WHERE job_execution_id = :execution AND status IN ('STOPPING', 'STOPPED'))
                        """)
                .param("execution", jobExecutionId)
                .query(Boolean.class)
                .single();
    }

    public List<Long> siblingsOf(long jobExecutionId) {
        return jdbc.sql("""
                        SELECT e.job_execution_id
                        FROM batch_job_execution e
                        WHERE e.job_instance_id = (SELECT o.job_instance_id FROM batch_job_execution o
                                                   WHERE o.job_execution_id = :execution)
                        ORDER BY e.job_execution_id
                        """)
                .param("execution", jobExecutionId)
                .query((row, _) -> row.getLong("job_execution_id"))
                .list();
    }

    /** One execution of a job. Spring Batch writes local times of the process, which are UTC. */
    public record Execution(
            long execution,
            long instance,
            String status,
            String exitCode,
            @Nullable Instant began,
            @Nullable Instant ended) {}
}
