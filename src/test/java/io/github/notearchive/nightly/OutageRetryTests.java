package io.github.notearchive.nightly;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.mockito.Mockito.mock;

import io.github.notearchive.batch.ArchiveProperties;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.batch.StopReason;
import io.github.notearchive.media.MediaDownloader;
import io.github.notearchive.provider.JustOneApiClient;
import io.github.notearchive.provider.Settings;
import io.github.notearchive.store.ObjectStore;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.dao.DataAccessResourceFailureException;

/** Attempts of a step that fails because the database is unavailable. */
class OutageRetryTests {

    private final RunStopper gate = new RunStopper(mock(JustOneApiClient.class), mock(MediaDownloader.class));
    private final AtomicInteger attempts = new AtomicInteger();

    @BeforeEach
    void beginRun() {
        gate.open();
    }

    /** Each attempt may take a minute, the time limit of a lock. */
    @Test
    void stepThatHasFailedForTheLimitClosesTheGateAndIsNotTriedAgain() {
        OutageRetry outages = retryFor(gate, Duration.ZERO);

        assertThatThrownBy(() -> outages.run(this::fail)).isInstanceOf(DataAccessResourceFailureException.class);

        assertThat(attempts).hasValue(1);
        assertThat(gate.stopReason()).map(StopReason::exitCode).contains(ExitCode.UPSTREAM_UNAVAILABLE);
    }

    @Test
    void closedGateEndsTheWaitAndTheDatabaseIsTriedOnceMore() {
        OutageRetry outages = retryFor(gate, Duration.ofMinutes(10));

        assertThatThrownBy(() -> outages.run(() -> {
                    if (attempts.get() == 1) {
                        gate.close(ExitCode.INTERRUPTED, "SIGTERM");
                    }
                    fail();
                }))
                .isInstanceOf(DataAccessResourceFailureException.class);

        assertThat(attempts).hasValue(3);
    }

    static OutageRetry retryFor(RunStopper gate, Duration limit) {
        ArchiveProperties settings =
                Settings.bind("archive", ArchiveProperties.class, "retry.delays", "5s", "outage.after", limit);
        return new OutageRetry(gate, mock(ObjectStore.class), settings);
    }

    private void fail() {
        attempts.incrementAndGet();
        throw new DataAccessResourceFailureException("the connection is refused");
    }
}
