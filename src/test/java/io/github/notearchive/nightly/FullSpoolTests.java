package io.github.notearchive.nightly;

import static io.github.notearchive.archive.worklist.NoteState.ARCHIVED;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.archive.ledger.QuotaHolds;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.media.format.Samples;
import io.github.notearchive.sandbox.Reply;
import io.github.notearchive.sandbox.SandboxNoteKind;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.test.context.TestPropertySource;

/** A spool that our own limit fills is no fault of a note, nor of the media hosts. */
@NightlyJobTest
@TestPropertySource(
        properties = {
            "archive.workers=4",
            "archive.retry.per-night=2",
            "archive.retry.per-life=3",
            "archive.outage.faults=3",
            "archive.media.max-memory=0",
            "archive.media.max-file-size=1MB",
            "archive.media.max-spool-size=1MB"
        })
class FullSpoolTests extends NightFixture {

    @Autowired
    QuotaHolds holds;

    @Test
    void notesAreArchivedInTheEndAndNothingIsCounted() {
        night.script().media(_ -> true, Reply.bytes("image/jpeg", picture()));
        List<String> notes = night.pending(SandboxNoteKind.IMAGES, 6);

        RunSummary run = night.run(ExitCode.COMPLETED);

        assertThat(night.states(notes)).containsOnly(ARCHIVED);
        assertThat(notes).flatExtracting(night::files).containsOnly("IMAGE STORED");
        assertThat(run.notes().released()).as("times without room").isPositive();
        assertThat(run.notes().postponed()).isZero();
        assertThat(night.count("SELECT sum(attempts + media_attempts) FROM worklist"))
                .isZero();
        assertThat(night.calls()).isEqualTo(notes.size());
    }

    @Test
    void noteWithoutRoomInARunWithoutCallsIsArchivedTonight() {
        night.script().media(_ -> true, Reply.bytes("image/jpeg", picture()));
        List<String> notes = night.pending(SandboxNoteKind.IMAGES, 6);
        notes.forEach(note -> night.holdsResponseOf(note, Duration.ofMinutes(5)));
        holds.close(303, "code 303", night.midnight(), 1);

        RunSummary run = night.run(ExitCode.COMPLETED);

        assertThat(night.states(notes)).containsOnly(ARCHIVED);
        assertThat(run.notes().released()).as("times without room").isPositive();
        assertThat(run.notes().postponed()).isZero();
        assertThat(night.calls()).isZero();
    }

    /** A JPEG of 600 kB, of which the spool holds one at a time; most are bytes after its end. */
    private static byte[] picture() {
        return Arrays.copyOf(Samples.bytes("baseline.jpg"), 600_000);
    }
}
