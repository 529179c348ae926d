package io.github.notearchive.nightly;

import static io.github.notearchive.archive.worklist.NoteState.ARCHIVED;
import static io.github.notearchive.archive.worklist.NoteState.POSTPONED;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.archive.query.CallTotals;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.sandbox.SandboxNoteKind;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.springframework.test.annotation.DirtiesContext;
import org.springframework.test.context.TestPropertySource;

/** Our own limit of videos in a night, and which stream is taken. */
@BesideNightlyJobTest
@TestPropertySource(
        properties = {
            "archive.workers=4",
            "archive.video.enabled=true",
            "archive.video.calls-per-night=2",
            "archive.video.codecs=h264",
            "archive.video.max-height=720"
        })
@DirtiesContext // whose connections others need
class VideoLimitTests extends NightFixture {

    @Test
    void notesBeyondTheLimitKeepTheirFilesAndWaitForALaterNightInWhichTheyComeFirst() throws Exception {
        List<String> notes = night.pending(SandboxNoteKind.VIDEO_COVER, 5);
        List<String> others = night.pending(SandboxNoteKind.IMAGES, 3);

        RunSummary first = night.run(ExitCode.INCOMPLETE);

        assertThat(first.videos()).isEqualTo(new RunSummary.VideoSummary(true, new CallTotals.Bill(2, 2, 0), 2, 2));
        assertThat(night.states(others)).containsOnly(ARCHIVED);
        assertThat(night.states(notes)).containsOnly(ARCHIVED, POSTPONED);
        List<String> waiting =
                notes.stream().filter(note -> night.state(note) == POSTPONED).toList();
        assertThat(waiting).hasSize(3);
        assertThat(waiting).allSatisfy(note -> {
            assertThat(night.files(note)).containsExactly("IMAGE STORED", "VIDEO MISSING NO_ANSWER", "AUDIO STORED");
            assertThat(night.video(note).error()).startsWith("our own limit of 2 calls for videos a night");
            assertThat(night.note(note).attempts()).isZero();
            assertThat(night.note(note).mediaAttempts()).isZero();
            assertThat(night.note(note).dueAt()).isEqualTo(night.midnight());
        });

        RunSummary restart = night.run();
        waiting.forEach(night::requeue);
        RunSummary onAnotherNode = night.run(new RunOptions(null, null, false, "other"));

        assertThat(restart.videos().bill().calls()).isZero();
        assertThat(onAnotherNode.videos().bill().calls()).isZero();
        assertThat(onAnotherNode.videos().made()).isEqualTo(2);
        assertThat(night.provider().videoCalls()).isEqualTo(2);

        // longer than an answer is used again: what waits for its video only is not bought again
        night.isDaysLater(9);
        List<String> late = night.pending(videoNotesAfter(notes));
        CompletableFuture<RunSummary> secondNight = night.runUntilHeld(3); // two videos, and the note that came late
        night.release(secondNight, ExitCode.INCOMPLETE);

        assertThat(night.provider().videoCalls()).isEqualTo(4);
        assertThat(waiting.stream().map(night::state)).containsOnlyOnce(POSTPONED);
        assertThat(night.states(late)).as("those that waited come first").containsOnly(POSTPONED);

        night.isNextDay();
        night.run();
        night.isNextDay();
        night.run(ExitCode.COMPLETED);

        assertThat(night.states(notes)).containsOnly(ARCHIVED);
        night.assertArchived(late, 10);
        assertThat(night.provider().videoCalls()).isEqualTo(7);
        assertThat(night.provider().videosBought()).doesNotHaveDuplicates();
    }

    @Test
    void codecAndHeightOfTheSettingsSelectTheStream() {
        String note = night.pending(SandboxNoteKind.VIDEO_COVER, 1).getFirst();

        night.run(ExitCode.COMPLETED);

        assertThat(night.video(note).rendition()).isEqualTo("h264/master_url");
        assertThat(night.video(note).reason()).isNull();
        assertThat(night.provider().mediaRequests("_115.mp4")).isZero();
    }

    private List<String> videoNotesAfter(List<String> notes) {
        return night.provider().noteIds(SandboxNoteKind.VIDEO_COVER, notes.size() + 2).stream()
                .filter(note -> !notes.contains(note))
                .toList();
    }
}
