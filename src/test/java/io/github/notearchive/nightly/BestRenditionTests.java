package io.github.notearchive.nightly;

import static io.github.notearchive.archive.worklist.NoteState.ARCHIVED;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.github.notearchive.archive.catalog.SlotRow;
import io.github.notearchive.archive.catalog.SlotState;
import io.github.notearchive.archive.ledger.PaidResponses;
import io.github.notearchive.archive.worklist.WorklistRepository;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.note.MediaKind;
import io.github.notearchive.report.Health;
import io.github.notearchive.report.HealthCheck;
import io.github.notearchive.sandbox.Reply;
import io.github.notearchive.sandbox.SandboxNoteKind;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * A file is archived in the best rendition that can be had, says so when it is a lesser one, and is not asked for
 * twice.
 */
@NightlyJobTest
class BestRenditionTests extends NightFixture {

    @Autowired
    HealthCheck check;

    @Autowired
    PaidResponses paid;

    @Autowired
    WorklistRepository interventions;

    @Test
    void lesserRenditionIsMarkedWithItsReasonAndImprovedOnALaterNightWithoutACall() {
        String note = noteWithItsFirstOriginalDead();

        night.run(ExitCode.COMPLETED);

        assertThat(night.state(note)).isEqualTo(ARCHIVED);
        assertThat(night.note(note).dueAt()).isEqualTo(night.midnight());
        SlotRow lesser = firstPicture(note);
        assertThat(night.files(note)).startsWith("IMAGE STORED DEGRADED");
        assertThat(lesser.rendition()).isEqualTo("url_multi_level.high");
        assertThat(lesser.error()).contains("original at ").contains("HTTP 404");
        assertThat(night.slots(note).stream().skip(1)).allMatch(slot -> slot.reason() == null && slot.error() == null);

        night.script().clear();
        night.isNextDay();
        int requests = night.provider().mediaRequests();
        RunSummary second = night.run(ExitCode.COMPLETED);

        SlotRow best = firstPicture(note);
        assertThat(best)
                .returns("original", SlotRow::rendition)
                .returns(null, SlotRow::reason)
                .returns(null, SlotRow::error);
        assertThat(best.media()).isNotEqualTo(lesser.media());
        assertThat(second.files().upgraded()).isOne();
        assertThat(second.notes().archived()).as("archived anew").isZero();
        assertThat(night.provider().mediaRequests()).isEqualTo(requests + 1);
        assertThat(night.calls()).isOne();
        assertThat(night.state(note)).isEqualTo(ARCHIVED);
        assertThat(night.note(note).dueAt()).isNull();
    }

    @Test
    void betterRenditionIsTriedOnceANightWhileTheAnswerIsFreshAndNeverBought() {
        String note = noteWithItsFirstOriginalDead();
        night.run();
        int requests = night.provider().mediaRequests();

        night.run(ExitCode.COMPLETED);
        assertThat(night.provider().mediaRequests()).as("the same night").isEqualTo(requests);

        night.isNextDay();
        night.run(ExitCode.COMPLETED);
        assertThat(night.provider().mediaRequests()).as("a later night").isEqualTo(requests + 1);
        assertThat(firstPicture(note).reason()).isEqualTo("DEGRADED");
        assertThat(night.note(note).dueAt()).isEqualTo(night.midnight());

        night.isDaysLater(8);
        night.run(ExitCode.COMPLETED);
        assertThat(night.provider().mediaRequests()).as("too late").isEqualTo(requests + 1);
        assertThat(night.calls()).isOne();
        assertThat(night.state(note)).isEqualTo(ARCHIVED);
        assertThat(night.note(note).dueAt()).isNull();
        assertThat(firstPicture(note).state()).isEqualTo(SlotState.STORED);
    }

