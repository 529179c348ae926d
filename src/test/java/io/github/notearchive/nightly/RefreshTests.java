package io.github.notearchive.nightly;

import static io.github.notearchive.archive.worklist.NoteState.ARCHIVED;
import static io.github.notearchive.archive.worklist.NoteState.UNAVAILABLE;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.archive.catalog.Expected.Damage;
import io.github.notearchive.archive.catalog.SlotRow;
import io.github.notearchive.archive.catalog.SlotRow.SlotState;
import io.github.notearchive.archive.catalog.StoredMedia;
import io.github.notearchive.archive.query.CallTotals;
import io.github.notearchive.archive.worklist.NoteState;
import io.github.notearchive.archive.worklist.RefreshPlan;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.batch.RunCounts;
import io.github.notearchive.maintenance.verify.VerifyRunner.VerifyOptions;
import io.github.notearchive.maintenance.verify.VerifyRunner.VerifySummary;
import io.github.notearchive.note.MediaKind;
import io.github.notearchive.provider.RefreshProperties;
import io.github.notearchive.sandbox.Reply;
import io.github.notearchive.sandbox.SandboxNoteKind;
import java.nio.file.Files;
import java.time.Duration;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.test.context.TestPropertySource;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.support.TransactionTemplate;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Archived notes are refreshed every night, and keep their files with any response. */
@BesideNightlyJobTest
@TestPropertySource(
        properties = {
            "archive.workers=4",
            "archive.refresh.enabled=true",
            "archive.refresh.gaps=1d",
            "archive.refresh.calls-per-night=0",
            "archive.video.enabled=true"
        })
class RefreshTests extends NightFixture {

    @Autowired
    PlatformTransactionManager transactions;

    @Test
    void countsOfThreeNightsAreThreeCapturesByThreeCallsAndNoFileIsRequestedTwice() {
        String note = archived(SandboxNoteKind.IMAGES, likes(10));
        int requests = night.provider().mediaRequests();
        List<StoredMedia> files = media(note);
        assertThat(night.note(note).refreshNight()).isEqualTo(tomorrow());
        night.run(ExitCode.COMPLETED);
        assertThat(night.calls()).as("the same night").isOne();

        night.isNextDay();
        answers(note, likes(25));
        RunSummary second = night.run(ExitCode.COMPLETED);
        night.run(ExitCode.COMPLETED);
        night.update("UPDATE note_capture SET sidecar_verified_at = now()");
        night.isNextDay();
        answers(note, likes(40));
        RunSummary third = night.run(ExitCode.COMPLETED);

        assertThat(night.calls()).isEqualTo(3);
        assertThat(night.bills(note)).containsExactly("YES", "YES", "YES");
        assertThat(night.texts("SELECT liked_count::text FROM note_capture ORDER BY captured_at"))
                .containsExactly("10", "25", "40");
        assertThat(night.texts("SELECT (response IS NULL)::text FROM note_capture ORDER BY captured_at"))
                .containsExactly("true", "false", "false");
        assertThat(night.count("SELECT liked_count FROM note")).isEqualTo(40);
        assertThat(night.objects("notes/" + note)).hasSize(3);
        assertThat(night.provider().mediaRequests()).isEqualTo(requests);
        assertThat(media(note)).isEqualTo(files);
        for (RunSummary run : List.of(second, third)) {
            assertThat(run.notes().archived()).as("archived for the first time").isZero();
            assertThat(run.counts().refreshes()).isEqualTo(new RunCounts.RefreshCounts(1, 1, 0, 0, 0, 0, 0));
            assertThat(run.refreshes().bill()).isEqualTo(new CallTotals.Bill(1, 1, 0));
            assertThat(run.refreshes().due()).isZero();
        }
        assertThat(night.state(note)).isEqualTo(ARCHIVED);
        assertThat(night.note(note).refreshNight()).isEqualTo(tomorrow());
        assertThat(night.rows("api_call WHERE refresh")).isEqualTo(2);
    }

