package io.github.notearchive.acceptance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.notearchive.acceptance.Program.Ended;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** An audit that is cut off is finished by the next one, whether it was killed or interrupted. */
@ExtendWith(OutsideServers.Running.class)
class VerifyCommandTests {

    private static final Duration PATIENCE = Duration.ofSeconds(60);

    /** Far more than an audit reads ahead. */
    private static final int NOTES = 16;

    @Test
    void killedInTheMiddleTheAuditIsFinishedByTheNext() throws Exception {
        try (Practice practice = Practice.begin(Place.OUTSIDE);
                Archive archive = practice.look();
                Archive holder = practice.look()) {
            practice.enqueue(NOTES);
            practice.call("run").with(0);
            long files = archive.number("SELECT count(*) FROM media_object");
            String before = archive.strings("SELECT max(verified_at)::text FROM media_object")
                    .getFirst();

            Program audit = startHeldAtTheEnd(practice, archive, holder);
            audit.kill();
            holder.execute("ROLLBACK");
            long verified =
                    archive.number("SELECT count(*) FROM media_object WHERE verified_at > ?::timestamptz", before);
            Ended rest = practice.call("verify").with(0);

            assertThat(verified).as("verified when it was killed").isBetween(1L, files - 1);
            assertThat(rest.out())
                    .contains("COMPLETED (exit 0)")
                    .contains(", resumed")
                    .contains("audited   %d files and %d sidecars".formatted(files - verified, NOTES))
                    .contains("left      nothing to audit");
            Ended selfTest = practice.call("verify", "--self-test").with(0);
            assertThat(selfTest.out()).contains("Self-test passed (exit 0)");
            assertThat(archive.objects("fixity-probe/")).isEmpty();
            assertThat(executionsOfAudits(archive)).containsExactly("2 FAILED CRASHED", "2 COMPLETED COMPLETED");
        }
    }

    @Test
    void interruptedAuditIsFinishedByTheNext() throws Exception {
        try (Practice practice = Practice.begin(Place.OUTSIDE);
                Archive archive = practice.look();
                Archive holder = practice.look()) {
            practice.enqueue(NOTES);
            practice.call("run").with(0);

            Program audit = startHeldAtTheEnd(practice, archive, holder);
            audit.terminate();
            audit.awaitLog("Stopping: INTERRUPTED (SIGTERM)");
            holder.execute("ROLLBACK");
            Ended stopped = practice.end(audit, Duration.ofSeconds(20)).with(7);
            Ended rest = practice.call("verify").with(0);

            assertThat(stopped.out()).contains("INTERRUPTED (exit 7): SIGTERM");
            assertThat(rest.out()).contains("left      nothing to audit");
            assertThat(executionsOfAudits(archive)).containsExactly("2 STOPPED INTERRUPTED", "2 COMPLETED COMPLETED");
        }
    }

    /** Starts an audit, and returns when it waits to write that its last file is good. */
    private static Program startHeldAtTheEnd(Practice practice, Archive archive, Archive holder) {
        holder.execute("BEGIN");
        holder.execute("SELECT 1 FROM media_object ORDER BY verified_at DESC, sha256 DESC LIMIT 1 FOR UPDATE");
        Program audit = practice.start("verify");
        await().atMost(PATIENCE)
                .pollInterval(Duration.ofMillis(50))
                .until(() -> archive.number(
                                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'")
                        > 0);
        return audit;
    }

    private static List<String> executionsOfAudits(Archive archive) {
        return archive.strings("""
                SELECT e.job_instance_id || ' ' || e.status || ' ' || e.exit_code
                FROM batch_job_execution e JOIN batch_job_instance i USING (job_instance_id)
                WHERE i.job_name = 'verifyArchive' ORDER BY e.job_execution_id
                """);
    }
}
