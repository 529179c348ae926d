package io.github.notearchive.maintenance.verify;

import io.github.notearchive.archive.catalog.Damage;
import io.github.notearchive.archive.catalog.Finding;
import io.github.notearchive.batch.CommandResult;
import io.github.notearchive.batch.ExitCode;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What an audit did, what is wrong, and how it ended.
 *
 * @param exitCode how it ended
 * @param reason why, for a person to read
 * @param execution its row in {@code batch_job_execution}; null when no execution was started
 * @param instance the job instance that it belongs to; null when no execution was started
 * @param restart whether it continued an unfinished audit
 * @param files files read by this execution
 * @param sidecars sidecars read by this execution
 * @param bytes bytes read by this execution
 * @param listed objects in the bucket that this execution compared with the rows
 * @param young of these, how many no row points at, but are too young to be called orphans
 * @param dateInFuture objects whose verification was dated later than the start of this execution, and which count as
 *     never verified
 * @param open open findings of all audits by their kind
 * @param examples the first of them
 * @param filesLeft files that the audit has yet to read
 * @param sidecarsLeft sidecars that it has yet to read
 * @param oldestVerified when the file verified the longest ago was; null when one never was, or there is none
 * @param repairs what was done about findings
 * @param took from the start to the end
 */
public record VerifySummary(
        ExitCode exitCode,
        String reason,
        @Nullable Long execution,
        @Nullable Long instance,
        boolean restart,
        long files,
        long sidecars,
        long bytes,
        long listed,
        long young,
        long dateInFuture,
        Map<Damage.Kind, Long> open,
        List<Finding> examples,
        long filesLeft,
        long sidecarsLeft,
        @Nullable Instant oldestVerified,
        Repaired repairs,
        Duration took) {

    /**
     * What was done about findings.
     *
     * @param notesMadeDue notes that the next run takes up to store a file anew
     * @param waiting files whose notes were due already, or in work
     * @param sidecarsRewritten sidecars written anew from the ledger
     * @param notPossible findings that nothing could be done about; their rows say why
     * @param orphansRemoved the names of the orphans that were removed
     * @param orphansLeft orphans that were to be removed and are left, with the reason
     */
    public record Repaired(
            long notesMadeDue,
            long waiting,
            long sidecarsRewritten,
            long notPossible,
            List<String> orphansRemoved,
            List<String> orphansLeft) {}

    /**
     * An audit that ended before an execution began, or whose end the database did not take, so that nobody can say
     * what it found.
     */
    static VerifySummary untold(ExitCode exitCode, String reason, Duration took) {
        return new VerifySummary(
                exitCode,
                reason,
                null,
                null,
                false,
                0,
                0,
                0,
                0,
                0,
                0,
                Map.of(),
                List.of(),
                0,
                0,
                null,
                new Repaired(0, 0, 0, 0, List.of(), List.of()),
                took);
    }

    /** Returns the part of the summary that telemetry reports, with the recommended action. */
    public CommandResult result(String next) {
        return execution == null
                ? CommandResult.notStarted(exitCode, reason, next)
                : new CommandResult(exitCode, reason, next, true, execution, restart, null, null, open);
    }

    /** How many findings are open. */
    public long findings() {
        return open.values().stream().mapToLong(Long::longValue).sum();
    }
}