    @Test
    void editedNoteHasItsNewTextAndFileAndKeepsTheFileThatIsNoLongerListed() {
        String note = withThreePictures();
        ObjectNode added = pictureOfAnotherThan(note);
        night.pending(List.of(note));
        night.run();
        List<SlotRow> before = images(note);
        int requests = night.provider().mediaRequests();

        night.isNextDay();
        answers(note, edited -> {
            edited.put("title", "another title");
            ArrayNode pictures = (ArrayNode) edited.get("images_list");
            pictures.remove(0);
            pictures.add(added);
        });
        RunSummary run = night.run(ExitCode.COMPLETED);

        assertThat(run.counts().refreshes().changedText()).isOne();
        assertThat(run.counts().refreshes().changedFiles()).isOne();
        assertThat(night.provider().mediaRequests()).isEqualTo(requests + 1);
        List<SlotRow> after = images(note);
        assertThat(after).hasSize(before.size() + 1).allMatch(row -> row.state() == SlotState.STORED);
        for (int i = 1; i < before.size(); i++) {
            assertThat(after.get(i - 1).media()).isEqualTo(before.get(i).media());
            assertThat(after.get(i - 1).rendition()).isEqualTo(before.get(i).rendition());
        }
        assertThat(after.get(before.size() - 1).identity()).isEqualTo(name(added));
        assertThat(after.getLast().media()).isEqualTo(before.getFirst().media());
        assertThat(after.getLast().ordinal()).isGreaterThanOrEqualTo(before.size());
        assertThat(night.count("""
                                SELECT count(*) FROM note_media JOIN note USING (note_id)
                                WHERE kind = 'IMAGE' AND captured_at < last_captured_at
                                """)).as("no longer listed").isOne();
        assertThat(unused()).isZero();

        assertRebuiltAsTheyAre();

        // it is listed again
        night.isNextDay();
        night.script().clear();
        night.run();

        assertThat(images(note).stream().limit(before.size()).map(SlotRow::media))
                .isEqualTo(before.stream().map(SlotRow::media).toList());
        assertThat(images(note)).hasSize(before.size() + 1);
        assertThat(night.provider().mediaRequests()).isEqualTo(requests + 1);
        assertThat(unused()).isZero();
    }

    @Test
    void unavailableNewFileIsWaivedByNameAndStoredByALaterAttempt() {
        String note = withThreePictures();
        ObjectNode added = pictureOfAnotherThan(note);
        night.pending(List.of(note));
        night.run();
        int pictures = images(note).size();

        night.isNextDay();
        answers(note, edited -> ((ArrayNode) edited.get("images_list")).add(added));
        night.script().media(target -> target.contains(name(added)), Reply.status(404));
        RunSummary first = night.run(ExitCode.COMPLETED);

        assertThat(night.state(note)).isEqualTo(ARCHIVED);
        assertThat(night.note(note).detail()).contains("IMAGE " + pictures, "DEAD", "404");
        assertThat(night.note(note).dueAt()).isEqualTo(night.midnight());
        assertThat(night.files(note)).hasSize(pictures + 1).endsWith("IMAGE WAIVED NOT_REFRESHED");
        assertThat(images(note).subList(0, pictures)).allMatch(row -> row.state() == SlotState.STORED);
        assertThat(first.counts().refreshes().refreshed()).isOne();
        assertThat(night.calls()).as("nothing is bought again for it").isEqualTo(2);

        night.isNextDay();
        night.script().clear();
        night.script().answers(note, Reply.code(301));
        RunSummary second = night.run(ExitCode.COMPLETED);

        assertThat(night.files(note)).containsOnly("IMAGE STORED");
        assertThat(night.note(note).dueAt()).isNull();
        assertThat(second.counts().refreshes().postponed()).isOne();
        assertThat(night.calls()).isEqualTo(3);
    }