    @Test
    void lesserRenditionIsTakenAtTheLastTryOfTheNightAndReplacedWithANewAnswerOnRequest() {
        String note = noteWithAnOriginal();
        String name = night.pictures(note).getFirst();
        night.script().media(isOriginalOf(name), Reply.status(503));

        RunSummary run = night.run(ExitCode.COMPLETED);

        assertThat(night.state(note)).isEqualTo(ARCHIVED);
        assertThat(firstPicture(note).reason()).isEqualTo("DEGRADED");
        assertThat(night.provider().mediaRequests(name))
                .as("five times three tries, and once the lesser one")
                .isEqualTo(16);
        assertThat(run.files().degraded()).isOne();
        assertThat(aboutLesserRenditions()).singleElement().satisfies(reason -> {
            assertThat(reason.level()).isEqualTo(Health.Level.ATTENTION);
            assertThat(reason.what()).startsWith("1 archived note has");
            assertThat(reason.command()).contains("requeue --degraded");
        });

        // what was signed for the first night has expired, and a new answer has other addresses
        night.script().clear();
        night.script().media(isOriginalOf(name), Reply.status(403));
        night.isNextDay();
        night.run(ExitCode.COMPLETED);
        assertThat(firstPicture(note).reason()).isEqualTo("DEGRADED");
        assertThat(night.calls()).isOne();
        night.script().clear();
        paid.replaceDegraded(night.clock().instant());
        assertThat(interventions.requeueDegraded()).isOne();

        RunSummary upgrade = night.run(ExitCode.COMPLETED);

        assertThat(night.calls()).isEqualTo(2);
        assertThat(firstPicture(note).rendition()).isEqualTo("original");
        assertThat(firstPicture(note).reason()).isNull();
        assertThat(upgrade.files().degraded()).isZero();
        assertThat(aboutLesserRenditions()).isEmpty();
        assertThat(interventions.requeueDegraded()).isZero();
        assertThat(night.slots(note).stream().map(SlotRow::media).distinct())
                .hasSameSizeAs(night.objects("media/").keySet());
    }

    private List<Health.Reason> aboutLesserRenditions() {
        return check.check().reasons().stream()
                .filter(reason -> reason.what().contains("a lesser rendition"))
                .toList();
    }

    @Test
    void storeThatIsAwayLeavesAnArchivedNoteArchived() throws Exception {
        String note = noteWithItsFirstOriginalDead();
        night.run();
        night.script().clear();
        night.isNextDay();
        night.provider().holdMedia();
        var running = night.runAside();
        night.provider().awaitHeldMedia(1, NightlyScenario.PATIENCE);
        night.wayToStore().down();
        night.provider().releaseMedia();
        await("the store is waited for", () -> night.repeatedSteps() > 0);
        gate.close(ExitCode.UPSTREAM_UNAVAILABLE, "the store stays away");

        ended(running, ExitCode.UPSTREAM_UNAVAILABLE);
        assertThat(night.state(note)).isEqualTo(ARCHIVED);
        assertThat(night.files(note)).startsWith("IMAGE STORED DEGRADED");
        assertThat(night.note(note).dueAt()).isNotNull();
    }

    @Test
    void soundThatAnotherNoteHasIsNotRequestedAgain() {
        List<String> notes = night.provider().noteIds(SandboxNoteKind.SOUND, 2);
        notes.forEach(note -> night.script().answers(note, Reply.noteWith(answer -> {
            answer.remove("widgets_context");
            ((ObjectNode) answer.get("native_voice_info")).put("sound_id", "114600001");
        })));
        night.pending(notes.subList(0, 1));
        night.run();
        int requests = night.provider().mediaRequests();
        night.pending(notes.subList(1, 2));

        RunSummary run = night.run(ExitCode.COMPLETED);

        assertThat(night.states(notes)).containsOnly(ARCHIVED);
        SlotRow original = sound(notes.get(0));
        assertThat(sound(notes.get(1)))
                .returns(SlotState.STORED, SlotRow::state)
                .returns(original.media(), SlotRow::media)
                .returns("same file as in note " + notes.get(0), SlotRow::checks);
        assertThat(night.provider().mediaRequests()).isEqualTo(requests);
        assertThat(run.files().reused()).isOne();
        assertThat(run.files().bytesReused()).isEqualTo(original.media().size());
    }

