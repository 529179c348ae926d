package io.github.notearchive.nightly;

import static io.github.notearchive.archive.worklist.NoteState.ARCHIVED;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.archive.catalog.SlotState;
import io.github.notearchive.archive.stats.CallTotals;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.maintenance.verify.VerifyRunner;
import io.github.notearchive.maintenance.verify.VerifyRunner.VerifyOptions;
import io.github.notearchive.maintenance.verify.VerifyRunner.VerifySummary;
import io.github.notearchive.sandbox.SandboxNoteKind;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Timestamp;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;

/** Nobody who has not switched videos on pays for one. */
@BesideNightlyJobTest
class VideoOffTests {

    @Autowired
    NightlyScenario night;

    @Autowired
    VerifyRunner verifier;

    @Test
    void noCallForAVideoIsMade() {
        List<String> notes = new ArrayList<>();
        for (SandboxNoteKind kind : SandboxNoteKind.values()) {
            notes.addAll(night.pending(kind, 2));
        }

        RunSummary run = night.run(ExitCode.COMPLETED);

        assertThat(night.states(notes)).containsOnly(ARCHIVED);
        assertThat(night.provider().videoCalls()).isZero();
        assertThat(run.videos())
                .isEqualTo(new RunSummary.Videos(false, new CallTotals.Bill(0, 0, 0), new RunSummary.Tonight(0, 0)));
    }

    @Test
    void videoThatIsPaidForIsStoredAllTheSameAndKeptLater() {
        String note = noteWithAnAnswerForItsVideo();

        night.run(ExitCode.COMPLETED);
        assertThat(night.video(note).state()).isEqualTo(SlotState.STORED);

        night.isDaysLater(8);
        night.requeue(note);
        night.run(ExitCode.COMPLETED);

        assertThat(night.video(note).state()).as("with that answer too old").isEqualTo(SlotState.STORED);
        assertThat(night.provider().videoCalls()).isZero();
    }

    @Test
    void damagedVideoMakesItsNoteDueOnlyWhileItsAnswerCanBeUsed() throws Exception {
        String note = noteWithAnAnswerForItsVideo();
        night.run(ExitCode.COMPLETED);
        Path object = night.bucket().resolve(night.video(note).media().key().value());
        Files.delete(object);
        night.isDaysLater(1);

        VerifySummary audit = verifier.verify(new VerifyOptions(null, true, false, "main"));
        assertThat(audit.repairs().notesMadeDue()).as(audit.toString()).isOne();
        night.run(ExitCode.COMPLETED);

        assertThat(object).exists();

        Files.delete(object);
        night.isDaysLater(9);
        VerifySummary later = verifier.verify(new VerifyOptions(null, true, false, "main"));

        assertThat(later.repairs().notesMadeDue()).as(later.toString()).isZero();
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
        night.sql()
                .sql("""
                        INSERT INTO api_call (note_id, endpoint, sent_at, received_at, http_status, code, billed, response)
                        VALUES (:note, 'note-detail/v6', :then, :then, 200, 0, 'YES', :answer)
                        """)
                .param("note", note)
                .param("then", Timestamp.from(night.clock().instant().minusSeconds(60)))
                .param("answer", night.provider().videoEnvelope(note).toString().getBytes())
                .update();
        return note;
    }
}
