package io.github.notearchive.acceptance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.notearchive.acceptance.Program.Ended;
import io.github.notearchive.sandbox.ScriptableSandbox;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.commons.lang3.function.FailableBiFunction;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** After a signal, or when nothing moves, a run ends in order and reports the interruption. */
@ExtendWith(OutsideServers.Running.class)
class SignalTests {

    private static final Duration PATIENCE = Duration.ofSeconds(60);

    /** Shorter than an answer (120 s) or a silent file (30 s) would be waited for. */
    private static final Duration AT_ONCE = Duration.ofSeconds(20);

    private static final String FIRST = "SIGTERM: finishing work in progress";

    /**
     * Embedded servers are stopped, too, after the last note. Kernel and shell both report a closed terminal, so SIGHUP
     * arrives twice.
     */
    @ParameterizedTest
    @CsvSource({"TERM, EMBEDDED", "HUP, OUTSIDE"})
    void signalFinishesNotesInFlightAndTheNextRunContinues(String signal, Place place) throws Exception {
        try (Practice practice = Practice.begin(place)) {
            ScriptableSandbox provider = practice.provider();
            List<String> ids = practice.enqueue(30);
            Program run = practice.startRunWithHeldResponses();

            run.signal(signal);
            run.awaitLog("SIG" + signal + ": finishing work in progress");
            if (signal.equals("HUP")) {
                run.signal(signal);
                assertThat(run.endsWithin(Duration.ofSeconds(2))).isFalse();
            }
            assertThat(run.isRunning()).isTrue();
            provider.releaseResponses();
            Ended stopped = practice.end(run, AT_ONCE).with(7);

            assertThat(stopped.err()).doesNotContain("again");
            assertThat(stopped.out())
                    .contains("INTERRUPTED (exit 7): SIG" + signal)
                    .contains(Practice.WORKERS + " archived");
            assertThat(provider.calls()).isEqualTo(Practice.WORKERS);
            try (Archive archive = practice.look()) {
                assertThat(archive.executions()).containsExactly("1 STOPPED INTERRUPTED");
                assertThat(archive.states())
                        .isEqualTo(Map.of("ARCHIVED", (long) Practice.WORKERS, "PENDING", 30L - Practice.WORKERS));
                archive.assertNumber("SELECT count(*) FROM worklist WHERE claim_id IS NOT NULL", 0);
            }

            practice.call("run").with(0);
            assertThat(provider.bought()).containsExactlyInAnyOrderElementsOf(ids);
            try (Archive archive = practice.look()) {
                assertThat(archive.executions()).containsExactly("1 STOPPED INTERRUPTED", "1 COMPLETED COMPLETED");
            }
        }
    }

    @Tag("long")
    @Test
    void secondSignalReleasesNotesInFlightAtOnce() throws Exception {
        Ended stopped = endOfARunThatReleasesNotesInFlight(Map.of(), (practice, run) -> {
            run.terminate();
            run.awaitLog(FIRST);
            run.terminate();
            return practice.end(run, AT_ONCE);
        });

        assertThat(stopped.err()).contains("SIGTERM again: releasing work in progress");
    }

    @Tag("long")
    @Test
    void runInWhichNothingMovesReleasesNotesInFlight() throws Exception {
        Ended stopped = endOfARunThatReleasesNotesInFlight(
                Map.of("ARCHIVE_STALLAFTER", "5s"), // less than the 120 s of a response
                (practice, run) -> practice.end(run, PATIENCE));

        assertThat(stopped.out()).contains("INTERRUPTED (exit 7): nothing has moved for 5s");
    }

    /** Returns the end of a run with calls in flight, which releases its notes; the next run archives them. */
    private static Ended endOfARunThatReleasesNotesInFlight(
            Map<String, String> environment, FailableBiFunction<Practice, Program, Ended, Exception> end)
            throws Exception {
        try (Practice practice = Practice.begin(Place.OUTSIDE);
                Archive archive = practice.look()) {
            practice.environment().putAll(environment);
            ScriptableSandbox provider = practice.provider();
            List<String> ids = practice.enqueue(30);

            Ended stopped =
                    end.apply(practice, practice.startRunWithHeldResponses()).with(7);

            assertThat(archive.executions()).containsExactly("1 STOPPED INTERRUPTED");
            assertThat(archive.states()).isEqualTo(Map.of("PENDING", 30L));
            assertThat(archive.counted()).isEmpty();
            assertThat(archive.strings("SELECT DISTINCT billed FROM api_call")).containsExactly("UNKNOWN");
            archive.assertNumber("SELECT count(*) FROM api_call", Practice.WORKERS);

            practice.environment().keySet().removeAll(environment.keySet());
            provider.releaseResponses();
            practice.call("run").with(0);
            assertThat(new HashSet<>(provider.bought())).isEqualTo(Set.copyOf(ids));
            assertThat(provider.calls()).isEqualTo(30 + Practice.WORKERS);
            assertThat(archive.states()).isEqualTo(Map.of("ARCHIVED", 30L));
            assertThat(archive.executions()).containsExactly("1 STOPPED INTERRUPTED", "1 COMPLETED COMPLETED");
            return stopped;
        }
    }

    /** As {@code nohup} starts it. */
    @Tag("long")
    @Test
    void processThatIgnoresAHangupContinues() throws Exception {
        try (Practice practice = Practice.begin(Place.OUTSIDE)) {
            ScriptableSandbox provider = practice.provider();
            practice.enqueue(12);
            provider.holdResponses();
            Program run = practice.startAfter("trap '' HUP", "run");
            provider.awaitHeld(Practice.WORKERS, PATIENCE);

            run.signal("HUP");
            provider.releaseResponses();
            Ended ended = practice.end(run, PATIENCE).with(0);

            assertThat(ended.out()).contains("12 archived");
        }
    }

    @Tag("long")
    @Test
    void aSecondSignalDoesNotWaitForFilesEither() throws Exception {
        try (Practice practice = Practice.begin(Place.OUTSIDE);
                Archive archive = practice.look()) {
            ScriptableSandbox provider = practice.provider();
            List<String> ids = practice.enqueue(12);
            provider.holdMedia();
            Program run = practice.start("run");
            provider.awaitHeldMedia(Practice.WORKERS, PATIENCE);
            await().during(Duration.ofSeconds(1))
                    .atMost(PATIENCE)
                    .until(() -> archive.number("SELECT count(received_at) FROM api_call") == provider.calls());

            run.terminate();
            run.awaitLog(FIRST);
            run.terminate();
            Ended stopped = practice.end(run, AT_ONCE).with(7);
            assertThat(archive.counted()).as(stopped::toString).isEmpty();

            provider.releaseMedia();
            practice.call("run").with(0);
            assertThat(provider.bought()).containsExactlyInAnyOrderElementsOf(ids);
            assertThat(archive.states()).isEqualTo(Map.of("ARCHIVED", 12L));
            assertThat(archive.counted()).isEmpty();
        }
    }
}
