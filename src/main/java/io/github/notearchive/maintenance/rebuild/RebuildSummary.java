package io.github.notearchive.maintenance.rebuild;

import io.github.notearchive.archive.catalog.RebuiltTables.Rows;
import io.github.notearchive.batch.ExitCode;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Summary of a rebuild.
 *
 * @param reason cause of the exit code, for an operator
 * @param execution row of {@code batch_job_execution}; null if none was created
 * @param restart whether it resumed an unfinished rebuild
 * @param found contents of the bucket, read by all executions of the instance
 * @param rows rows of the tables at the end
 * @param sidecarsNow sidecars that this execution read
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
     * Contents of the bucket.
     *
     * @param sidecars sidecars that were read, including refused ones
     * @param refused sidecars that cannot be used
     * @param lost files of notes that the bucket does not have
     * @param written sidecars whose rows were written; the tables had those of the others
     * @param findings the first {@value #MAX_FINDINGS} refused sidecars and lost files, with the reason
     */
    public record Found(long sidecars, long refused, long lost, long written, List<String> findings) {

        static final int MAX_FINDINGS = 100;
        static final Found NONE = new Found(0, 0, 0, 0, List.of());

        Found plus(Found more) {
            return new Found(
                    sidecars + more.sidecars,
                    refused + more.refused,
                    lost + more.lost,
                    written + more.written,
                    Stream.concat(findings.stream(), more.findings.stream())
                            .limit(MAX_FINDINGS)
                            .toList());
        }
    }
}
