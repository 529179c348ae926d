package io.github.notearchive.maintenance.rebuild;

import io.github.notearchive.archive.catalog.RebuiltTables.Rows;
import io.github.notearchive.batch.ExitCode;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a rebuild did, and how it ended.
 *
 * @param exitCode how it ended
 * @param reason why, for a person to read
 * @param execution its row in {@code batch_job_execution}; null when no execution was started
 * @param restart whether it continued an unfinished one
 * @param found what was met in the bucket, by those before it that it continued, too
 * @param rows what the tables hold now
 * @param sidecarsNow sidecars that this execution itself has read
 * @param took from its start to its end
 */
public record RebuildSummary(
        ExitCode exitCode,
        String reason,
        @Nullable Long execution,
        boolean restart,
        Found found,
        Rows rows,
        long sidecarsNow,
        Duration took) {

    /**
     * What was met in the bucket.
     *
     * @param sidecars how many were read, the refused ones included
     * @param refused of those, how many could not be used
     * @param lost files that notes should have and the bucket has not
     * @param written sidecars whose rows were written; the tables had those of the others
     * @param findings the first of the refused and the lost, each with its reason
     */
    public record Found(long sidecars, long refused, long lost, long written, List<String> findings) {

        static final Found NONE = new Found(0, 0, 0, 0, List.of());
    }

    /**
     * A rebuild that ended before an execution began, or whose end the database did not take, so that nobody can say
     * what it brought back.
     */
    static RebuildSummary untold(ExitCode exitCode, String reason, Duration took) {
        return new RebuildSummary(exitCode, reason, null, false, Found.NONE, Rows.NONE, 0, took);
    }
}