    @ParameterizedTest
    @CsvSource({"301, 1", "500, 1", "400, 30"})
    void failedRefreshLeavesTheNoteUnchangedAndIsRetriedOnALaterNight(int code, int nights) {
        String note = archived(SandboxNoteKind.IMAGES, likes(10));
        List<SlotRow> files = night.slots(note);
        night.isNextDay();
        night.script().answers(note, Reply.code(code));

        RunSummary run = night.run(ExitCode.COMPLETED);

        assertThat(night.state(note)).isEqualTo(ARCHIVED);
        assertThat(night.calls(note)).as("asked once a night").isEqualTo(2);
        assertThat(night.note(note).attempts()).isZero();
        assertThat(night.note(note).lastCode()).isEqualTo(code);
        assertThat(night.note(note).detail()).startsWith("refresh ");
        assertThat(night.note(note).refreshNight())
                .isEqualTo(night.today().date().plusDays(nights));
        assertThat(run.counts().refreshes()).isEqualTo(new RunCounts.RefreshCounts(0, 0, 0, 0, 0, 0, 1));
        assertThat(night.slots(note)).isEqualTo(files);
        assertThat(night.count("SELECT count(archived_at) FROM note")).isOne();

        night.isDaysLater(nights);
        night.script().clear();
        assertThat(night.run().counts().refreshes().refreshed()).isOne();
        assertThat(night.note(note).reason()).isNull();
        assertThat(night.calls(note)).isEqualTo(3);
    }

    @Test
    void refreshThatFailsForFiveNightsIsSuspended() {
        String note = archived(SandboxNoteKind.TEXT, likes(10));
        night.script().answers(note, Reply.code(301));

        for (int nights = 1; nights <= 5; nights++) {
            night.isNextDay();
            night.run(ExitCode.COMPLETED);
            assertThat(night.note(note).refreshAttempts()).isEqualTo(nights % 5);
        }

        assertThat(night.note(note).refreshNight())
                .isEqualTo(night.today().date().plusDays(30));
        assertThat(night.state(note)).isEqualTo(ARCHIVED);
        assertThat(night.calls(note)).isEqualTo(6);
    }

    @Test
    void noteThatIsGoneIsUnavailableAndKeepsItsFilesUntilItReturns() {
        String note = archived(SandboxNoteKind.IMAGES, likes(10));
        List<SlotRow> files = night.slots(note);
        List<StoredMedia> media = media(note);
        int requests = night.provider().mediaRequests();
        night.isNextDay();
        night.script().answers(note, Reply.code(404));

        RunSummary run = night.run(ExitCode.COMPLETED);

        assertThat(night.state(note)).isEqualTo(UNAVAILABLE);
        assertThat(night.note(note).lastCode()).isEqualTo(404);
        assertThat(run.counts().refreshes().unavailable()).isOne();
        assertThat(run.notes().unavailable()).as("for the first time").isZero();
        assertThat(night.slots(note)).isEqualTo(files);
        assertThat(night.count("SELECT count(archived_at) FROM note")).isOne();
        assertThat(night.note(note).refreshNight())
                .isEqualTo(night.today().date().plusDays(30));

        night.isDaysLater(29);
        night.run(ExitCode.COMPLETED);
        assertThat(night.calls(note)).isEqualTo(2);

        night.isNextDay();
        night.script().answers(note, Reply.code(301));
        assertThat(night.run().counts().refreshes().postponed()).isOne();
        assertThat(night.state(note)).as("an error changes nothing").isEqualTo(UNAVAILABLE);

        night.isNextDay();
        night.script().clear();
        RunSummary back = night.run();

        assertThat(night.state(note)).isEqualTo(ARCHIVED);
        assertThat(back.counts().refreshes().restored()).isOne();
        assertThat(media(note)).isEqualTo(media);
        assertThat(night.provider().mediaRequests()).isEqualTo(requests);
        assertThat(night.note(note).refreshNight()).isEqualTo(tomorrow());
    }

    @Test
    void successWithoutTheNoteIsConfirmedOnASecondNightOnly() {
        String note = archived(SandboxNoteKind.TEXT, likes(10));
        night.script().answers(note, Reply.json("{\"code\":0,\"message\":\"ok\",\"data\":[]}"));
        night.isNextDay();

        night.run(ExitCode.COMPLETED);
        assertThat(night.state(note)).isEqualTo(ARCHIVED);
        assertThat(night.note(note).detail()).contains("checked again in a later night");
        night.run(ExitCode.COMPLETED);
        assertThat(night.calls(note)).isEqualTo(2);

        night.isNextDay();
        night.run(ExitCode.COMPLETED);
        assertThat(night.state(note)).isEqualTo(UNAVAILABLE);
        assertThat(night.calls(note)).isEqualTo(3);
        assertThat(night.count("SELECT count(archived_at) FROM note")).isOne();
        assertRebuiltAsTheyAre();
    }

