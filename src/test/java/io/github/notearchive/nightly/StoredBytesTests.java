package io.github.notearchive.nightly;

import static io.github.notearchive.archive.worklist.NoteState.ARCHIVED;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.note.MediaKind;
import io.github.notearchive.sandbox.Reply;
import io.github.notearchive.sandbox.SandboxNoteKind;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** What lies in the store is what the provider and its media server sent, and rows point at it. */
@NightlyJobTest
class StoredBytesTests extends NightFixture {

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
        assertThat(night.count("SELECT count(*) FROM note_media WHERE state = 'STORED'"))
                .isGreaterThan(20);
        assertThat(night.count("SELECT count(*) FROM note_media WHERE checks LIKE '%remarks%'"))
                .isZero();
        assertThat(night.objects("notes/")).hasSize(notes.size());
        for (String note : notes) {
            assertThat(rows.values()).containsAll(digestsOfPictures(note));
            assertSidecarHoldsTheAnswer(note);
        }

        TreeMap<String, byte[]> before = night.objects("");
        int requests = night.provider().mediaRequests();
        notes.forEach(night::requeue);
        RunSummary repeat = night.run(ExitCode.COMPLETED);

        assertThat(night.objects("").keySet()).isEqualTo(before.keySet());
        assertThat(night.objects("media/"))
                .allSatisfy((key, bytes) -> assertThat(bytes).isEqualTo(before.get(key)));
        for (String note : notes) {
            assertSidecarHoldsTheAnswer(note);
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
    void eachNoteHasItsOwnAnswerWhereTheProviderSendsSomeTwice() throws Exception {
        List<String> notes = night.pending(20);
        notes.subList(0, 7).forEach(note -> night.script().answers(note, Reply.twice(Duration.ZERO)));

        RunSummary run = night.run(ExitCode.COMPLETED);

        assertThat(night.calls()).isEqualTo(notes.size());
        assertThat(run.bill().calls()).isEqualTo(notes.size());
        assertThat(night.count("SELECT count(*) FROM api_call WHERE billed = 'YES'"))
                .isEqualTo(notes.size());
        assertThat(night.states(notes)).containsOnly(ARCHIVED);
        for (String note : notes) {
            assertSidecarHoldsTheAnswer(note);
        }
    }

    private void assertSidecarHoldsTheAnswer(String note) throws Exception {
        Map.Entry<String, byte[]> object = night.objects("notes/" + note).firstEntry();
        assertThat(object.getKey()).matches("notes/" + note + "/\\d{8}T\\d{6}\\.\\d{3}Z\\.json");
        assertThat(night.text("SELECT sidecar_key FROM note_capture WHERE note_id = :note", note))
                .isEqualTo(object.getKey());
        JsonNode sidecar = JSON.readTree(object.getValue());
        assertThat(sidecar.path("answer").stringValue().getBytes(UTF_8))
                .isEqualTo(night.provider().answerBytes(note));
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
}
