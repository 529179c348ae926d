package io.github.notearchive.archive.catalog;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.note.MediaKind;
import io.github.notearchive.note.MediaSlot;
import io.github.notearchive.note.Night;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.commons.codec.digest.DigestUtils;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

class SidecarTests {

    private static final String SHA256 = "ab".repeat(32);
    private static final MediaSlot IMAGE = new MediaSlot(MediaKind.IMAGE, 0, "fileid", List.of(), null);
    private static final MediaSlot SOUND = new MediaSlot(MediaKind.AUDIO, 0, "sound\ud83d", List.of(), null);
    private static final MediaSlot VIDEO = new MediaSlot(MediaKind.VIDEO, 0, "", List.of(), "NOT_OFFERED_BY_V1");

    @Test
    void documentListsAllSlots() {
        List<SlotRow> slots = slots("original", 1440, null, null);

        JsonNode json = read(Captures.sidecar(Captures.of(Captures.sample()), slots));

        assertThat(json.path("format").stringValue()).isEqualTo("note-archive/sidecar/2");
        assertThat(json.path("noteId").stringValue()).isEqualTo("66aa00000000000000000001");
        assertThat(json.path("capturedAt").stringValue()).isEqualTo("2026-11-25T14:00:00.120Z");
        assertThat(json.path("callId").longValue()).isEqualTo(1);
        assertThat(json.path("media").path(0).toString())
                .isEqualTo(
                        "{\"kind\":\"IMAGE\",\"ordinal\":0,\"identity\":\"fileid\",\"state\":\"STORED\",\"rendition\":\"original\",\"width\":1080,\"height\":1440,\"sha256\":\""
                                + SHA256
                                + "\",\"key\":\"media/ab/"
                                + SHA256
                                + ".heic\",\"size\":7,\"contentType\":\"image/heic\",\"updatedAt\":\"2026-11-25T14:00:00.120Z\"}");
        assertThat(json.path("media").path(1).path("reason").stringValue()).isEqualTo("NOT_OFFERED_BY_V1");
        assertThat(json.path("media").path(2).path("reason").stringValue()).isEqualTo("GONE");
        assertThat(json.path("media").path(2).path("identity").stringValue()).isEqualTo("sound\uFFFD");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "\"title\":\"\\u0000\\ud83d\"",
                "\"title\":\"👩‍👩‍👧 🍚\",\"x\":  1.10e2",
                "\"title\":\"\uFFFD\u2028\u007F\"\r\n",
                "\"title\":\"\uFEFF\""
            })
    void difficultTextsAreRestoredByteForByte(String properties) {
        byte[] answer = Captures.answerWith(properties);

        Sidecar sidecar = Captures.sidecar(Captures.of(answer), List.of());
        JsonNode json = read(sidecar);

        assertThat(json.path("answer").stringValue().getBytes(StandardCharsets.UTF_8))
                .isEqualTo(answer);
        assertThat(sidecar.bytes())
                .as("bytes of a document written from a tree")
                .isEqualTo(JsonMapper.builder()
                        .enable(SerializationFeature.INDENT_OUTPUT)
                        .build()
                        .writeValueAsBytes(json));
    }

    @Test
    void responseThatIsNotUtf8IsStoredInBase64() {
        byte[] answer = "{\"code\":0,\"data\":[{\"id\":\"66aa00000000000000000001\",\"title\":\"\u00e9\"}]}"
                .getBytes(StandardCharsets.ISO_8859_1);

        JsonNode json = read(Captures.sidecar(Captures.of(answer), List.of()));

        assertThat(json.has("answer")).isFalse();
        assertThat(Base64.getDecoder().decode(json.path("answerBase64").stringValue()))
                .isEqualTo(answer);
    }

    @Test
    void documentIsReadBack() throws Exception {
        List<SlotRow> slots =
                new ArrayList<>(slots("url_multi_level.high", null, "size match", "original at x: HTTP 404"));
        slots.set(0, slots.getFirst().with(slots.getFirst().media().with("words of a subtitle")));
        Sidecar written = Captures.sidecar(Captures.of(Captures.sample()), slots);

        Sidecar read = Sidecar.read(written.key(), written.bytes());

        assertThat(read)
                .usingRecursiveComparison()
                .ignoringFields("call", "worklist")
                .isEqualTo(written);
        assertThat(read.call()).isEqualTo(written.call());
        assertThat(read.worklist()).isEqualTo(written.worklist());
        assertThat(read.bytes()).isEqualTo(written.bytes());
    }

    @Test
    void recordOfTheLogIsIndependentOfTheOrderOfFiles() {
        List<SlotRow> slots = slots("original", 1440, null, null);
        Sidecar sidecar = sidecar(slots);
        assertThat(sidecar.logEntry()).isEmpty();
        assertThat(sidecar.record())
                .isEqualTo("""
                        {"format":"note-archive/record/1","noteId":"%s","capturedAt":"%s","responseSha256":"%s","files":[\
                        {"kind":"IMAGE","ordinal":0,"sha256":"%s"},\
                        {"kind":"AUDIO","ordinal":0,"state":"MISSING"},\
                        {"kind":"VIDEO","ordinal":0,"state":"WAIVED","reason":"NOT_OFFERED_BY_V1"}]}\
                        """.formatted(Captures.ID, Captures.NOW, DigestUtils.sha256Hex(new byte[] {1}), SHA256));
        Sidecar salted = sidecar.with("ab".repeat(32));
        assertThat(salted.record()).isEqualTo(sidecar.record());
        assertThat(salted.logEntry().orElseThrow().record()).isEqualTo(sidecar.record());
        assertThat(salted.logEntry().orElseThrow().salt()).isEqualTo("ab".repeat(32));
        assertThat(sidecar(slots.reversed()).record()).isEqualTo(sidecar.record());
    }

    private static Sidecar sidecar(List<SlotRow> slots) {
        JsonNode none = JsonMapper.shared().createObjectNode();
        return new Sidecar(Captures.ID, Captures.NOW, 1, none, none, null, slots, null, new byte[] {1});
    }

    @Test
    void wordsOfTheFirstSixteenSubtitlesAreKept() {
        StoredMedia file = new StoredMedia("ab".repeat(32), StoredMedia.keyOf("ab".repeat(32), "srt"), 7, "text/plain");

        assertThat(IntStream.range(0, 20)
                        .mapToObj(i -> new MediaSlot(MediaKind.SUBTITLE, i, "language", List.of(), null))
                        .map(slot -> SlotRow.stored(slot, file.with("words"), null, null, null, null, null))
                        .map(SlotRow::media)
                        .filter(media -> media.words() != null))
                .hasSize(16);
    }

    @Test
    void overlongNameIsReadAsStoredInTheTables() throws Exception {
        String endless = "n".repeat(6_000);
        Sidecar written = Captures.sidecar(Captures.of(Captures.sample()), List.of(SlotRow.waived(IMAGE, "BY_POLICY")));
        String old = new String(written.bytes(), StandardCharsets.UTF_8).replace("\"fileid\"", "\"" + endless + "\"");

        Sidecar read = Sidecar.read(written.key(), old.getBytes(StandardCharsets.UTF_8));

        MediaSlot slot = new MediaSlot(MediaKind.IMAGE, 0, endless, List.of(), null);
        assertThat(read.media().getFirst().identity()).hasSize(200).isEqualTo(slot.identity());
    }

    private static List<SlotRow> slots(
            String rendition, @Nullable Integer height, @Nullable String checks, @Nullable String error) {
        StoredMedia file = new StoredMedia(SHA256, StoredMedia.keyOf(SHA256, "heic"), 7, "image/heic");
        return List.of(
                SlotRow.stored(IMAGE, file, rendition, 1080, height, checks, error),
                SlotRow.waived(VIDEO, "NOT_OFFERED_BY_V1"),
                SlotRow.missing(SOUND, SlotRow.Gap.GONE, "HTTP 404", Night.of(Captures.NOW)));
    }

    private static JsonNode read(Sidecar sidecar) {
        return JsonMapper.builder().build().readTree(sidecar.bytes());
    }
}
