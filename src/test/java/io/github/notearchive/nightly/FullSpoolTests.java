package io.github.notearchive.nightly;

import static io.github.notearchive.archive.worklist.NoteState.ARCHIVED;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.archive.catalog.SlotRow;
import io.github.notearchive.archive.ledger.QuotaHolds;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.sandbox.MediaReply;
import io.github.notearchive.sandbox.SandboxNoteKind;
import java.io.ByteArrayOutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
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
class FullSpoolTests {

    @Autowired
    NightlyScenario night;

    @Autowired
    QuotaHolds gate;

    @Test
    void notesAreArchivedInTheEndAndNothingIsCounted() throws Exception {
        night.script().media(_ -> true, MediaReply.bytes("image/jpeg", picture()));
        List<String> notes = night.pending(SandboxNoteKind.IMAGES, 6);

        RunSummary run = night.run(ExitCode.COMPLETED);

        assertThat(night.states(notes)).containsOnly(ARCHIVED);
        assertThat(notes.stream().flatMap(note -> night.slots(note).stream()))
                .extracting(SlotRow::reason)
                .containsOnlyNulls();
        assertThat(run.notes().released()).as("times without room").isPositive();
        assertThat(run.notes().postponed()).isZero();
        assertThat(night.count("SELECT sum(attempts + media_attempts) FROM worklist"))
                .isZero();
        assertThat(night.calls()).isEqualTo(notes.size());
    }

    @Test
    void noteWithoutRoomInARunWithoutCallsIsArchivedTonight() throws Exception {
        night.script().media(_ -> true, MediaReply.bytes("image/jpeg", picture()));
        List<String> notes = night.pending(SandboxNoteKind.IMAGES, 6);
        notes.forEach(note -> night.holdsAnswerOf(note, Duration.ofMinutes(5)));
        gate.close(303, "code 303", night.midnight(), 1);

        RunSummary run = night.run(ExitCode.COMPLETED);

        assertThat(night.states(notes)).containsOnly(ARCHIVED);
        assertThat(run.notes().released()).as("times without room").isPositive();
        assertThat(run.notes().postponed()).isZero();
        assertThat(night.calls()).isZero();
    }

    /** A JPEG of 600 kB, of which the spool holds one at a time. */
    private static byte[] picture() throws Exception {
        byte[] small = Files.readAllBytes(Path.of("src/test/resources/media/baseline.jpg"));
        ByteArrayOutputStream large = new ByteArrayOutputStream();
        large.write(small, 0, 2); // the start of the image
        byte[] comment = new byte[60_000];
        for (int i = 0; i < 10; i++) {
            large.write(0xFF);
            large.write(0xFE);
            large.write((comment.length + 2) >> 8);
            large.write((comment.length + 2) & 0xFF);
            large.write(comment, 0, comment.length);
        }
        large.write(small, 2, small.length - 2);
        return large.toByteArray();
    }
}
