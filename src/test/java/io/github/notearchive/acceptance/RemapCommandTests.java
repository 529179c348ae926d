package io.github.notearchive.acceptance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.notearchive.acceptance.Program.Ended;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** A remap that is killed is finished by the next one, and what it makes is what the answers say. */
@ExtendWith(OutsideServers.Running.class)
class RemapCommandTests {

    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final int PAGE = 200;

    /** Three pages and a bit, with those that are there already. */
    private static final int OLDER = 650;

    @Test
    void killedInTheMiddleTheRemapIsFinishedByTheNext() throws Exception {
        try (Practice practice = Practice.begin(Place.OUTSIDE);
                Archive archive = practice.look();
                Archive holder = practice.look()) {
            String note = practice.enqueue(1).getFirst();
            practice.call("run").with(0);
            StoredCaptures.addOlder(archive, note, OLDER);
            int calls = practice.provider().calls();
            String before = archive.dump("note") + archive.dump("note_topic");
            String captures = captures(archive);
            archive.execute("UPDATE note SET title = 'spoilt', mapper_version = 1");
            archive.execute("UPDATE note_capture SET author_nickname = 'spoilt', mapper_version = 1");
            archive.execute("DELETE FROM note_topic");

            assertThat(practice.call("remap", "--dry-run").with(0).out())
                    .containsPattern("responses +%d read".formatted(OLDER + 1))
                    .containsPattern("note_capture\\.author_nickname +%d ".formatted(OLDER + 1));
            assertThat(captures(archive)).isNotEqualTo(captures);
            holder.execute("BEGIN");
            holder.execute("""
                    SELECT 1 FROM note_capture
                    WHERE call_id = (SELECT call_id FROM note_capture ORDER BY captured_at OFFSET %d LIMIT 1)
                    FOR UPDATE
                    """.formatted(2 * PAGE));
            Program remap = practice.start("remap");
            await().atMost(PATIENCE).pollInterval(Duration.ofMillis(50)).until(() -> mapped(archive) == 2 * PAGE);
            remap.kill();
            holder.execute("ROLLBACK");
            long mapped = mapped(archive);
            Ended rest = practice.call("remap").with(0);

            assertThat(mapped).isEqualTo(2 * PAGE);
            assertThat(rest.out())
                    .contains("COMPLETED (exit 0)")
                    .contains(", resumed")
                    .containsPattern("responses +%d read".formatted(OLDER + 1))
                    .containsPattern("note_capture\\.author_nickname +%d ".formatted(OLDER + 1));
            assertThat(captures(archive)).isEqualTo(captures);
            assertThat(archive.dump("note") + archive.dump("note_topic")).isEqualTo(before);
            assertThat(practice.provider().calls()).isEqualTo(calls);
            assertThat(archive.executions())
                    .containsExactly("1 COMPLETED COMPLETED", "2 FAILED CRASHED", "2 COMPLETED COMPLETED");
        }
    }

    private static long mapped(Archive archive) {
        return archive.number("SELECT count(*) FROM note_capture WHERE mapper_version > 1");
    }

    private static String captures(Archive archive) {
        return archive.strings(
                        "SELECT md5(string_agg((to_jsonb(c) - 'response')::text, ' ' ORDER BY captured_at)) FROM note_capture c")
                .getFirst();
    }
}
