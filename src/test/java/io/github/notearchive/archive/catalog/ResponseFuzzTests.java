package io.github.notearchive.archive.catalog;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.github.notearchive.ArchiveDatabase;
import io.github.notearchive.Fuzz;
import io.github.notearchive.archive.catalog.NoteCatalog.CapturedNote;
import io.github.notearchive.archive.catalog.SchemaDrift.FieldPaths;
import io.github.notearchive.io.jdbc.Columns;
import io.github.notearchive.io.jdbc.PostgresText;
import io.github.notearchive.note.MediaCandidate;
import io.github.notearchive.note.MediaSlot;
import io.github.notearchive.note.MediaSlots;
import io.github.notearchive.note.NoteCapture;
import io.github.notearchive.note.NoteId;
import io.github.notearchive.note.ResponseJson;
import io.github.notearchive.note.StreamPreference;
import io.github.notearchive.provider.ResponseReader;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Reads, maps and writes arbitrary input without unexpected exceptions, and checks that all stored values are bounded.
 */
class ResponseFuzzTests {

    private static final JsonMapper JSON = new JsonMapper();
    private static final String COMPACT = """
            {"code":0,"message":"SUCCESS","requestId":"r","recordTime":null,"data":[{"user":{"id":"u","userid":"u",
            "nickname":"n","image":"http://c/a?x","red_id":"9","red_official_verified":false},"note_list":[{
            "id":"66aa00000000000000000001","type":"video","title":"t","desc":"d","time":1770696804,"last_update_time":0,
            "liked_count":"1.2万","collected_count":7,"comments_count":null,"shared_count":"3","view_count":0,
            "ip_location":"x","hash_tag":[{"id":"h","name":"n","type":"topic"}],"topics":[{"id":"t","name":"n"}],
            "ats":[{"id":"a","nickname":"n"}],"privacy":{"type":0},"function_switch":[{"type":"video_download","enable":true}],
            "media_save_config":{"disable_save":false},"images_list":[{"fileid":"f","width":1,"height":2,"url_8k":"http://c/8",
            "original":"http://c/o","url":"http://c/u","url_multi_level":{"high":"http://c/h"},"live_photo_file_id":"l",
            "live_photo":{"media":{"video_id":"v","stream":{"h264":[],"h265":[{"master_url":"http://c/m","backup_urls":
            ["http://c/b"],"size":7,"width":1,"height":1}]}}}}],"native_voice_info":{"sound_id":"s","url":"http://c/s",
            "md5sum":"0123456789abcdef0123456789abcdef"},"widgets_context":"{\\"note_sound_info\\":{\\"url\\":\\"http://c/w\\"}}",
            "simple_music_info":{"music_id":1,"url":"http://c/n"},"video_info_v2":{"media":{"video_id":137728697860969105,
            "stream":{"h264":[{"master_url":"http://c/v","width":1280,"height":720,"size":1}],"av1":[]}}}},
            {"id":"66aa00000000000000000002","title":"of another note","type":"normal"}]}]}
            """;
    private static final String SAMPLE = new String(Captures.sample(), UTF_8);

    @FuzzTest
    void anyResponse(byte[] body) {
        check(body);
    }

    @Test
    void anyBytesAreAResponseOrNone() throws Exception {
        Fuzz.tries(1_000, random -> check(Fuzz.bytes(random)));
    }

    @Test
    void brokenResponseIsAResponseOrNone() throws Exception {
        Fuzz.tries(300, random -> check(Fuzz.invalidResponse(random, answer(random))));
    }

    @Test
    void unusualResponseIsAResponse() throws Exception {
        Fuzz.tries(300, random -> check(Fuzz.oddResponse(random, answer(random)).getBytes(UTF_8)));
    }

    @Test
    void anyFoundNoteCanBeWrittenToTheTables() throws Exception {
        ArchiveDatabase database = ArchiveDatabase.emptied();
        MediaCatalog media = new MediaCatalog(database.jdbc(), database.transactions());
        NoteCatalog notes = new NoteCatalog(database.jdbc(), media);
        SchemaDrift drift = new SchemaDrift(database.jdbc());

        AtomicInteger found = new AtomicInteger();
        Fuzz.Property written = random -> {
            byte[] body = found.get() == 0
                    ? COMPACT.getBytes(UTF_8)
                    : random.nextBoolean()
                            ? Fuzz.oddResponse(random, answer(random)).getBytes(UTF_8)
                            : Fuzz.invalidResponse(random, answer(random));
            long call = Captures.call(database, "note-detail/v1");
            Instant at = Captures.NOW.plusMillis(call);
            Optional<NoteCapture> capture = capture(body, call, at);
            if (capture.isPresent()) {
                List<SlotRow> slots = missing(MediaSlots.of(capture.get(), null, StreamPreference.DEFAULT));
                database.inTransaction(() -> notes.save(CapturedNote.of(capture.get(), null, slots, false, at)));
                drift.record(capture.get());
                found.incrementAndGet();
            }
        };
        written.holds(new Random(1));
        assertThat(found).hasValue(1);

        Fuzz.tries(50, written);

        assertThat(database.jdbc()
                        .sql("SELECT count(*) FROM note_capture")
                        .query(Integer.class)
                        .single())
                .isEqualTo(found.get());
    }