    @ParameterizedTest
    @CsvSource({"303, QUOTA_EXHAUSTED", "601, BLOCKED_BALANCE"})
    void endOfTheRunLeavesTheRefreshDue(int code, ExitCode exitCode) {
        String note = archived(SandboxNoteKind.TEXT, likes(10));
        night.isNextDay();
        LocalDate due = night.today().date();
        night.script().answers(note, Reply.code(code));

        night.run(exitCode);

        assertThat(night.state(note)).isEqualTo(ARCHIVED);
        assertThat(night.note(note).refreshNight()).isEqualTo(due);

        night.isNextDay();
        night.script().clear();
        RunSummary next = night.run(ExitCode.COMPLETED);

        assertThat(next.counts().refreshes().refreshed()).isOne();
        assertThat(night.instances()).as("the restart of the same instance").hasSize(2);
    }

    @Test
    void unavailableStoreCostsNoSecondResponseAndNoState() throws Exception {
        String note = archived(SandboxNoteKind.TEXT, likes(10));
        night.isNextDay();
        var running = night.runUntilHeld(1);
        night.wayToStore().down();
        night.provider().releaseResponses();
        await("the store is waited for", () -> night.repeatedSteps() > 0);
        gate.close(ExitCode.UPSTREAM_UNAVAILABLE, "the store stays away");

        ended(running, ExitCode.UPSTREAM_UNAVAILABLE);
        assertThat(night.state(note)).isEqualTo(ARCHIVED);
        assertThat(night.rows("note_capture")).isOne();

        night.wayToStore().mend();
        night.isNextDay();
        night.run(ExitCode.COMPLETED);
        assertThat(night.note(note).refreshNight()).isEqualTo(tomorrow());
        assertThat(night.rows("note_capture"))
                .as("the answer that could not be stored, too")
                .isEqualTo(3);
        assertThat(night.calls()).isEqualTo(3);
    }

    /** Also if a refresh of a later night is requested meanwhile. */
    @ParameterizedTest
    @ValueSource(ints = {1, 30})
    void responseToARefreshInTheLedgerAfterACrashIsUsedAndNotBoughtAgain(int days) {
        String note = archived(SandboxNoteKind.TEXT, likes(10));
        night.isNextDay();
        night.holdsResponseOf(note, Duration.ofMinutes(1));
        if (days == 1) {
            night.claimedBy("main", List.of(note));
        } else {
            night.update("UPDATE api_call SET refresh = true WHERE id > 1");
            enqueue(List.of(note), days, null);
        }

        RunSummary run = night.run(ExitCode.COMPLETED);

        assertThat(night.calls()).isOne();
        assertThat(run.counts().refreshes().refreshed()).isOne();
        assertThat(run.refreshes().bill().calls()).isZero();
        assertThat(night.rows("note_capture")).isEqualTo(2);
        assertThat(night.note(note).refreshNight())
                .isEqualTo(night.today().date().plusDays(days));
    }

    @Test
    void videoIsNotBoughtAgainByARefresh() {
        String note = archived(SandboxNoteKind.VIDEO_COVER, likes(10));
        assertThat(night.provider().videoCalls()).isOne();
        int requests = night.provider().mediaRequests();
        List<StoredMedia> media = media(note);
        assertThat(night.files(note)).contains("VIDEO STORED");

        for (int nights : List.of(1, 9)) {
            night.isDaysLater(nights);
            assertThat(night.run().counts().refreshes().refreshed()).isOne();
        }

        assertThat(night.calls(note)).isEqualTo(3);
        assertThat(night.provider().videoCalls()).isOne();
        assertThat(night.provider().mediaRequests()).isEqualTo(requests);
        assertThat(media(note)).isEqualTo(media);
        assertThat(night.state(note)).isEqualTo(ARCHIVED);
    }

