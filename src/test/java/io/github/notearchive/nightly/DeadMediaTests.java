package io.github.notearchive.nightly;

import static io.github.notearchive.archive.worklist.NoteState.ARCHIVED;
import static io.github.notearchive.archive.worklist.NoteState.FAILED;
import static io.github.notearchive.archive.worklist.NoteState.POSTPONED;
import static io.github.notearchive.archive.worklist.NoteState.UNAVAILABLE;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.notearchive.ArchiveDatabase;
import io.github.notearchive.archive.worklist.StateReason;
import io.github.notearchive.archive.worklist.WorklistRepository.WorklistEntry;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.maintenance.waive.Waiver.NotWaivedException;
import io.github.notearchive.media.Spool;
import io.github.notearchive.note.MediaKind;
import io.github.notearchive.sandbox.Reply;
import io.github.notearchive.sandbox.SandboxNoteKind;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.beans.factory.annotation.Autowired;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Files without a valid URL: one new response a night, and a permanent failure after two. */
@NightlyJobTest
class DeadMediaTests extends NightFixture {

    private static final String BLOCKED =
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";

    @Autowired
    Spool spool;

    private String note;
    private List<String> pictures;

    @BeforeEach
    void aNoteOfSeveralPictures() {
        note = find(SandboxNoteKind.IMAGES, id -> night.pictures(id).size() >= 3);
        pictures = night.pictures(note);
        night.pending(List.of(note));
    }

    @Test
    void videoWithoutUrlIsBoughtAgainOnceInTheNextNightAndThenFailsPermanently() {
        String video = find(SandboxNoteKind.VIDEO_STREAMS, _ -> true);
        Reply withoutUrl = Reply.noteWith(
                answer -> ((ObjectNode) answer.path("video_info_v2").path("media")).remove("stream"));
        night.script().answers(video, withoutUrl, withoutUrl, withoutUrl);
        night.pending(List.of(video));

        night.run(ExitCode.INCOMPLETE);
        night.assertNote(video, POSTPONED, StateReason.URLS_EXPIRED, "VIDEO 0 DEAD");
        night.isNextDay();
        night.run(ExitCode.INCOMPLETE);

        night.assertNote(video, FAILED, StateReason.MEDIA_INCOMPLETE, "VIDEO 0 GONE");
        assertThat(night.count("SELECT count(*) FROM api_call WHERE note_id = '%s'".formatted(video)))
                .isEqualTo(2);
    }

    @Test
    void expiredFileIsBoughtAgainOnceInTheNextNightAndThenFailsPermanently() {
        isDead(pictures.get(1));

        RunSummary first = night.run(ExitCode.INCOMPLETE);

        assertThat(night.calls()).isEqualTo(1);
        assertThat(night.note(note))
                .returns(POSTPONED, WorklistEntry::state)
                .returns(1, WorklistEntry::mediaAttempts)
                .returns(night.midnight(), WorklistEntry::dueAt);
        assertFiles("IMAGE MISSING DEAD");

        night.requeue(note);
        night.run(ExitCode.INCOMPLETE);
        assertThat(night.calls()).isEqualTo(1);

        night.isNextDay();
        RunSummary second = night.run(ExitCode.INCOMPLETE);

        assertThat(night.calls()).isEqualTo(2);
        assertThat(first.boughtAgain()).isZero();
        assertThat(second.boughtAgain()).isOne();
        night.assertNote(note, FAILED, StateReason.MEDIA_INCOMPLETE, "IMAGE 1 GONE");
        assertThat(night.note(note).dueAt()).isNull();
        assertFiles("IMAGE MISSING GONE");
        assertThat(night.rows("note WHERE archived_at IS NULL")).isEqualTo(1);
        assertThat(night.rows("note_capture")).isEqualTo(2);
        assertThat(night.objects("media/")).hasSize(pictures.size() - 1);

        night.isNextDay();
        night.run(ExitCode.COMPLETED);
        assertThat(night.calls()).isEqualTo(2);
    }

