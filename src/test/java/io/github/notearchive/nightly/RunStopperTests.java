package io.github.notearchive.nightly;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.never;
import static org.mockito.Mockito.times;
import static org.mockito.Mockito.verify;

import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.batch.StopReason;
import io.github.notearchive.media.MediaDownloader;
import io.github.notearchive.provider.JustOneApiClient;
import java.time.Duration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Which calls a closed gate ends, and when it aborts work in progress. */
class RunStopperTests {

    private final JustOneApiClient provider = mock();
    private final MediaDownloader downloads = mock();
    private final RunStopper gate = new RunStopper(provider, downloads);

    @BeforeEach
    void open() {
        gate.open();
    }

    @Test
    void abortsWorkInProgressSevenMinutesAfterASignal() {
        gate.close(ExitCode.QUOTA_EXHAUSTED, "the quota is used up");
        abortAfter(Duration.ofHours(1));
        verify(provider, never().description("only a signal or a time limit sets a deadline"))
                .abort();

        gate.stop("SIGTERM");
        abortAfter(Duration.ofMinutes(6));
        verify(provider, never()).abort();
        abortAfter(Duration.ofMinutes(7));
        abortAfter(Duration.ofMinutes(8));

        verify(provider, times(1)).abort();
        verify(downloads, times(1)).abort();
    }

    private void abortAfter(Duration time) {
        gate.abortAfterDeadline(System.nanoTime() + time.toNanos());
    }

    @Test
    void ownLimitDoesNotEndCallsWithinIt() {
        gate.closeAtOwnLimit("1 call a night is used up");

        assertThat(gate.isClosed()).isTrue();
        verify(provider, never()).end("1 call a night is used up");
    }

    @Test
    void signalAfterOurOwnLimitEndsCallsAndKeepsTheReason() {
        gate.closeAtOwnLimit("1 call a night is used up");

        gate.stop("SIGTERM");

        verify(provider).end("SIGTERM");
        assertThat(gate.stopReason()).contains(new StopReason(ExitCode.QUOTA_EXHAUSTED, "1 call a night is used up"));
    }
}