    @Test
    void damagedVideoThatNoResponseListsKeepsItsRow() throws Exception {
        String note = archived(SandboxNoteKind.VIDEO_COVER, likes(10));
        SlotRow before = night.video(note);
        Files.delete(night.bucket().resolve(before.media().key().value()));
        night.isDaysLater(9);
        VerifySummary audit = verifier.verify(new VerifyOptions(null, false, false, "main"));
        assertThat(audit.open()).containsOnlyKeys(Damage.FindingKind.MISSING);

        assertThat(night.run().counts().refreshes().refreshed()).isOne();

        assertThat(night.files(note)).contains("VIDEO STORED");
        assertThat(night.video(note).media()).isEqualTo(before.media());
        assertThat(night.video(note).damage()).isEqualTo("MISSING");
        assertThat(night.state(note)).isEqualTo(ARCHIVED);
    }

    @Test
    void noteWithItsOwnIntervalKeepsIt() {
        List<String> notes = night.provider().noteIds(SandboxNoteKind.TEXT, 3);
        night.pending(notes.subList(0, 1));
        night.run();
        LocalDate first = night.today().date();

        enqueue(notes.subList(0, 2), 3, null);
        enqueue(notes.subList(2, 3), null, first.plusDays(2));
        night.run();

        assertThat(refreshNights(notes))
                .as("the settings say sooner for the last one")
                .containsExactly(first.plusDays(3), first.plusDays(3), first.plusDays(1));

        night.isDaysLater(3);
        night.run();

        assertThat(night.calls()).isEqualTo(6);
        assertThat(night.note(notes.get(0)).refreshNight()).isEqualTo(first.plusDays(6));
    }

    @Test
    void singleRefreshNightIsKeptBesideALaterInterval() {
        String note = archived(SandboxNoteKind.TEXT, likes(10));
        LocalDate captured = night.today().date();

        enqueue(List.of(note), null, captured.plusDays(20));
        enqueue(List.of(note), 30, null);

        assertThat(night.note(note).refreshNight()).isEqualTo(captured.plusDays(20));
        enqueue(List.of(note), 7, null);
        assertThat(night.note(note).refreshNight()).isEqualTo(captured.plusDays(7));
    }

    @Test
    void changedSettingsPlanAllNotesAgainByTheirAge() {
        List<String> notes = night.pending(4);
        night.run();
        LocalDate captured = night.today().date();
        List<Integer> ages = List.of(0, 9, 40, 400);
        for (int i = 0; i < 4; i++) {
            night.update(
                    "UPDATE note SET published_at = last_captured_at - ? * interval '1 day' WHERE note_id = ?",
                    ages.get(i),
                    notes.get(i));
        }

        int planned = plan(true, "1d,7d,30d,90d", "7d,30d,365d").planAllIfChanged();

        assertThat(planned).isEqualTo(3);
        assertThat(refreshNights(notes))
                .containsExactly(
                        captured.plusDays(1), captured.plusDays(7), captured.plusDays(30), captured.plusDays(90));
        assertThat(plan(true, "1d,7d,30d,90d", "7d,30d,365d").planAllIfChanged())
                .isZero();
        assertThat(plan(true, "1d,7d,30d", "7d,30d,365d").planAllIfChanged()).isOne();
        assertThat(night.note(notes.get(3)).refreshNight()).isNull();
        enqueue(notes.subList(0, 1), null, captured.plusDays(5));
        assertThat(plan(false, "1d", "").planAllIfChanged()).isEqualTo(3);
        assertThat(night.note(notes.get(0)).refreshNight()).isEqualTo(captured.plusDays(5));
        assertThat(night.note(notes.get(1)).refreshNight()).isNull();
    }

