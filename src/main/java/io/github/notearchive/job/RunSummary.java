package io.github.notearchive.job;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * What a run did, and how it ended.
 *
 * @param exitCode how it ended
 * @param reason why, for a person to read
 * @param execution its row in {@code batch_job_execution}; null when no execution was started
 * @param instance the job instance that it belongs to; null when no execution was started
 * @param restart whether it continued an unfinished instance
 * @param archived notes that reached their end complete
 * @param unavailable notes that are not there, or no longer
 * @param postponed times that a note was put off
 * @param failed notes that were given up
 * @param released notes that were handed back untouched
 * @param files files stored, without those that were there already
 * @param filesKnown files whose bytes were in the store already
 * @param bytes bytes stored
 * @param mediaRequests requests to media servers, which cost nothing
 * @param calls requests to the provider
 * @param billed of those, how many are charged
 * @param maybeBilled of those, how many may be charged
 * @param took from the start to the end
 */
public record RunSummary(
        ExitCode exitCode,
        String reason,
        @Nullable Long execution,
        @Nullable Long instance,
        boolean restart,
        long archived,
        long unavailable,
        long postponed,
        long failed,
        long released,
        long files,
        long filesKnown,
        long bytes,
        long mediaRequests,
        long calls,
        long billed,
        long maybeBilled,
        Duration took) {

    /** A run that ended before an execution began: nothing was asked, nothing changed. */
    static RunSummary notStarted(ExitCode exitCode, String reason, Duration took) {
        return new RunSummary(
                exitCode, reason, null, null, false, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, took);
    }
}
