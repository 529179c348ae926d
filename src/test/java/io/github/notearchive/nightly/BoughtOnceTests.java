package io.github.notearchive.nightly;

import static io.github.notearchive.archive.worklist.NoteState.ARCHIVED;
import static io.github.notearchive.archive.worklist.NoteState.POSTPONED;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.archive.catalog.SlotState;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.sandbox.MediaReply;
import io.github.notearchive.sandbox.Reply;
import io.github.notearchive.sandbox.SandboxNoteKind;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;

/** An answer that is paid for is used, whatever happened in between. */
@NightlyJobTest
class BoughtOnceTests {

    @Autowired
    NightlyScenario night;

    @Test
    void troubleWithMediaIsTriedAgainTonightAndLaterWithoutAnotherCall() {
        String note = night.pending(SandboxNoteKind.SOUND, 1).getFirst();
        night.script().media(_ -> true, MediaReply.status(500));

        night.run(ExitCode.INCOMPLETE);

        assertThat(night.note(note).state()).isEqualTo(POSTPONED);
        assertThat(night.note(note).mediaAttempts()).isEqualTo(5);
        assertThat(night.note(note).attempts()).isZero();
        assertThat(night.note(note).dueAt()).isEqualTo(night.midnight());
        assertThat(night.slots(note)).isNotEmpty().allSatisfy(slot -> {
            assertThat(slot.state()).isEqualTo(SlotState.MISSING);
            assertThat(slot.reason()).isEqualTo("RETRY");
        });
        assertThat(night.calls()).isEqualTo(1);

        night.isNextDay();
        night.script().clear();
        night.run(ExitCode.COMPLETED);

        assertThat(night.state(note)).isEqualTo(ARCHIVED);
        assertThat(night.calls()).isEqualTo(1);
        assertThat(night.bills(note)).containsExactly("YES");
        assertThat(night.count("SELECT count(*) FROM note_capture")).isEqualTo(1);
    }

    @Test
    void answerThatACrashLeftInTheLedgerIsUsed() {
        String note = night.pending(1).getFirst();
        night.holdsAnswerOf(note, Duration.ofMinutes(1));
        night.claimedBy("main", List.of(note));

        RunSummary run = night.run(ExitCode.COMPLETED);

        assertThat(night.state(note)).isEqualTo(ARCHIVED);
        assertThat(night.calls()).isZero();
        assertThat(run.bill().calls()).isZero();
    }

    /** As when the machine was frozen for longer than a lease lasts. */
    @Test
    void aNoteThatAnotherNodeTookOverDuringAPauseIsNotAskedAboutBesideIt() throws Exception {
        String note = night.pending(1).getFirst();
        night.script().answers(note, Reply.code(302).header("Retry-After", "5"), Reply.normal());
        CompletableFuture<RunSummary> run = night.runUntilHeld(1);
        long first = night.count("SELECT claim_id FROM worklist");
        night.provider().releaseAnswers();
        NightlyScenario.await(
                "it is claimed again and waits",
                () -> night.count("SELECT count(*) FROM worklist WHERE claim_id > " + first) == 1);

        night.claimedBy("east", List.of(note));

        RunSummary ended = NightlyScenario.ended(run);
        assertThat(night.calls(note)).isEqualTo(1);
        assertThat(ended.notes().released()).as("for the 302 only").isEqualTo(1);
        assertThat(night.count("SELECT count(*) FROM worklist WHERE claimed_by = 'east'"))
                .isOne();
        assertThat(night.bills(note)).containsExactly("NO");
    }

    @Test
    void requeuedNoteUsesItsAnswerForSevenDaysAndIsThenAskedAgain() {
        String note = night.pending(1).getFirst();
        night.run(ExitCode.COMPLETED);

        night.isDaysLater(6);
        night.requeue(note);
        night.run(ExitCode.COMPLETED);

        assertThat(night.state(note)).isEqualTo(ARCHIVED);
        assertThat(night.calls()).isEqualTo(1);

        night.isDaysLater(2);
        night.requeue(note);
        night.run(ExitCode.COMPLETED);

        assertThat(night.state(note)).isEqualTo(ARCHIVED);
        assertThat(night.calls()).isEqualTo(2);
        assertThat(night.count("SELECT count(*) FROM note_capture")).isEqualTo(2);
        assertThat(night.objects("notes/" + note)).hasSize(2);
    }
}