    @Test
    void notesArePlannedInBatchesByTheSettingsOfTheLastPlanner() {
        List<String> notes = night.pending(4).stream().sorted().toList();
        night.run();
        LocalDate captured = night.today().date();
        List<CompletableFuture<Integer>> plans = new ArrayList<>();

        new TransactionTemplate(transactions).executeWithoutResult(_ -> {
            night.sql()
                    .sql("SELECT FROM worklist WHERE note_id = :last FOR UPDATE")
                    .param("last", notes.getLast())
                    .query((_, _) -> true)
                    .single();
            plans.add(planning("3d"));
            untilWaiting(1);

            assertThat(refreshNights(notes.subList(0, 3))).containsOnly(captured.plusDays(3));

            plans.add(planning("5d"));
            untilWaiting(2);
        });

        assertThat(plans).extracting(CompletableFuture::join).containsExactly(4, 4);
        assertThat(refreshNights(notes)).containsOnly(captured.plusDays(5));
        assertThat(plan(true, "5d", "").planAllIfChanged()).isZero();
    }

    private CompletableFuture<Integer> planning(String gap) {
        return CompletableFuture.supplyAsync(() -> plan(true, gap, "").planAllIfChanged(1), Thread::startVirtualThread);
    }

    private void untilWaiting(int sessions) {
        while (night.count("SELECT count(DISTINCT pid) FROM pg_locks WHERE NOT granted") < sessions) {
            Thread.onSpinWait();
        }
    }

    @Test
    void interruptedPlanIsCompletedByTheNextRun() {
        String note = night.pending(1).getFirst();
        night.run();
        plan(true, "3d", "").planAllIfChanged();
        night.update("UPDATE refresh_policy SET policy = 'unfinished: ' || policy");
        night.update("UPDATE worklist SET refresh_night = NULL"); // not planned yet

        assertThat(plan(true, "3d", "").planAllIfChanged()).isOne();
        assertThat(night.note(note).refreshNight())
                .isEqualTo(night.today().date().plusDays(3));
        assertThat(plan(true, "3d", "").planAllIfChanged()).isZero();
    }

    private RefreshPlan plan(boolean enabled, String gaps, String ages) {
        return new RefreshPlan(
                night.sql(),
                new RefreshProperties(enabled, days(ages), days(gaps), 0.2, 0, RefreshProperties.RefreshOrder.AGE),
                night.clock(),
                transactions);
    }

    private static List<Duration> days(String texts) {
        return texts.isEmpty()
                ? List.of()
                : List.of(texts.split(",")).stream()
                        .map(text -> Duration.parse("P" + text))
                        .toList();
    }

    private void enqueue(List<String> notes, @Nullable Integer days, @Nullable LocalDate on) {
        night.enqueue(notes, 5, days, on);
    }

    /** Archives one note tonight. */
    private String archived(SandboxNoteKind kind, Consumer<ObjectNode> change) {
        String note = night.provider().noteIds(kind, 1).getFirst();
        answers(note, change);
        night.pending(List.of(note));
        night.run(ExitCode.COMPLETED);
        assertThat(night.state(note)).isEqualTo(NoteState.ARCHIVED);
        return note;
    }

    private void answers(String note, Consumer<ObjectNode> change) {
        night.script().answers(note, Reply.noteWith(change));
    }

    private static Consumer<ObjectNode> likes(int count) {
        return note -> note.put("liked_count", count);
    }

    private LocalDate tomorrow() {
        return night.today().date().plusDays(1);
    }

    private String withThreePictures() {
        return find(SandboxNoteKind.IMAGES, note -> night.pictures(note).size() >= 3);
    }

    private ObjectNode pictureOfAnotherThan(String note) {
        String other = find(SandboxNoteKind.IMAGES, id -> !id.equals(note));
        return (ObjectNode) night.provider().envelope(other).at("/data/0/note_list/0/images_list/0");
    }

    private List<SlotRow> images(String note) {
        return night.slots(note, MediaKind.IMAGE);
    }

    private List<StoredMedia> media(String note) {
        return night.slots(note).stream().map(SlotRow::media).toList();
    }

    private List<LocalDate> refreshNights(List<String> notes) {
        return notes.stream().map(note -> night.note(note).refreshNight()).toList();
    }

    private static String name(ObjectNode picture) {
        return picture.path("fileid").stringValue();
    }

    /** Files that no note has any more. */
    private long unused() {
        return night.count("SELECT count(*) FROM media_object o WHERE NOT EXISTS (SELECT 1 FROM note_media m"
                + " WHERE m.sha256 = o.sha256)");
    }
}
