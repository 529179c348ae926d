package io.github.notearchive.batch;

import org.springframework.batch.core.ExitStatus;

/**
 * Why a job stops before its work is done.
 *
 * @param exitCode exit code of the process
 * @param reason text for the operator
 */
public record StopReason(ExitCode exitCode, String reason) {

    /** Returns the exit status as stored in the job repository. */
    public ExitStatus exitStatus() {
        return new ExitStatus(exitCode.name(), reason);
    }
}
