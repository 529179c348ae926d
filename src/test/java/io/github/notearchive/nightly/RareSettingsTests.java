package io.github.notearchive.nightly;

import static io.github.notearchive.archive.worklist.NoteState.ARCHIVED;
import static io.github.notearchive.archive.worklist.NoteState.FAILED;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.archive.worklist.StateReason;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.nightly.plan.NightPlan;
import io.github.notearchive.nightly.plan.NightPlanner;
import io.github.notearchive.sandbox.Reply;
import io.github.notearchive.sandbox.SandboxNoteKind;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.test.context.TestPropertySource;

/** Nights with a long node name, short timeouts of the provider, and without second purchases. */
@BesideNightlyJobTest
@TestPropertySource(
        properties = {
            "archive.node=" + RareSettingsTests.NAME,
            "archive.ledger.buy-again=false",
            "archive.source.connect-timeout=1s",
            "archive.source.response-timeout=3s"
        })
class RareSettingsTests extends NightFixture {

    /** Longer than the names of sessions that PostgreSQL shows. */
    static final String NAME = "note-archive-production.eu-central-1.worker-group-blue.node-0000";

    @Autowired
    NightPlanner planner;

    @Test
    void runOfANodeWithTheLongestNameIsSeenByAPlan() throws Exception {
        night.pending(2);
        CompletableFuture<RunSummary> run = night.runUntilHeld(2);

        NightPlan plan = planner.plan();

        assertThat(NAME).hasSize(64);
        assertThat(plan.obstacles()).containsExactly("a run of node " + NAME + " is active and processes this");
        assertThat(plan.due()).as("in progress").isEmpty();
        night.release(run, ExitCode.COMPLETED);
    }

    @Test
    void expiredFilesAreNotBoughtAgainAndTheNoteHasTheReason() {
        String note = night.pending(SandboxNoteKind.IMAGES, 1).getFirst();
        String dead = night.pictures(note).getFirst();
        night.script().media(target -> target.contains(dead), Reply.status(403));

        RunSummary run = night.run(ExitCode.INCOMPLETE);

        night.assertNote(note, FAILED, StateReason.MEDIA_INCOMPLETE, "HTTP 403", "archive.ledger.buy-again is false");

        night.isNextDay();
        night.requeue(note);
        night.run();

        assertThat(night.calls()).as("calls").isOne();
        assertThat(run.boughtAgain()).isZero();
    }

    /** Kind 30 of the published table: a late response, in a fortieth of the time. */
    @Test
    void responseWithinTheTimeLimit() {
        String note = night.pending(1).getFirst();
        night.script().answers(note, Reply.normal().after(Duration.ofMillis(900)));
        var row = new VariantRow(night, 30, "after 55 s", note);

        row.assertHoldsForTwoNights();

        assertThat(night.bills(note)).containsExactly("YES");
    }

    @Test
    void responseBeyondTheTimeLimit() {
        String note = night.pending(1).getFirst();
        night.script().answers(note, Reply.normal().after(Duration.ofMillis(3_300)), Reply.normal());
        var row = new VariantRow(night, 30, "after 130 s, then the note", note);

        row.assertHoldsForTwoNights();

        assertThat(night.state(note)).isEqualTo(ARCHIVED);
        assertThat(night.note(note).attempts()).isOne();
        assertThat(night.bills(note)).containsExactly("UNKNOWN", "YES");
        assertThat(night.ledger(note).getFirst().code()).isNull();
        assertThat(night.ledger(note).getFirst().receivedAt()).isNotNull();
    }
}
