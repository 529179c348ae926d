package io.github.notearchive.nightly;

import static io.github.notearchive.archive.worklist.NoteState.FAILED;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.archive.worklist.StateReason;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.sandbox.MediaReply;
import io.github.notearchive.sandbox.SandboxNoteKind;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.test.context.TestPropertySource;

/** An operator who does not want to pay twice for a note gives up what its addresses lost. */
@BesideNightlyJobTest
@TestPropertySource(properties = "archive.ledger.buy-again=false")
class NoNewAnswerTests {

    @Autowired
    NightlyScenario night;

    @Test
    void deadFilesAreNotBoughtAnewAndTheNoteSaysWhy() {
        String note = night.pending(SandboxNoteKind.IMAGES, 1).getFirst();
        String dead = night.pictures(note).getFirst();
        night.script().media(target -> target.contains(dead), MediaReply.status(403));

        RunSummary run = night.run(ExitCode.INCOMPLETE);

        night.assertNote(note, FAILED, StateReason.MEDIA_INCOMPLETE, "HTTP 403", "archive.ledger.buy-again is false");

        night.isNextDay();
        night.requeue(note);
        night.run();

        assertThat(night.calls()).as("calls").isOne();
        assertThat(run.boughtAgain()).isZero();
    }
}
