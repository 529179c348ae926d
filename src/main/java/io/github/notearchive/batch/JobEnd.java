package io.github.notearchive.batch;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * End of a command that executes a job.
 *
 * @param reason cause of the exit code, for an operator
 * @param execution row of {@code batch_job_execution}; null if none was created
 * @param instance its job instance; null without an execution
 * @param restart whether the execution resumed an unfinished job instance
 * @param took time since the start of the command
 */
public record JobEnd(
        ExitCode exitCode,
        String reason,
        @Nullable Long execution,
        @Nullable Long instance,
        boolean restart,
        Duration took) {

    /** Returns the end of a command that created no execution. */
    public static JobEnd notStarted(ExitCode exitCode, String reason, Duration took) {
        return new JobEnd(exitCode, reason, null, null, false, took);
    }

    /** Returns the recommended action, for an operator. */
    public String next() {
        return execution == null ? exitCode.nextIfNotStarted() : exitCode.next();
    }

    /** Summary of a command, with its end. */
    public interface Summary {

        JobEnd end();

        default ExitCode exitCode() {
            return end().exitCode();
        }

        default String reason() {
            return end().reason();
        }

        default @Nullable Long execution() {
            return end().execution();
        }

        default @Nullable Long instance() {
            return end().instance();
        }

        default boolean restart() {
            return end().restart();
        }

        default Duration took() {
            return end().took();
        }
    }
}