    @Test
    void downloadsAreDiscardedIfTheNewResponseCannotBeBought() throws Exception {
        night.script().media(_ -> true, Reply.status(500));
        night.run(ExitCode.INCOMPLETE);
        night.isNextDay();
        night.script().clear();
        isDead(pictures.get(1));
        Spool.SpoolUsage before = spool.held();
        RunSummary run = night.refusing("INSERT ON api_call", "true", "54000", "not now", 9, night::run);

        assertEnded(run, ExitCode.FAILED);
        assertThat(run.reason()).contains("not now");
        assertThat(spool.held()).isEqualTo(before);
    }

    @Test
    void manyNotesWithFilesThatAreDeadAgainAreNoOutageOfTheMediaHosts() {
        List<String> notes = night.provider().noteIds(SandboxNoteKind.IMAGES, 60).stream()
                .filter(id -> !id.equals(note) && night.pictures(id).size() >= 2)
                .limit(30)
                .toList();
        night.pending(notes);
        Set<String> dead = notes.stream().map(id -> night.pictures(id).get(1)).collect(Collectors.toSet());
        night.script().media(target -> dead.stream().anyMatch(target::contains), Reply.status(404));
        night.run(ExitCode.INCOMPLETE);
        assertThat(notes).hasSize(30);
        assertThat(night.states(notes)).containsOnly(POSTPONED);

        night.isNextDay();
        night.run(ExitCode.INCOMPLETE);

        assertThat(night.calls()).isEqualTo(31 + 30);
        assertThat(night.states(notes)).containsOnly(FAILED);
    }

    @Test
    void responseOfAnEarlierNightWithExpiredUrlsIsBoughtAgainOnceInTheRun() {
        night.holdsResponseOf(note, Duration.ofDays(1));
        night.script().media(target -> !target.contains("renewed=1"), Reply.status(403));
        night.script().answers(note, Reply.note(envelope -> (ObjectNode)
                JsonMapper.shared().readTree(envelope.toString().replaceAll("(\"http[^\"]*)", "$1&renewed=1"))));
        night.run(ExitCode.COMPLETED);

        night.assertArchived(List.of(note), 1);
        assertThat(night.slots(note)).hasSize(pictures.size());
    }

    @Test
    void fileThatOnlyAReplacedResponseListsIsNotStored() {
        night.holdsResponseOf(note, Duration.ofDays(1));
        isDead(pictures.get(1));
        night.script().answers(note, Reply.note(envelope -> {
            ArrayNode images = (ArrayNode) envelope.at("/data/0/note_list/0/images_list");
            images.remove(2);
            images.remove(1);
            return envelope;
        }));

        night.run(ExitCode.COMPLETED);

        assertThat(night.calls()).isOne();
        assertThat(night.objects("media/")).hasSize((int) night.rows("media_object"));
    }

    @Test
    void fileIsInTheStoreAndNotInTheSpoolWhileAnotherOneOfItsNoteIsDownloaded() throws Exception {
        night.script().media(target -> target.contains(pictures.get(1)), Reply.hang());

        CompletableFuture<RunSummary> run = night.runAside();

        await("all files are requested", () -> night.provider().mediaRequests() >= pictures.size());
        await("the other files are stored", () -> night.objects("media/").size() == pictures.size() - 1);
        await("the spool is empty", () -> spool.held().bytes() == 0);
        assertThat(night.rows("media_object")).isZero();
        night.script().clear().releaseHung();
        ended(run, ExitCode.COMPLETED);
        night.assertArchived(List.of(note), 1);
    }

