package io.github.notearchive.nightly;

import static io.github.notearchive.archive.worklist.NoteState.ARCHIVED;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.ArchiveRows;
import io.github.notearchive.archive.catalog.SlotRow;
import io.github.notearchive.archive.query.MediaTotals;
import io.github.notearchive.archive.query.NoteFilter;
import io.github.notearchive.archive.query.NoteList;
import io.github.notearchive.archive.worklist.WorklistRepository;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.batch.RunCounts;
import io.github.notearchive.maintenance.verify.VerifyRunner.VerifySummary;
import io.github.notearchive.media.PreviewProperties;
import io.github.notearchive.media.PreviewProperties.Images;
import io.github.notearchive.note.MediaKind;
import io.github.notearchive.sandbox.Reply;
import io.github.notearchive.sandbox.SandboxNoteKind;
import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.test.context.TestPropertySource;

/** Previews are stored with the same paid response, and a note is complete without them. */
@NightlyJobTest
@TestPropertySource(properties = {"archive.media.preview=auto", "archive.refresh.enabled=true"})
class PreviewTests extends NightFixture {

    /** URL of a preview: the small rendition as JPEG or WebP. */
    private static final Predicate<String> SMALL = target -> target.contains("/w/576/") && target.contains("/q/75");

    @Autowired
    NoteList notes;

    @Autowired
    MediaTotals totals;

    @Autowired
    WorklistRepository worklist;

    @Test
    void eachHeicImageHasAPreviewThatBrowsersDisplay() {
        String note = aNoteOfSeveralPictures();

        night.run(ExitCode.COMPLETED);

        List<SlotRow> previews = previews(note);
        night.assertArchived(List.of(note), 1);
        assertThat(night.pictures(note)).hasSizeGreaterThan(heic(note).size());
        assertThat(previews).extracting(SlotRow::identity).containsExactlyElementsOf(heic(note));
        assertThat(previews).allSatisfy(preview -> {
            assertThat(preview.media().contentType()).isIn("image/jpeg", "image/webp");
            assertThat(preview.reason()).isNull();
        });
        assertThat(night.slots(note, MediaKind.IMAGE))
                .extracting(image -> image.media().sha256())
                .doesNotContainAnyElementsOf(previews.stream()
                        .map(preview -> preview.media().sha256())
                        .toList());
    }

    @ParameterizedTest
    @CsvSource({"AUTO, true, false", "ALL, true, true", "NONE, false, false"})
    void theSettingSelectsImages(Images preview, boolean heic, boolean jpeg) {
        assertThat(new PreviewProperties(preview).accepts("image/heic")).isEqualTo(heic);
        assertThat(new PreviewProperties(preview).accepts("image/jpeg")).isEqualTo(jpeg);
    }

    @Test
    void missingPreviewsAreFoundAndStoredWithTheSameResponse() {
        String note = aNoteOfSeveralPictures();
        night.run(ExitCode.COMPLETED);
        NoteFilter filter = NoteFilter.parse("has:no-preview");
        assertThat(totals.notesWithoutPreview()).isZero();
        assertThat(worklist.requeue(notes.ids(filter))).isEmpty();

        night.update("DELETE FROM note_media WHERE kind = 'PREVIEW' AND ordinal = 1");
        assertThat(totals.notesWithoutPreview()).isOne();
        assertThat(worklist.requeue(notes.ids(filter))).hasSize(1);
        night.run(ExitCode.COMPLETED);

        assertThat(previews(note)).hasSameSizeAs(heic(note));
        assertThat(night.calls()).as("the response is reused").isOne();
    }

