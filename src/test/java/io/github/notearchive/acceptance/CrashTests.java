package io.github.notearchive.acceptance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.notearchive.sandbox.SandboxSettings;
import io.github.notearchive.sandbox.ScriptableSandbox;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** A killed process loses no paid response. */
@ExtendWith(OutsideServers.Running.class)
class CrashTests {

    private static final Duration PATIENCE = Duration.ofSeconds(60);

    @Test
    void runKilledTwiceIsCompletedAndOnlyCallsInFlightAreBoughtTwice() throws Exception {
        SandboxSettings slow = SandboxSettings.defaults().withLatency(Duration.ofMillis(200));
        try (Practice practice = Practice.begin(Place.EMBEDDED, slow)) {
            ScriptableSandbox provider = practice.provider();
            List<String> ids = practice.enqueue(80);

            killWhileAnswersAreHeld(practice);
            int archivedBefore = killWhileMediaAreHeld(practice);
            practice.call("run").with(0);

            try (Archive archive = practice.look()) {
                Audit.of(practice, archive, ids).isClean(2 * Practice.WORKERS);
                assertThat(archive.states()).isEqualTo(Map.of("ARCHIVED", 80L));
                assertThat(archive.executions())
                        .containsExactly("1 FAILED CRASHED", "1 FAILED CRASHED", "1 COMPLETED COMPLETED");
                List<String> unseen = archive.strings(
                        "SELECT note_id FROM api_call WHERE received_at IS NULL AND billed = 'UNKNOWN'");
                assertThat(unseen)
                        .hasSizeBetween(Practice.WORKERS, 2 * Practice.WORKERS)
                        .doesNotHaveDuplicates();
                List<String> twice = new ArrayList<>(provider.bought());
                ids.forEach(twice::remove);
                assertThat(twice).as("notes bought twice").containsExactlyInAnyOrderElementsOf(unseen);
                assertThat(provider.calls()).isEqualTo(80 + unseen.size());
                assertThat(new HashSet<>(provider.bought())).isEqualTo(Set.copyOf(ids));
                assertThat(archive.number(
                                "SELECT count(*) FROM api_call WHERE received_at IS NOT NULL AND billed = 'YES'"))
                        .isEqualTo(80);
                assertThat(archive.number("SELECT count(*) FROM note_capture")).isEqualTo(80);
                assertThat(archive.number("SELECT sum(attempts) + sum(media_attempts) FROM worklist"))
                        .isZero();
                assertThat(archivedBefore).isPositive();
                assertThat(
                                archive.number(
                                        "SELECT count(*) FROM worklist JOIN api_call USING (note_id) WHERE settled_by = 3 AND job_execution_id = 2 AND received_at IS NOT NULL"))
                        .as("notes bought by the second process and archived by the third")
                        .isPositive();
                assertThat(archive.objects("media/").keySet())
                        .containsAll(archive.strings("SELECT object_key FROM media_object"));
                assertThat(archive.objects("notes/").keySet())
                        .containsExactlyInAnyOrderElementsOf(archive.strings("SELECT sidecar_key FROM note_capture"));
            }
        }
    }

    /** Kills a run with some notes archived and all workers waiting for an answer. */
    private static void killWhileAnswersAreHeld(Practice practice) throws InterruptedException {
        ScriptableSandbox provider = practice.provider();
        Program run = practice.start("run");
        awaitGranted(provider, 16);
        provider.holdAnswers();
        provider.awaitHeld(Practice.WORKERS, PATIENCE);
        run.kill();
        provider.releaseAnswers();
        // the provider bills responses that have no receiver
        await().atMost(PATIENCE).until(() -> provider.granted() == provider.calls());
    }

    /** Kills a run while all workers wait for files; how many notes were archived until then. */
    private static int killWhileMediaAreHeld(Practice practice) throws InterruptedException {
        ScriptableSandbox provider = practice.provider();
        int before = provider.granted();
        Program run = practice.start("run");
        awaitGranted(provider, before + 16);
        provider.holdMedia();
        int archived = provider.granted();
        provider.awaitHeldMedia(Practice.WORKERS, PATIENCE);
        await().during(Duration.ofMillis(500))
                .atMost(PATIENCE)
                .until(provider::calls, calls -> calls == provider.granted());
        run.kill();
        provider.releaseMedia();
        return archived;
    }

    private static void awaitGranted(ScriptableSandbox provider, int answers) {
        await().atMost(PATIENCE).pollInterval(Duration.ofMillis(20)).until(() -> provider.granted() >= answers);
    }

    @Test
    void listOfAKilledEnqueueIsNotEnqueuedInPart() throws Exception {
        try (Practice practice = Practice.begin(Place.OUTSIDE)) {
            practice.enqueue(1);
            Program enqueue = practice.start("enqueue", "-");
            byte[] lines =
                    String.join("\n", practice.provider().noteIds(20_000)).getBytes("US-ASCII");
            enqueue.input().write(lines);
            enqueue.input().flush();
            try (Archive archive = practice.look()) {
                await().atMost(PATIENCE)
                        .until(() ->
                                archive.number("SELECT coalesce(max(tuples_processed), 0) FROM pg_stat_progress_copy")
                                        > 10_000);

                enqueue.kill();

                await().atMost(PATIENCE).until(() -> archive.number("SELECT count(*) FROM pg_stat_progress_copy") == 0);
                assertThat(archive.states()).isEqualTo(Map.of("PENDING", 1L));
            }
        }
    }
}