    @Test
    void waivingTheLastMissingFileArchivesTheNote() {
        isDead(pictures.get(0));
        isDead(pictures.get(2));
        night.run(ExitCode.INCOMPLETE);
        night.isNextDay();
        night.run(ExitCode.INCOMPLETE);

        assertThat(waive(0, "lost for good")).isOne();
        assertThat(night.state(note)).isEqualTo(FAILED);
        assertThat(night.files(note))
                .startsWith("IMAGE WAIVED lost for good", "IMAGE STORED", "IMAGE MISSING GONE")
                .noneMatch(file -> file.contains("RETRY"));
        assertThat(night.rows("note WHERE archived_at IS NOT NULL")).isZero();
        assertThatThrownBy(() -> waive(0, "again")).isInstanceOf(NotWaivedException.class);
        assertThatThrownBy(() -> waive(1, "stored already")).isInstanceOf(NotWaivedException.class);
        assertThat(waive(2, "lost too")).isZero();

        assertThat(night.state(note)).isEqualTo(ARCHIVED);
        assertThat(night.files(note)).startsWith("IMAGE WAIVED lost for good", "IMAGE STORED", "IMAGE WAIVED lost too");
        assertThat(night.rows("note WHERE archived_at IS NOT NULL")).isEqualTo(1);
        assertThat(night.calls()).isEqualTo(2);
        assertThat(night.objects("notes/" + note).lastEntry().getValue())
                .asString(UTF_8)
                .contains("lost for good", "lost too");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "claim_id = 1, claimed_by = 'other', claimed_until = now() + interval '5 minutes'",
                "media_attempts = media_attempts + 1"
            })
    void noteThatIsClaimedOrChangedSinceItWasReadIsNotWaived(String change) throws Exception {
        isDead(pictures.getFirst());
        night.run(ExitCode.INCOMPLETE);
        Map<String, byte[]> sidecars = night.objects("notes/" + note);

        CompletableFuture<Integer> waived =
                ArchiveDatabase.whileLocked(night.connect(), "SELECT 1 FROM archive FOR UPDATE", () -> {
                    CompletableFuture<Integer> aside = CompletableFuture.supplyAsync(() -> waive(0, "lost for good"));
                    await("the note is read", () -> night.count(BLOCKED) > 0);
                    night.update("UPDATE worklist SET " + change);
                    return aside;
                });

        assertThatThrownBy(waived::join)
                .hasCauseInstanceOf(NotWaivedException.class)
                .hasMessageContaining("was claimed or changed meanwhile");
        assertThat(night.state(note)).isEqualTo(POSTPONED);
        assertThat(night.files(note)).startsWith("IMAGE MISSING DEAD");
        assertThat(night.objects("notes/" + note)).usingRecursiveComparison().isEqualTo(sidecars);
    }

    @Test
    void noFileOfANoteThatIsGoneIsWaivedAndItsSidecarsEqualTheTables() {
        isDead(pictures.getFirst());
        night.run(ExitCode.INCOMPLETE);
        night.isNextDay();
        night.script().answers(note, Reply.code(201));
        night.run();
        assertThat(night.state(note)).isEqualTo(UNAVAILABLE);
        Map<String, byte[]> sidecars = night.objects("notes/" + note);

        assertThatThrownBy(() -> waive(0, "lost for good"))
                .isInstanceOf(NotWaivedException.class)
                .hasMessageContaining("is UNAVAILABLE");

        assertThat(night.state(note)).isEqualTo(UNAVAILABLE);
        assertThat(night.objects("notes/" + note))
                .hasSize(2)
                .usingRecursiveComparison()
                .isEqualTo(sidecars);
    }

    private int waive(int picture, String reason) {
        return waive(note, MediaKind.IMAGE, picture, reason);
    }

    /** All pictures but the second one are stored. */
    private void assertFiles(String second) {
        List<String> files = new ArrayList<>(night.files(note));
        assertThat(files.remove(1)).isEqualTo(second);
        assertThat(files).hasSize(pictures.size() - 1).containsOnly("IMAGE STORED");
    }

    private void isDead(String picture) {
        night.script().media(target -> target.contains(picture), Reply.status(404));
    }
}
