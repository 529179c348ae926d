package io.github.notearchive.nightly;

import static io.github.notearchive.archive.worklist.NoteState.ARCHIVED;
import static io.github.notearchive.archive.worklist.NoteState.FAILED;
import static io.github.notearchive.archive.worklist.NoteState.POSTPONED;
import static io.github.notearchive.archive.worklist.NoteState.UNAVAILABLE;
import static io.github.notearchive.nightly.NightlyScenario.assertEnded;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.notearchive.archive.catalog.SlotRow;
import io.github.notearchive.archive.catalog.SlotState;
import io.github.notearchive.archive.worklist.StateReason;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.maintenance.waive.Waiver;
import io.github.notearchive.maintenance.waive.Waiver.NotWaivedException;
import io.github.notearchive.media.Spool;
import io.github.notearchive.note.MediaKind;
import io.github.notearchive.note.NoteId;
import io.github.notearchive.sandbox.MediaReply;
import io.github.notearchive.sandbox.Reply;
import io.github.notearchive.sandbox.SandboxNoteKind;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;
import tools.jackson.databind.node.StringNode;

/** Files whose every address is dead: one new answer a night, and an end after two. */
@NightlyJobTest
class DeadMediaTests {

    @Autowired
    NightlyScenario night;

    @Autowired
    Waiver waiver;

    @Autowired
    Spool spool;

    private String note;
    private List<String> pictures;

    @BeforeEach
    void aNoteOfSeveralPictures() {
        note = night.provider().noteIds(SandboxNoteKind.IMAGES, 30).stream()
                .filter(id -> night.pictures(id).size() >= 3)
                .findFirst()
                .orElseThrow();
        pictures = night.pictures(note);
        night.pending(List.of(note));
    }

    @Test
    void deadFileIsBoughtAnewOnceTheNextNightAndThenGivenUp() {
        isDead(pictures.get(1));

        RunSummary first = night.run(ExitCode.INCOMPLETE);

        assertThat(night.calls()).isEqualTo(1);
        assertThat(night.note(note).state()).isEqualTo(POSTPONED);
        assertThat(night.note(note).mediaAttempts()).isEqualTo(1);
        assertThat(night.note(note).dueAt()).isEqualTo(night.midnight());
        assertThat(night.slots(note))
                .extracting(SlotRow::state)
                .containsOnlyOnce(SlotState.MISSING)
                .contains(SlotState.STORED);
        assertThat(night.slots(note).get(1).reason()).isEqualTo("DEAD");

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
        assertThat(night.slots(note).get(1).state()).isEqualTo(SlotState.MISSING);
        assertThat(night.slots(note).get(1).reason()).isEqualTo("GONE");
        assertThat(night.slots(note))
                .filteredOn(slot -> slot.ordinal() != 1)
                .hasSize(pictures.size() - 1)
                .allSatisfy(slot -> assertThat(slot.state()).isEqualTo(SlotState.STORED));
        assertThat(night.count("SELECT count(*) FROM note WHERE archived_at IS NULL"))
                .isEqualTo(1);
        assertThat(night.count("SELECT count(*) FROM note_capture")).isEqualTo(2);
        assertThat(night.objects("media/")).hasSize(pictures.size() - 1);

        night.isNextDay();
        night.run(ExitCode.COMPLETED);
        assertThat(night.calls()).isEqualTo(2);
    }

    @Test
    void whatIsDownloadedIsDroppedWhenTheNewAnswerCannotBeBought() throws Exception {
        night.script().media(_ -> true, MediaReply.status(500));
        night.run(ExitCode.INCOMPLETE);
        night.isNextDay();
        night.script().clear();
        isDead(pictures.get(1));
        Spool.Held before = spool.held();
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
        night.script().media(target -> dead.stream().anyMatch(target::contains), MediaReply.status(404));
        night.run(ExitCode.INCOMPLETE);
        assertThat(notes).hasSize(30);
        assertThat(night.states(notes)).containsOnly(POSTPONED);

        night.isNextDay();
        night.run(ExitCode.INCOMPLETE);

        assertThat(night.calls()).isEqualTo(31 + 30);
        assertThat(night.states(notes)).containsOnly(FAILED);
    }

    @Test
    void answerOfAnEarlierNightWithDeadAddressesIsBoughtAnewOnceInThatRun() {
        night.holdsAnswerOf(note, Duration.ofDays(1));
        night.script().media(target -> !target.contains("renewed=1"), MediaReply.status(403));
        night.script().answers(note, Reply.note(envelope -> {
            renew(envelope.at("/data/0/note_list/0/images_list"));
            return envelope;
        }));
        night.run(ExitCode.COMPLETED);

        assertThat(night.calls()).isEqualTo(1);
        assertThat(night.state(note)).isEqualTo(ARCHIVED);
        assertThat(night.slots(note)).hasSize(pictures.size());
    }

