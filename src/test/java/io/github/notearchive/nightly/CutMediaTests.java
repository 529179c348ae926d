package io.github.notearchive.nightly;

import static io.github.notearchive.archive.worklist.NoteState.ARCHIVED;
import static io.github.notearchive.archive.worklist.NoteState.POSTPONED;
import static io.github.notearchive.nightly.NightlyScenario.assertEnded;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.archive.catalog.SlotRow;
import io.github.notearchive.archive.catalog.SlotState;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.sandbox.MediaReply;
import io.github.notearchive.sandbox.SandboxNoteKind;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;

/** Files that are cut, although the server's length is that of what it sends. */
@NightlyJobTest
class CutMediaTests {

    private static final String BEST = "/w/5000/";

    @Autowired
    NightlyScenario night;

    @Test
    void aWholeNightOfTheSandboxLeavesNothingToRemark() {
        List<String> notes = new ArrayList<>();
        for (SandboxNoteKind kind : SandboxNoteKind.values()) {
            notes.addAll(night.provider().noteIds(kind, 2));
        }
        night.pending(notes);

        assertEnded(night.run(), ExitCode.COMPLETED);

        assertThat(night.count("SELECT count(*) FROM note_media WHERE state = 'STORED'"))
                .isGreaterThan(20);
        assertThat(night.count("SELECT count(*) FROM note_media WHERE checks LIKE '%remarks%'"))
                .isZero();
    }

    @Test
    void theNextAddressGivesWhatTheBestOneHasOnlyInPart() {
        String note = noteOfOnePicture();
        night.script().media(target -> target.contains(BEST), cut(note));

        assertEnded(night.run(), ExitCode.COMPLETED);

        assertThat(night.state(note)).isEqualTo(ARCHIVED);
        assertThat(night.slots(note)).extracting(SlotRow::rendition).containsExactly("url_multi_level.high");
        assertThat(night.provider().mediaRequests(BEST)).as("five times three").isEqualTo(15);
        assertThat(night.provider().mediaRequests()).isEqualTo(16);
    }

    /**
     * Like any trouble that may pass: tried again in this and later nights, never stored, no new answer bought, and
     * given up with the last of its retries.
     */
    @Test
    void aFileThatIsCutAtEveryAddressIsMissingAndSaysSo() {
        String note = noteOfOnePicture();
        night.script().media(_ -> true, cut(note));

        RunSummary run = night.run();

        assertEnded(run, ExitCode.INCOMPLETE);
        assertThat(night.state(note)).isEqualTo(POSTPONED);
        assertThat(night.slots(note)).singleElement().satisfies(slot -> {
            assertThat(slot.state()).isEqualTo(SlotState.MISSING);
            assertThat(slot.reason()).isEqualTo("RETRY");
            assertThat(slot.error()).contains(": truncated: ");
        });
        assertThat(night.objects("media/")).isEmpty();
        assertThat(night.calls()).isEqualTo(1);
    }

    private String noteOfOnePicture() {
        String note = night.provider().noteIds(SandboxNoteKind.IMAGES, 200).stream()
                .filter(id -> night.pictures(id).size() == 1 && !best(id).isEmpty())
                .findFirst()
                .orElseThrow();
        night.pending(List.of(note));
        return note;
    }

    private String best(String note) {
        return night.provider()
                .envelope(note)
                .at("/data/0/note_list/0/images_list/0/original")
                .stringValue();
    }

    private MediaReply cut(String note) {
        byte[] whole = night.provider().mediaBytes(best(note));
        return MediaReply.bytes("image/heic", Arrays.copyOf(whole, whole.length - 100));
    }
}