    @Test
    void pictureThatStandsTwiceIsFoundAtTheAddressesOfEitherPlace() {
        String note =
                noteWithTwins(twin -> twin.put("original", twin.get("original").stringValue() + "&twin=2"));
        String name = night.pictures(note).getFirst();
        night.script().media(isOriginalOf(name).and(target -> !target.contains("twin=2")), Reply.status(403));

        night.run(ExitCode.COMPLETED);

        assertThat(twins(note, name))
                .extracting(SlotRow::rendition, SlotRow::reason)
                .containsExactly(tuple("original", null), tuple("original", null));
        assertThat(night.provider().mediaRequests(name))
                .as("the dead one and the other")
                .isEqualTo(2);
    }

    @Test
    void lesserRenditionThatStandsTwiceIsImprovedByOneRequest() {
        String note = noteWithTwins(_ -> {});
        String name = night.pictures(note).getFirst();
        night.script().media(isOriginalOf(name), Reply.status(404));
        night.run(ExitCode.COMPLETED);
        assertThat(twins(note, name)).extracting(SlotRow::reason).containsOnly("DEGRADED");
        int requests = night.provider().mediaRequests();
        night.script().media(isOriginalOf(name), Reply.normal());
        night.isNextDay();

        night.run(ExitCode.COMPLETED);

        assertThat(twins(note, name)).hasSize(2).extracting(SlotRow::rendition).containsOnly("original");
        assertThat(night.provider().mediaRequests()).isEqualTo(requests + 1);
    }

    /** A note, on the worklist, whose first picture stands at its end once more. */
    private String noteWithTwins(Consumer<ObjectNode> changeOfTheSecond) {
        String note = idWithAnOriginal();
        night.script().always(note, Reply.noteWith(answer -> {
            ArrayNode images = (ArrayNode) answer.get("images_list");
            ObjectNode twin = (ObjectNode) images.get(0).deepCopy();
            changeOfTheSecond.accept(twin);
            images.add(twin);
        }));
        night.pending(List.of(note));
        return note;
    }

    private List<SlotRow> twins(String note, String name) {
        return night.slots(note).stream()
                .filter(slot -> slot.identity().equals(name))
                .toList();
    }

    @Test
    void lesserRenditionOfAnotherNoteIsNotTakenOver() {
        List<String> notes = night.provider().noteIds(SandboxNoteKind.IMAGES, 2);
        String name = night.pictures(notes.get(0)).getFirst();
        night.script().media(isOriginalOf(name), Reply.status(404));
        night.pending(notes.subList(0, 1));
        night.run();
        assertThat(firstPicture(notes.get(0)).reason()).isEqualTo("DEGRADED");
        night.script().clear();
        night.script()
                .answers(
                        notes.get(1),
                        Reply.noteWith(note -> ((ObjectNode) note.at("/images_list/0")).put("fileid", name)));
        night.pending(notes.subList(1, 2));

        RunSummary run = night.run();

        assertThat(run.files().reused()).isZero();
        assertThat(firstPicture(notes.get(1)).rendition()).isEqualTo("original");
        assertThat(firstPicture(notes.get(1)).reason()).isNull();
    }

    /** A note of pictures, on the worklist, that has an original of its first one. */
    private String noteWithItsFirstOriginalDead() {
        String note = noteWithAnOriginal();
        night.script().media(isOriginalOf(night.pictures(note).getFirst()), Reply.status(404));
        return note;
    }

    private String noteWithAnOriginal() {
        return night.pending(List.of(idWithAnOriginal())).getFirst();
    }

    private String idWithAnOriginal() {
        return find(
                SandboxNoteKind.IMAGES,
                note -> !night.provider()
                        .envelope(note)
                        .at("/data/0/note_list/0/images_list/0/original")
                        .stringValue("")
                        .isEmpty());
    }

    private static Predicate<String> isOriginalOf(String name) {
        return target -> target.contains(name) && target.contains("sc=V_ORG");
    }

    private SlotRow sound(String note) {
        return night.slots(note, MediaKind.AUDIO).getFirst();
    }

    private SlotRow firstPicture(String note) {
        return night.slots(note).getFirst();
    }
}
