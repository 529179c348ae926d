package io.github.notearchive.nightly;

import static io.github.notearchive.archive.worklist.NoteState.ARCHIVED;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.archive.stats.CallTotals;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.maintenance.verify.VerifyRunner.VerifySummary;
import io.github.notearchive.sandbox.Reply;
import io.github.notearchive.sandbox.SandboxNoteKind;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** An answer that is paid for is used, whatever happened in between. */
@NightlyJobTest
class BoughtOnceTests extends NightFixture {

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
        await(
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

    @Test
    void noCallForAVideoIsMade() {
        List<String> notes = new ArrayList<>();
        for (SandboxNoteKind kind : SandboxNoteKind.values()) {
            notes.addAll(night.pending(kind, 2));
        }

        RunSummary run = night.run(ExitCode.COMPLETED);

        assertThat(night.states(notes)).containsOnly(ARCHIVED);
        assertThat(night.provider().videoCalls()).isZero();
        assertThat(run.videos()).isEqualTo(new RunSummary.Videos(false, new CallTotals.Bill(0, 0, 0), 0, 0));
    }

    @Test
    void videoThatIsPaidForIsStoredAllTheSameAndKeptLater() {
        String note = noteWithAnAnswerForItsVideo();

        night.run(ExitCode.COMPLETED);
        assertThat(night.files(note)).contains("VIDEO STORED");

        night.isDaysLater(8);
        night.requeue(note);
        night.run(ExitCode.COMPLETED);

        assertThat(night.files(note)).as("with that answer too old").contains("VIDEO STORED");
        assertThat(night.provider().videoCalls()).isZero();
    }

    @Test
    void damagedVideoMakesItsNoteDueOnlyWhileItsAnswerCanBeUsed() throws Exception {
        String note = noteWithAnAnswerForItsVideo();
        night.run(ExitCode.COMPLETED);
        Path object = night.bucket().resolve(night.video(note).media().key().value());
        Files.delete(object);
        night.isDaysLater(1);

        repair(1);
        night.run(ExitCode.COMPLETED);

        assertThat(object).exists();

        Files.delete(object);
        night.isDaysLater(9);
        VerifySummary later = repair(0);

        assertThat(later.repairs().notPossible()).isOne();
        assertThat(night.texts("SELECT repair FROM fixity_finding WHERE resolved_at IS NULL"))
                .singleElement()
                .asString()
                .contains("of note " + note, "archive.video.enabled is false");
        assertThat(night.state(note)).isEqualTo(ARCHIVED);
        night.run(ExitCode.COMPLETED);
        assertThat(night.calls()).isOne();
    }

    private String noteWithAnAnswerForItsVideo() {
        String note = night.pending(SandboxNoteKind.VIDEO_COVER, 1).getFirst();
        night.holdsVideoOf(note);
        return note;
    }
}
