package io.github.notearchive.nightly;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.batch.StopReason;
import io.github.notearchive.media.MediaDownloader;
import io.github.notearchive.media.MediaProperties;
import io.github.notearchive.media.Spool;
import io.github.notearchive.note.Endpoint;
import io.github.notearchive.note.Night;
import io.github.notearchive.note.NoteId;
import io.github.notearchive.provider.CallKind;
import io.github.notearchive.provider.CallLimits;
import io.github.notearchive.provider.CallRecorder;
import io.github.notearchive.provider.CallRecorder.CallAdmission;
import io.github.notearchive.provider.CallRecorder.CallRecord;
import io.github.notearchive.provider.CallsEndedException;
import io.github.notearchive.provider.FetchRequest;
import io.github.notearchive.provider.JustOneApiClient;
import io.github.notearchive.provider.LocalRateLimitStore;
import io.github.notearchive.provider.NightlyCalls;
import io.github.notearchive.provider.ProviderReply;
import io.github.notearchive.provider.ResponseMemory;
import io.github.notearchive.provider.Settings;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;

/** What closing does to a call that is written down and waits out a pause. */
class RunStopperTests {

    private final Journal journal = new Journal();
    private final AtomicInteger aborts = new AtomicInteger();
    private final AtomicLong nanoTime = new AtomicLong();
    private final JustOneApiClient provider =
            new JustOneApiClient(
                    Settings.of(
                            "base-url",
                            "http://127.0.0.1:1",
                            "token",
                            "t",
                            "calls-per-night",
                            1,
                            "calls-per-second",
                            0.0005),
                    Settings.ofVideos(),
                    Settings.ofRefreshes(),
                    journal,
                    new LocalRateLimitStore(),
                    new ResponseMemory(),
                    Clock.systemUTC()) {
                @Override
                public void abort() {
                    aborts.incrementAndGet();
                    super.abort();
                }
            };
    private final FutureTask<Object> call = new FutureTask<>(() -> provider.fetch(
            CallKind.NOTE, new FetchRequest(new NoteId("69e5c3df00000000230102dc"), 1, null), Instant.MIN));
    private final Thread caller = Thread.ofPlatform().daemon().unstarted(call);

    private @TempDir Path spool;
    private MediaDownloader downloads;
    private RunStopper gate;

    @BeforeEach
    void aCallIsWrittenDownAndWaits() throws Exception {
        MediaProperties settings =
                new Binder(new MapConfigurationPropertySource()).bindOrCreate("archive.media", MediaProperties.class);
        downloads = new MediaDownloader(settings, new Spool(spool, settings));
        gate = new RunStopper(provider, downloads, nanoTime::get);
        gate.open();
        provider.open(Night.current(Clock.systemUTC()), NightlyCalls.NONE, true, gate::close);
        caller.start();
        assertThat(journal.written.await(10, TimeUnit.SECONDS)).isTrue();
    }

    @AfterEach
    void close() throws Exception {
        provider.abort();
        caller.join();
        provider.close();
        downloads.close();
    }

    @Test
    void sevenMinutesAfterASignalWhatIsInFlightIsReleased() {
        gate.close(ExitCode.QUOTA_EXHAUSTED, "the quota is used up");
        after(Duration.ofHours(1));
        assertThat(aborts).as("only a signal or a time limit sets a deadline").hasValue(0);

        gate.stop("SIGTERM");
        after(Duration.ofMinutes(6));
        assertThat(aborts).hasValue(0);
        after(Duration.ofMinutes(1));
        after(Duration.ofMinutes(1));

        assertThat(aborts).hasValue(1);
    }

    private void after(Duration time) {
        nanoTime.addAndGet(time.toNanos());
        gate.abortAfterDeadline();
    }

    @Test
    void ourOwnLimitLetsItLeave() {
        gate.closeAtOwnLimit("1 call a night is used up");

        assertThat(gate.isClosed()).isTrue();
        assertItWaits();
    }

    @Test
    void aSignalBehindOurOwnLimitGivesItBack() {
        gate.closeAtOwnLimit("1 call a night is used up");

        gate.stop("SIGTERM");

        assertItIsGivenBack("SIGTERM");
        assertThat(gate.stopReason()).contains(new StopReason(ExitCode.QUOTA_EXHAUSTED, "1 call a night is used up"));
    }

    @Test
    void whateverElseClosesGivesItBack() {
        gate.close(ExitCode.UPSTREAM_UNAVAILABLE, "the store is away");

        assertItIsGivenBack("the store is away");
    }

    private void assertItWaits() {
        assertThatThrownBy(() -> call.get(300, TimeUnit.MILLISECONDS)).isInstanceOf(TimeoutException.class);
        assertThat(journal.givenBack).isEmpty();
    }

    private void assertItIsGivenBack(String reason) {
        assertThatThrownBy(() -> call.get(10, TimeUnit.SECONDS))
                .hasCauseInstanceOf(CallsEndedException.class)
                .hasMessageContaining(reason);
        assertThat(journal.givenBack).hasSize(1);
    }

    /** Tells each call that a pause has begun, behind which the next place is half an hour away. */
    private static final class Journal implements CallRecorder {

        private final CountDownLatch written = new CountDownLatch(1);
        private final List<CallRecord> givenBack = new CopyOnWriteArrayList<>();

        @Override
        public CallAdmission sending(
                FetchRequest inquiry, Endpoint endpoint, Instant sentAt, boolean refresh, CallLimits limits) {
            written.countDown();
            return new CallAdmission.Written(
                    new CallRecord(1, inquiry.id(), endpoint, sentAt, refresh), new NightlyCalls(1, 0, 0), 1);
        }

        @Override
        public boolean hasBilledSince(Instant time) {
            return false;
        }

        @Override
        public void notSent(CallRecord call, CallLimits limits) {
            givenBack.add(call);
        }

        @Override
        public void stopped(ProviderReply reply, Instant metAt) {
            throw new AssertionError("no answer has come");
        }

        @Override
        public long received(
                CallRecord call, ProviderReply reply, byte @Nullable [] answer, Instant receivedAt, Duration took) {
            throw new AssertionError("the call has left");
        }
    }
}
