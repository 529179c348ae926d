package io.github.notearchive.maintenance.verify;

import io.github.notearchive.archive.catalog.AuditRepository.Finding;
import io.github.notearchive.archive.catalog.Damage;
import io.github.notearchive.batch.CommandResult;
import io.github.notearchive.batch.ExitCode;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Summary of an audit.
 *
 * @param reason cause of the exit code, for an operator
 * @param execution row of {@code batch_job_execution}; null if none was created
 * @param instance job instance of the execution; null if none was created
 * @param restart whether it resumed an unfinished audit
 * @param files files read by this execution
 * @param sidecars sidecars read by this execution
 * @param bytes bytes read by this execution
 * @param listed objects in the bucket that this execution compared with the rows
 * @param young unused objects that are too young to be orphans
 * @param dateInFuture objects verified later than the start of this execution; they count as never verified
 * @param open open findings of all audits by kind
 * @param examples the first of these
 * @param filesLeft files that remain to be read
 * @param sidecarsLeft sidecars that remain to be read
 * @param oldestVerified oldest verification of a file; null if a file was never verified, or there is none
 * @param repairs repairs of findings
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
     * Repairs of findings.
     *
     * @param notesMadeDue notes made due, so that the next run stores their files again
     * @param waiting files whose notes are due already, or in progress
     * @param sidecarsRewritten sidecars written again from the ledger
     * @param notPossible findings that could not be repaired; their rows contain the reason
     * @param orphansRemoved names of removed orphans
     * @param orphansLeft orphans that could not be removed, with the reason
     */
    public record Repaired(
            long notesMadeDue,
            long waiting,
            long sidecarsRewritten,
            long notPossible,
            List<String> orphansRemoved,
            List<String> orphansLeft) {}

    /** Returns the part of the summary that telemetry reports, with the recommended action. */
    public CommandResult result(String next) {
        return execution == null
                ? CommandResult.notStarted(exitCode, reason, next)
                : new CommandResult(exitCode, reason, next, true, execution, restart, null, null, open);
    }

    /** Returns the number of open findings. */
    public long findings() {
        return open.values().stream().mapToLong(Long::longValue).sum();
    }
}
