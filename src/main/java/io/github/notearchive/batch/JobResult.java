package io.github.notearchive.batch;

import io.github.notearchive.io.DatabaseErrors;
import java.util.Comparator;
import java.util.Optional;
import org.springframework.batch.core.BatchStatus;
import org.springframework.batch.core.job.JobExecution;
import org.springframework.batch.core.job.JobExecutionException;

/**
 * Result of an execution that has ended.
 *
 * @param end exit code and reason, as stored in the job repository
 * @param restart whether it resumed an unfinished instance
 */
public record JobResult(JobExecution execution, StopReason end, boolean restart) {

    static JobResult of(JobExecution execution, Gate gate, boolean restart) {
        StopReason end = switch (exitCodeOf(execution, gate)) {
            case FAILED, UPSTREAM_UNAVAILABLE -> failure(execution, gate);
            case ExitCode code -> new StopReason(code, execution.getExitStatus().getExitDescription());
        };
        return new JobResult(execution, end, restart);
    }

    /** Returns the exit code of an execution. Failures caused by an unavailable server are distinguished. */
    private static ExitCode exitCodeOf(JobExecution execution, Gate gate) {
        if (execution.getStatus() == BatchStatus.COMPLETED || execution.getStatus() == BatchStatus.STOPPED) {
            return ExitCode.named(execution.getExitStatus().getExitCode());
        }
        if (execution.getAllFailureExceptions().stream().anyMatch(DatabaseErrors::isRefused)) {
            return ExitCode.USAGE;
        }
        boolean unavailable = execution.getAllFailureExceptions().stream().anyMatch(DatabaseErrors::isUnavailable)
                || gate.isClosedFor(ExitCode.UPSTREAM_UNAVAILABLE);
        return unavailable ? ExitCode.UPSTREAM_UNAVAILABLE : ExitCode.FAILED;
    }

    /**
     * Returns exit code and reason of a failed execution. An earlier stop reason with another exit code, such as a
     * quota or a signal, is not the cause.
     */
    static StopReason failure(JobExecution execution, Gate gate) {
        ExitCode code = exitCodeOf(execution, gate);
        String reason = gate.stopReason()
                .filter(stop -> stop.exitCode() == code)
                .map(StopReason::reason)
                .or(() -> cause(execution, code))
                .or(() -> gate.stopReason().map(StopReason::reason))
                .orElse("see the log");
        return new StopReason(code, reason);
    }

    /** Describes the failure that determines the exit code; the failure of a partition handler is used last. */
    private static Optional<String> cause(JobExecution execution, ExitCode code) {
        return execution.getAllFailureExceptions().stream()
                .filter(failure ->
                        code == ExitCode.FAILED || StopReason.of(failure).exitCode() == code)
                .min(Comparator.comparing(JobExecutionException.class::isInstance))
                .map(failure -> StopReason.of(failure).reason());
    }
}