    private static String answer(Random random) {
        return random.nextInt(4) == 0 ? SAMPLE : COMPACT;
    }

    private void check(byte[] body) {
        Optional<ResponseReader.Envelope> answer = ResponseReader.read(body, Captures.ID);
        answer.ifPresent(read -> {
            assertFitsALine(read.message());
            assertFitsALine(read.requestId());
            assertFitsALine(read.shape());
        });
        capture(body, 1, Captures.NOW).ifPresent(ResponseFuzzTests::check);
    }

    private Optional<NoteCapture> capture(byte[] body, long call, Instant at) {
        return ResponseReader.read(body, Captures.ID)
                .flatMap(ResponseReader.Envelope::note)
                .map(found -> found.capture(Captures.ID, call, at, body));
    }

    private static void check(NoteCapture capture) {
        JsonNode note = capture.note();
        for (String field : List.of("id", "note_id", "noteId")) {
            String id = note.path(field).stringValue("").strip();
            if (!id.isEmpty()) {
                assertThat(NoteId.parse(id)).contains(Captures.ID);
                break;
            }
        }
        assertColumnsAreBounded("", JSON.readTree(Columns.json(Captures.map(capture))));
        assertFieldsAreBounded(capture);
        List<MediaSlot> slots = MediaSlots.of(capture, null, StreamPreference.DEFAULT);
        assertThat(slots).extracting(slot -> slot.kind() + " " + slot.ordinal()).doesNotHaveDuplicates();
        for (MediaSlot slot : slots) {
            assertThat(slot.candidates())
                    .extracting(MediaCandidate::url)
                    .doesNotHaveDuplicates()
                    .noneMatch(String::isBlank);
        }
        assertSidecarHolds(capture, Captures.sidecar(capture, missing(slots)));
        String row = PostgresText.json(ResponseJson.read(capture.response()).orElseThrow());
        assertStorable(row, 8 * capture.response().length + 100);
        assertThat(row).doesNotContain("\\u0000");
        assertThat(JSON.readTree(row).isObject()).isTrue();
    }

    private static void assertColumnsAreBounded(String column, JsonNode value) {
        value.forEachEntry(ResponseFuzzTests::assertColumnsAreBounded);
        if (value.isArray()) {
            value.forEach(element -> assertColumnsAreBounded(column, element));
        } else if (column.endsWith("_at")) {
            assertThat(Instant.parse(value.stringValue())).isBefore(Instant.parse("9999-12-31T23:59:59Z"));
        } else if (column.endsWith("_count") || column.endsWith("_ms")) {
            assertThat(value.longValue()).isNotNegative();
        } else if (value.isString()) {
            boolean isIndexed = column.endsWith("_id") && !column.endsWith("red_id");
            assertStorable(value.stringValue(), isIndexed ? 200 : column.equals("name") ? 500 : Integer.MAX_VALUE);
        }
    }

    private static void assertFieldsAreBounded(NoteCapture capture) {
        JsonNode answer = ResponseJson.read(capture.response()).orElseThrow();
        assertThat(FieldPaths.unknownIn(answer, Map.of()))
                .hasSizeLessThanOrEqualTo(FieldPaths.MAX_FIELDS)
                .allSatisfy(field -> {
                    assertStorable(field.path(), FieldPaths.MAX_LENGTH);
                    assertThat(field.type()).isIn("object", "array", "string", "number", "boolean", "null");
                });
    }

    private static void assertSidecarHolds(NoteCapture capture, Sidecar sidecar) {
        JsonNode document = JSON.readTree(sidecar.bytes());
        byte[] answer = document.has("answer")
                ? document.path("answer").stringValue().getBytes(UTF_8)
                : Base64.getDecoder().decode(document.path("answerBase64").stringValue());
        assertThat(answer).isEqualTo(capture.response());
    }

    private static void assertFitsALine(@Nullable String text) {
        assertStorable(text, 2 * 200);
        assertThat(text == null || text.chars().noneMatch(Character::isISOControl))
                .isTrue();
    }

    private static void assertStorable(@Nullable String text, int longest) {
        if (text != null) {
            assertThat(PostgresText.of(text)).isSameAs(text);
            assertThat(text.length()).isLessThanOrEqualTo(longest);
        }
    }

    private static List<SlotRow> missing(List<MediaSlot> slots) {
        List<SlotRow> missing = new ArrayList<>();
        for (MediaSlot slot : slots) {
            missing.add(
                    slot.notOffered() == null
                            ? SlotRow.missing(slot, SlotRow.Gap.RETRY, "x", null)
                            : SlotRow.waived(slot, slot.notOffered()));
        }
        return missing;
    }
}
