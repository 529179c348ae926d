package io.github.notearchive.nightly;

import static io.github.notearchive.archive.worklist.NoteState.ARCHIVED;
import static io.github.notearchive.nightly.NightlyScenario.assertEnded;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.sandbox.Reply;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.test.context.TestPropertySource;

/** Limits of our own: how many calls a night, and how long one may take. */
@NightlyJobTest
@TestPropertySource(
        properties = {
            "archive.workers=64",
            "archive.source.calls-per-night=10",
            "archive.source.connect-timeout=300ms",
            "archive.source.response-timeout=500ms"
        })
class NightlyLimitTests {

    @Autowired
    NightlyScenario night;

    @Test
    void ownLimitOfCallsEndsTheNightAndForceDoesNotLiftIt() {
        List<String> notes = night.pending(25);

        RunSummary first = night.run();

        assertEnded(first, ExitCode.QUOTA_EXHAUSTED);
        assertThat(night.calls()).isEqualTo(10);
        assertThat(night.archived()).hasSize(10);
        assertThat(night.exitCodes()).containsExactly("QUOTA_EXHAUSTED");
        assertThat(night.count("SELECT count(*) FROM source_gate")).isZero();
        assertThat(night.claims()).isZero();

        RunSummary forced = night.force();

        assertEnded(forced, ExitCode.QUOTA_EXHAUSTED);
        assertThat(forced.execution()).isNull();
        assertThat(night.calls()).isEqualTo(10);

        night.isNextDay();
        assertEnded(night.run(), ExitCode.QUOTA_EXHAUSTED);
        night.isNextDay();
        assertEnded(night.run(), ExitCode.COMPLETED);

        assertThat(night.states(notes)).containsOnly(ARCHIVED);
        assertThat(night.calls()).isEqualTo(25);
        assertThat(night.instances()).hasSize(1);
    }

    @Test
    void sixtyFourWorkersThatAllStopAtOnceAtTheLimitEndTheRunByIt() {
        List<String> notes = night.pending(128);

        RunSummary run = night.run();

        assertEnded(run, ExitCode.QUOTA_EXHAUSTED);
        assertThat(run.exitCode().number()).isEqualTo(3);
        assertThat(night.calls()).isEqualTo(10);
        assertThat(night.archived()).hasSize(10);
        assertThat(notes).hasSize(128);
        assertThat(night.claims()).isZero();
    }

    @Test
    void callWithoutAnAnswerInTimeIsPutOffAndItsBillIsUnknown() {
        String note = night.pending(1).getFirst();
        night.script().answers(note, Reply.hang(), Reply.normal());

        RunSummary run = night.run();

        assertEnded(run, ExitCode.COMPLETED);
        assertThat(night.calls(note)).isEqualTo(2);
        assertThat(night.bills(note)).containsExactly("UNKNOWN", "YES");
        assertThat(night.ledger(note).getFirst().code()).isNull();
        assertThat(night.ledger(note).getFirst().receivedAt()).isNotNull();
        assertThat(night.note(note).attempts()).isEqualTo(1);
        assertThat(night.state(note)).isEqualTo(ARCHIVED);
    }
}