    @Test
    void noteIsArchivedWithoutThePreviewsThatFail() {
        String note = aNoteOfSeveralPictures();
        String dead = night.pictures(note).getFirst();
        String heif = night.pictures(note).get(1);
        byte[] picture = night.provider().mediaBytes("/1040gx?imageView2/format/heif");
        night.script().media(SMALL.and(target -> target.contains(dead)), Reply.status(404));
        night.script().media(SMALL.and(target -> target.contains(heif)), Reply.bytes("image/jpeg", picture));

        RunSummary run = night.run(ExitCode.COMPLETED);
        night.isNextDay();
        night.run(ExitCode.COMPLETED);

        assertThat(run.notes().archived()).isOne();
        assertThat(run.counts().downloads()).isEqualTo(new RunCounts.FailedDownloads(0, 0, 0));
        assertThat(night.state(note)).isEqualTo(ARCHIVED);
        assertThat(night.slots(note, MediaKind.IMAGE)).allMatch(image -> image.media() != null);
        assertThat(previews(note))
                .hasSize(heic(note).size() - 2)
                .noneMatch(preview -> List.of(dead, heif).contains(preview.identity()));
        assertThat(night.rows("note_media WHERE state <> 'STORED'")).isZero();
        assertThat(night.calls()).as("a preview buys nothing").isOne();
        assertThat(night.bills(note)).containsExactly("YES");
    }

    @Test
    void rebuildKeepsPreviewsAndLeavesOutLostOnes() throws IOException {
        String note = aNoteOfSeveralPictures();
        night.run(ExitCode.COMPLETED);
        assertRebuiltAsTheyAre();
        SlotRow lost = previews(note).getFirst();
        Files.delete(night.bucket().resolve(lost.media().key().value()));

        night.update(ArchiveRows.LOSS);
        assertThat(rebuild.rebuild(false, null).exitCode()).isEqualTo(ExitCode.COMPLETED);

        assertThat(night.state(note)).isEqualTo(ARCHIVED);
        assertThat(previews(note))
                .hasSize(heic(note).size() - 1)
                .noneMatch(preview -> preview.identity().equals(lost.identity()));
    }

    @Test
    void waiverOfAnImageKeepsThePreviewsOfTheOthers() {
        String note = aNoteOfSeveralPictures();
        String dead = night.pictures(note).getFirst();
        night.script().media(target -> target.contains(dead), Reply.status(404));
        night.run(ExitCode.INCOMPLETE);
        List<SlotRow> previews = previews(note);

        assertThat(waive(note, MediaKind.IMAGE, 0, "deleted by its author")).isZero();

        assertThat(night.state(note)).isEqualTo(ARCHIVED);
        assertThat(previews).hasSameSizeAs(heic(note));
        assertThat(previews(note))
                .extracting(SlotRow::media)
                .containsExactlyElementsOf(previews.stream().map(SlotRow::media).toList());
        night.run(ExitCode.COMPLETED); // logs the waiver
        assertRebuiltAsTheyAre();
    }

    @Test
    void repairDropsALostPreviewAndMakesNoNoteDue() throws IOException {
        String note = aNoteOfSeveralPictures();
        night.run(ExitCode.COMPLETED);
        SlotRow lost = previews(note).getFirst();
        Files.delete(night.bucket().resolve(lost.media().key().value()));

        VerifySummary audit = repair(0);

        assertThat(audit.exitCode()).as(audit.toString()).isEqualTo(ExitCode.COMPLETED);
        assertThat(audit.repairs().previewsDropped()).isOne();
        assertThat(audit.repairs().notPossible()).isZero();
        assertThat(night.state(note)).isEqualTo(ARCHIVED);
        assertThat(previews(note))
                .hasSize(heic(note).size() - 1)
                .noneMatch(preview -> preview.identity().equals(lost.identity()));
    }

    private String aNoteOfSeveralPictures() {
        String note = find(SandboxNoteKind.IMAGES, id -> night.pictures(id).size() >= 3);
        night.pending(List.of(note));
        return note;
    }

    private List<String> heic(String note) {
        return night.slots(note, MediaKind.IMAGE).stream()
                .filter(image ->
                        image.media() != null && image.media().contentType().equals("image/heic"))
                .map(SlotRow::identity)
                .toList();
    }

    private List<SlotRow> previews(String note) {
        return night.slots(note, MediaKind.PREVIEW);
    }
}
