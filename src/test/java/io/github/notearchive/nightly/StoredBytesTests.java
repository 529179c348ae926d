package io.github.notearchive.nightly;

import static io.github.notearchive.archive.worklist.NoteState.ARCHIVED;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.github.notearchive.archive.catalog.SlotRow;
import io.github.notearchive.archive.catalog.SlotRow.SlotState;
import io.github.notearchive.archive.ledger.PaidResponses;
import io.github.notearchive.archive.worklist.WorklistRepository;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.note.MediaKind;
import io.github.notearchive.report.Health;
import io.github.notearchive.report.HealthCheck;
import io.github.notearchive.sandbox.Reply;
import io.github.notearchive.sandbox.SandboxNoteKind;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.beans.factory.annotation.Autowired;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** The store has the bytes that were sent, rows refer to them, and a file is archived in the best rendition offered. */
@NightlyJobTest
class StoredBytesTests extends NightFixture {

    @Autowired
    HealthCheck check;

    @Autowired
    PaidResponses paid;

    @Autowired
    WorklistRepository interventions;

    private static final JsonMapper JSON = new JsonMapper();

    @Test
    void everyRowHasItsObjectAndEveryObjectItsRow() throws Exception {
        List<String> notes = new ArrayList<>();
        for (SandboxNoteKind kind : SandboxNoteKind.values()) {
            notes.addAll(night.provider().noteIds(kind, 2));
        }
        night.pending(notes);

        RunSummary run = night.run(ExitCode.COMPLETED);

        night.assertArchived(notes, notes.size());
        assertThat(notes)
                .as("previews are off")
                .allMatch(note -> night.slots(note, MediaKind.PREVIEW).isEmpty());
        TreeMap<String, byte[]> files = night.objects("media/");
        Map<String, String> rows =
                night.sql().sql("SELECT object_key, sha256 FROM media_object").query().listOfRows().stream()
                        .collect(Collectors.toMap(
                                row -> (String) row.get("object_key"), row -> (String) row.get("sha256")));
        assertThat(files.keySet()).isEqualTo(rows.keySet());
        for (Map.Entry<String, byte[]> file : files.entrySet()) {
            assertThat(sha256(file.getValue())).isEqualTo(rows.get(file.getKey()));
            assertThat(file.getKey()).matches("media/[0-9a-f]{2}/" + rows.get(file.getKey()) + "\\.[a-z0-9]+");
        }
        assertThat(run.files().stored() + run.files().deduplicated()).isGreaterThanOrEqualTo(files.size());
        assertThat(night.rows("note_media WHERE state = 'STORED'")).isGreaterThan(20);
        assertThat(
                        night.count(
                                "SELECT count(*) FROM note_media WHERE checks LIKE '%remarks%' AND checks NOT LIKE '%remarks \"no check for truncation\"%'"))
                .isZero();
        assertThat(night.objects("notes/")).hasSize(notes.size());
        for (String note : notes) {
            assertThat(rows.values()).containsAll(digestsOfPictures(note));
            assertSidecarHasTheResponse(note);
        }

        TreeMap<String, byte[]> before = night.objects("");
        int requests = night.provider().mediaRequests();
        notes.forEach(night::requeue);
        RunSummary repeat = night.run(ExitCode.COMPLETED);

        assertThat(night.objects("").keySet()).isEqualTo(before.keySet());
        assertThat(night.objects("media/"))
                .allSatisfy((key, bytes) -> assertThat(bytes).isEqualTo(before.get(key)));
        for (String note : notes) {
            assertSidecarHasTheResponse(note);
        }
        assertThat(night.provider().mediaRequests()).isEqualTo(requests);
        assertThat(night.calls()).isEqualTo(notes.size());
        assertThat(repeat.files().stored()).isZero();
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 100})
    void eachSlotHasItsOwnBytesWhereTheMediaServerSendsSomeFilesTwice(long pauseMillis) throws Exception {
        List<String> notes = night.provider().noteIds(SandboxNoteKind.IMAGES, 16);
        night.pending(notes);
        AtomicInteger requests = new AtomicInteger();
        night.script().media(_ -> requests.incrementAndGet() % 3 == 0, Reply.twice(Duration.ofMillis(pauseMillis)));

        night.run(ExitCode.COMPLETED);

        assertThat(night.calls()).isEqualTo(notes.size());
        for (String note : notes) {
            assertThat(night.slots(note, MediaKind.IMAGE).stream()
                            .map(slot -> slot.media().sha256()))
                    .containsExactlyElementsOf(digestsOfPictures(note));
        }
    }

    @Test
    void eachNoteHasItsOwnResponseIfTheProviderSendsSomeTwice() throws Exception {
        List<String> notes = night.pending(20);
        notes.subList(0, 7).forEach(note -> night.script().answers(note, Reply.twice(Duration.ZERO)));

        RunSummary run = night.run(ExitCode.COMPLETED);

        assertThat(night.calls()).isEqualTo(notes.size());
        assertThat(run.bill().calls()).isEqualTo(notes.size());
        assertThat(night.rows("api_call WHERE billed = 'YES'")).isEqualTo(notes.size());
        assertThat(night.states(notes)).containsOnly(ARCHIVED);
        for (String note : notes) {
            assertSidecarHasTheResponse(note);
        }
    }

    @Test
    void objectThatTheStoreLostIsUploadedAgainForTheNextNoteWithTheSameBytes() throws Exception {
        List<String> notes = night.provider().noteIds(SandboxNoteKind.IMAGES, 2);
        byte[] picture = night.provider().mediaBytes("/1040gx?imageView2/format/heif");
        night.script().media(_ -> true, Reply.bytes("image/heic", picture));
        night.pending(notes.subList(0, 1));
        night.run(ExitCode.COMPLETED);
        Path object = night.bucket().resolve(night.objects("media/").firstKey());
        Files.delete(object);
        night.pending(notes.subList(1, 2));

        night.run(ExitCode.COMPLETED);

        assertThat(object).hasBinaryContent(picture);
        assertThat(night.objects("media/")).hasSize(1);
    }

    private void assertSidecarHasTheResponse(String note) throws Exception {
        Map.Entry<String, byte[]> object = night.objects("notes/" + note).firstEntry();
        assertThat(object.getKey()).matches("notes/" + note + "/\\d{8}T\\d{6}\\.\\d{3}Z\\.json");
        assertThat(night.text("SELECT sidecar_key FROM note_capture WHERE note_id = :note", note))
                .isEqualTo(object.getKey());
        JsonNode sidecar = JSON.readTree(object.getValue());
        assertThat(sidecar.path("answer").stringValue().getBytes(UTF_8))
                .isEqualTo(night.provider().responseBytes(note));
        assertThat(sidecar.path("media").size()).isEqualTo(night.slots(note).size());
        for (JsonNode file : sidecar.path("media")) {
            if (file.path("state").stringValue().equals("STORED")) {
                byte[] stored = night.objects(file.path("key").stringValue())
                        .firstEntry()
                        .getValue();
                assertThat(sha256(stored)).isEqualTo(file.path("sha256").stringValue());
            }
        }
    }

    /** Of the best address of each picture, as the media server has it. */
    private List<String> digestsOfPictures(String note) throws Exception {
        List<String> digests = new ArrayList<>();
        for (JsonNode image : night.provider().envelope(note).at("/data/0/note_list/0/images_list")) {
            String url = image.path("original").stringValue();
            String best = url.isEmpty() ? image.at("/url_multi_level/high").stringValue() : url;
            digests.add(sha256(night.provider().mediaBytes(best)));
        }
        return digests;
    }

    private static String sha256(byte[] bytes) throws Exception {
        return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    }

    // renditions

    @Test
    void lesserRenditionIsMarkedWithItsReasonAndUpgradedOnALaterNightWithoutACall() {
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
        assertThat(second.notes().archived()).as("archived again").isZero();
        assertThat(night.provider().mediaRequests()).isEqualTo(requests + 1);
        night.assertArchived(List.of(note), 1);
        assertThat(night.note(note).dueAt()).isNull();
    }

    @Test
    void betterRenditionIsRetriedOnceANightWhileTheResponseIsFreshAndNeverBought() {
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
        night.assertArchived(List.of(note), 1);
        assertThat(night.note(note).dueAt()).isNull();
        assertThat(firstPicture(note).state()).isEqualTo(SlotState.STORED);
    }

    @Test
    void lesserRenditionIsStoredAtTheLastAttemptOfTheNightAndUpgradedByANewResponseOnRequest() {
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
        return check.check(Optional.empty()).reasons().stream()
                .filter(reason -> reason.what().contains("a lesser rendition"))
                .toList();
    }

    @Test
    void unavailableStoreLeavesAnArchivedNoteArchived() throws Exception {
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
    void audioOfAnotherNoteIsNotRequestedAgain() {
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
    void pictureInTwoSlotsIsDownloadedFromTheUrlsOfEither() {
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
    void lesserRenditionInTwoSlotsIsUpgradedByOneRequest() {
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

    /** A note, on the worklist, whose last picture is its first one again. */
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
    void lesserRenditionOfAnotherNoteIsNotReused() {
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