    @Test
    void fileThatOnlyAReplacedResponseListsIsNotStored() {
        night.holdsAnswerOf(note, Duration.ofDays(1));
        isDead(pictures.get(1));
        night.script().answers(note, Reply.note(envelope -> {
            ArrayNode images = (ArrayNode) envelope.at("/data/0/note_list/0/images_list");
            images.remove(2);
            images.remove(1);
            return envelope;
        }));

        night.run(ExitCode.COMPLETED);

        assertThat(night.calls()).isOne();
        assertThat(night.objects("media/")).hasSize((int) night.count("SELECT count(*) FROM media_object"));
    }

    @Test
    void fileIsInTheStoreAndNotInTheSpoolWhileAnotherOneOfItsNoteIsDownloaded() throws Exception {
        night.script().media(target -> target.contains(pictures.get(1)), MediaReply.hang());

        CompletableFuture<RunSummary> run = night.runAside();

        NightlyScenario.await("all files are requested", () -> night.provider().mediaRequests() >= pictures.size());
        NightlyScenario.await(
                "the other files are stored", () -> night.objects("media/").size() == pictures.size() - 1);
        NightlyScenario.await("the spool is empty", () -> spool.held().bytes() == 0);
        assertThat(night.count("SELECT count(*) FROM media_object")).isZero();
        night.script().clear().releaseHung();
        NightlyScenario.ended(run, ExitCode.COMPLETED);
        night.assertArchived(List.of(note), 1);
    }

    @Test
    void waivingTheLastMissingFileArchivesTheNote() {
        isDead(pictures.get(0));
        isDead(pictures.get(2));
        night.run(ExitCode.INCOMPLETE);
        night.isNextDay();
        night.run(ExitCode.INCOMPLETE);
        NoteId id = new NoteId(note);

        assertThat(waiver.waive(id, MediaKind.IMAGE, 0, "lost for good")).isOne();
        assertThat(night.state(note)).isEqualTo(FAILED);
        assertThatThrownBy(() -> waiver.waive(id, MediaKind.IMAGE, 0, "again")).isInstanceOf(NotWaivedException.class);
        assertThatThrownBy(() -> waiver.waive(id, MediaKind.IMAGE, 1, "stored already"))
                .isInstanceOf(NotWaivedException.class);
        assertThat(waiver.waive(id, MediaKind.IMAGE, 2, "lost too")).isZero();

        assertThat(night.state(note)).isEqualTo(ARCHIVED);
        assertThat(night.slots(note).get(0).state()).isEqualTo(SlotState.WAIVED);
        assertThat(night.slots(note).get(0).reason()).isEqualTo("lost for good");
        assertThat(night.slots(note).get(2).reason()).isEqualTo("lost too");
        assertThat(night.count("SELECT count(*) FROM note WHERE archived_at IS NOT NULL"))
                .isEqualTo(1);
        assertThat(night.calls()).isEqualTo(2);
        assertThat(new String(
                        night.objects("notes/" + note).lastEntry().getValue(), java.nio.charset.StandardCharsets.UTF_8))
                .contains("lost for good", "lost too");
    }

    @Test
    void noFileOfANoteThatIsGoneIsWaivedAndItsSidecarsSayWhatTheTablesSay() {
        isDead(pictures.getFirst());
        night.run(ExitCode.INCOMPLETE);
        night.isNextDay();
        night.script().answers(note, Reply.code(201));
        night.run();
        assertThat(night.state(note)).isEqualTo(UNAVAILABLE);
        Map<String, byte[]> sidecars = night.objects("notes/" + note);

        assertThatThrownBy(() -> waiver.waive(new NoteId(note), MediaKind.IMAGE, 0, "lost for good"))
                .isInstanceOf(NotWaivedException.class)
                .hasMessageContaining("is UNAVAILABLE");

        assertThat(night.state(note)).isEqualTo(UNAVAILABLE);
        assertThat(night.objects("notes/" + note))
                .hasSize(2)
                .usingRecursiveComparison()
                .isEqualTo(sidecars);
    }

    private void isDead(String picture) {
        night.script().media(target -> target.contains(picture), MediaReply.status(404));
    }

    private static void renew(JsonNode node) {
        switch (node) {
            case ArrayNode array -> array.forEach(DeadMediaTests::renew);
            case ObjectNode object ->
                object.properties().forEach(property -> {
                    if (property.getValue() instanceof StringNode text
                            && text.stringValue().startsWith("http")) {
                        property.setValue(StringNode.valueOf(text.stringValue() + "&renewed=1"));
                    } else {
                        renew(property.getValue());
                    }
                });
            default -> {}
        }
    }
}
