package io.github.notearchive.nightly;

import static io.github.notearchive.archive.worklist.NoteState.ARCHIVED;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.archive.query.CallTotals;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.sandbox.SandboxNoteKind;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.springframework.test.context.TestPropertySource;

/** Our own limit of calls in a night, and the share of it that refreshes have. */
@BesideNightlyJobTest
@TestPropertySource(
        properties = {"archive.workers=64", "archive.source.calls-per-night=10", "archive.refresh.share=0.3"})
class LimitOfCallsTests extends NightFixture {

    @Test
    void shareOfANightsCallsIsKeptAcrossRestartsAndNodesAndFreshNotesComeFirst() {
        List<String> ids = night.provider().noteIds(SandboxNoteKind.TEXT, 9);
        List<String> archived = ids.subList(0, 5);
        List<String> fresh = ids.subList(5, 9);
        night.enqueue(archived, 9, 1, null);
        night.run(ExitCode.COMPLETED);

        night.isNextDay();
        night.enqueue(fresh, 0, null, null);
        RunSummary first = night.run();
        RunSummary again = night.run();
        RunSummary elsewhere = night.run(new RunOptions(null, null, false, "other"));

        assertEnded(first, ExitCode.COMPLETED);
        assertThat(night.calls()).isEqualTo(5 + 4 + 3);
        assertThat(first.notes().archived()).isEqualTo(4);
        assertThat(first.counts().refreshes().refreshed()).isEqualTo(3);
        assertThat(first.refreshes()).isEqualTo(new RunSummary.RefreshSummary(2, new CallTotals.Bill(3, 3, 0), 3, 3));
        assertEnded(again, ExitCode.COMPLETED);
        assertThat(again.refreshes().bill().calls()).isZero();
        assertEnded(elsewhere, ExitCode.COMPLETED);
        assertThat(elsewhere.refreshes().bill().calls()).isZero();

        night.isNextDay();
        assertThat(night.run().counts().refreshes().refreshed()).isEqualTo(3);
        assertThat(night.count("""
                                SELECT max(captures) FROM (SELECT count(*) AS captures FROM note_capture GROUP BY note_id) AS notes
                                """)).as("those that waited come first").isEqualTo(3);
        assertThat(night.count("SELECT count(*) FROM worklist w WHERE refresh_days = 1 AND NOT"
                        + " EXISTS (SELECT 1 FROM api_call c WHERE c.note_id ="
                        + " w.note_id AND c.refresh)"))
                .isZero();
        assertThat(night.states(ids)).containsOnly(ARCHIVED);
    }

    @Test
    void ownLimitOfCallsAppliesToRefreshes() {
        List<String> ids = night.provider().noteIds(SandboxNoteKind.TEXT, 10);
        night.enqueue(ids.subList(0, 2), 5, 1, null);
        night.run();
        night.isNextDay();
        night.pending(ids.subList(2, 10));
        List<String> more = night.provider().noteIds(SandboxNoteKind.IMAGES, 1);
        night.pending(more);

        RunSummary run = night.run(ExitCode.COMPLETED);

        assertThat(night.states(more)).as("fresh notes first").containsOnly(ARCHIVED);
        assertThat(night.calls()).isEqualTo(2 + 10);
        assertThat(run.notes().archived()).isEqualTo(9);
        assertThat(run.refreshes().bill().calls()).isOne();
        assertThat(run.refreshes().due()).isOne();
    }

    @Test
    void ownLimitOfCallsEndsTheNightAndForceDoesNotLiftIt() {
        List<String> notes = night.pending(25);

        night.run(ExitCode.QUOTA_EXHAUSTED);

        assertThat(night.calls()).isEqualTo(10);
        assertThat(night.archived()).hasSize(10);
        assertThat(night.exitCodes()).containsExactly("QUOTA_EXHAUSTED");
        assertThat(night.rows("source_gate")).isZero();

        RunSummary forced = night.force();

        assertEnded(forced, ExitCode.QUOTA_EXHAUSTED);
        assertThat(forced.execution()).isNull();
        assertThat(night.calls()).isEqualTo(10);

        night.isNextDay();
        night.run(ExitCode.QUOTA_EXHAUSTED);
        night.isNextDay();
        night.run(ExitCode.COMPLETED);

        night.assertArchived(notes, 25);
        assertThat(night.instances()).hasSize(1);
    }

    @Test
    void ownLimitAtWhich64WorkersStopAtOnceEndsTheRun() {
        night.pending(128);

        RunSummary run = night.run(ExitCode.QUOTA_EXHAUSTED);

        assertThat(run.exitCode().number()).isEqualTo(3);
        assertThat(night.calls()).isEqualTo(10);
        assertThat(night.archived()).hasSize(10);
    }
}
