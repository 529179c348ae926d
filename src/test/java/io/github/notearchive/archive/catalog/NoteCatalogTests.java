package io.github.notearchive.archive.catalog;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.github.notearchive.ArchiveDatabase;
import io.github.notearchive.archive.catalog.NoteCatalog.CapturedNote;
import io.github.notearchive.archive.catalog.SlotRow.SlotState;
import io.github.notearchive.note.MediaKind;
import io.github.notearchive.note.MediaSlot;
import io.github.notearchive.note.Night;
import io.github.notearchive.note.NoteCapture;
import java.nio.charset.StandardCharsets;
import java.sql.Timestamp;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class NoteCatalogTests {

    private static final Instant NOW = Captures.NOW;
    private static final String SHA256 = "ab".repeat(32);
    private static final StoredMedia FILE = new StoredMedia(SHA256, StoredMedia.keyOf(SHA256, "heic"), 7, "image/heic");
    private static final MediaSlot IMAGE = new MediaSlot(MediaKind.IMAGE, 0, "fileid", List.of(), null);
    private static final MediaSlot AGAIN = new MediaSlot(MediaKind.IMAGE, 1, "other", List.of(), null);
    private static final MediaSlot VIDEO = new MediaSlot(MediaKind.VIDEO, 0, "", List.of(), "NOT_OFFERED_BY_V1");
    private static final MediaSlot SOUND = new MediaSlot(MediaKind.AUDIO, 0, "sound", List.of(), null);

    private final ArchiveDatabase database = ArchiveDatabase.emptied();
    private final MediaCatalog media = new MediaCatalog(database.jdbc(), database.transactions());
    private final NoteCatalog notes = new NoteCatalog(database.jdbc(), media);

    @Test
    void captureFillsAllTables() {
        NoteCapture capture = Captures.of(Captures.sample(), call(), NOW);

        save(capture, List.of(stored(IMAGE), stored(AGAIN), SlotRow.waived(VIDEO, "NOT_OFFERED_BY_V1")), true);

        assertThat(notes.find(Captures.ID))
                .contains(new NoteCatalog.NoteLine(
                        "山里的清晨,雾还没有散",
                        "video",
                        "松间",
                        Instant.ofEpochSecond(1722416400),
                        NOW,
                        NOW,
                        NOW,
                        1,
                        "notes/66aa00000000000000000001/20261125T140000.120Z.json"));
        assertThat(counts())
                .containsAllEntriesOf(Map.of(
                        "author", 1L,
                        "note", 1L,
                        "note_capture", 1L,
                        "note_topic", 5L,
                        "note_mention", 1L,
                        "media_object", 1L,
                        "note_media", 3L));
        assertThat(database.text("SELECT liked_count::text FROM note")).isEqualTo("1689");
        assertThat(database.text("SELECT edited_at::text FROM note")).isNull();
        assertThat(database.jdbc()
                        .sql("SELECT * FROM note")
                        .query(NoteCatalog.NOTE)
                        .single())
                .isEqualTo(Captures.map(capture).note());
        assertThat(database.text("SELECT mapper_version::text FROM note"))
                .isEqualTo(String.valueOf(NoteMapper.VERSION));
        assertThat(database.text("SELECT response #>> '{data,0,note_list,0,title}' FROM note_capture"))
                .isEqualTo("山里的清晨,雾还没有散");
        assertThat(media.slotsOf(Captures.ID))
                .extracting(SlotRow::kind, SlotRow::ordinal, SlotRow::state, SlotRow::reason)
                .containsExactly(
                        tuple(MediaKind.IMAGE, 0, SlotState.STORED, null),
                        tuple(MediaKind.IMAGE, 1, SlotState.STORED, null),
                        tuple(MediaKind.VIDEO, 0, SlotState.WAIVED, "NOT_OFFERED_BY_V1"));
        assertThat(media.findByDigest(SHA256)).contains(new MediaCatalog.KnownObject(FILE, false));
        assertThat(media.findByDigest("0".repeat(64))).isEmpty();
    }

    @Test
    void newerCaptureChangesTheNoteAndAddsToItsHistory() {
        save(captureOf("""
                "title":"old","liked_count":1,"hash_tag":[{"name":"a"},{"name":"b"}],"ats":[{"id":"u"}],
                "user":{"id":"w","nickname":"before"}
                """, NOW));

        save(captureOf("""
                "title":"new","hash_tag":[{"name":"c"}],"user":{"id":"w","nickname":"after"}
                """, NOW.plusSeconds(1)));

        assertThat(notes.find(Captures.ID).orElseThrow())
                .extracting("title", "author", "firstCapturedAt", "lastCapturedAt", "captures")
                .containsExactly("new", "after", NOW, NOW.plusSeconds(1), 2);
        assertThat(database.text("SELECT liked_count::text FROM note")).isNull();
        assertThat(database.text("SELECT string_agg(liked_count::text, ',') FROM note_capture"))
                .isEqualTo("1");
        assertThat(database.text("SELECT string_agg(name, ',' ORDER BY ordinal) FROM note_topic"))
                .isEqualTo("c");
        assertThat(counts()).containsEntry("note_mention", 0L);
    }

    @Test
    void lateOlderCaptureChangesOnlyTheFirstCaptureTime() {
        save(captureOf(
                "\"title\":\"b\",\"images_list\":[],\"hash_tag\":[{\"name\":\"c\"}],\"user\":{\"id\":\"w\",\"nickname\":\"after\"}",
                NOW));
        String before = database.text("SELECT (to_jsonb(n) - 'first_captured_at' - 'changed_at')::text FROM note n");

        save(captureOf(
                "\"title\":\"a\",\"desc\":\"x\",\"sticky\":true,\"hash_tag\":[{\"name\":\"a\"}],\"user\":{\"id\":\"w\",\"nickname\":\"before\"}",
                NOW.minusSeconds(7)));
        save(captureOf("\"title\":\"b2\"", NOW.minusSeconds(3)));

        assertThat(database.text("SELECT (to_jsonb(n) - 'first_captured_at' - 'changed_at')::text FROM note n"))
                .isEqualTo(before);
        assertThat(notes.find(Captures.ID).orElseThrow().firstCapturedAt()).isEqualTo(NOW.minusSeconds(7));
        assertThat(database.text("SELECT nickname FROM author")).isEqualTo("after");
        assertThat(database.text("SELECT string_agg(name, ',') FROM note_topic"))
                .isEqualTo("c");
        assertThat(database.text("SELECT string_agg(title, ' ' ORDER BY captured_at) FROM note_capture"))
                .isEqualTo("a b2 b");
    }

    @Test
    void lateOlderCaptureDoesNotChangeFiles() {
        NoteCapture newer = captureOf("\"title\":\"b\"", NOW);
        save(newer, List.of(stored(IMAGE), missing(SOUND)), false);
        List<SlotRow> before = media.slotsOf(Captures.ID);

        save(captureOf("\"title\":\"a\"", NOW.minusSeconds(7)), List.of(missing(IMAGE), missing(AGAIN)), true);

        assertThat(media.slotsOf(Captures.ID)).isEqualTo(before);
        assertThat(notes.find(Captures.ID).orElseThrow().archivedAt()).isNull();
    }

    @Test
    void videoResponseKeepsCountsOnly() {
        save(captureOf("\"title\":\"t\",\"liked_count\":1", NOW));
        NoteCapture video = captureOf("\"title\":\"of v6\",\"liked_count\":2", NOW.plusSeconds(1));

        database.inTransaction(() -> notes.restore(video, true, List.of(), null));

        assertThat(
                        database.text(
                                "SELECT concat_ws('|', title, liked_count, mapper_version) FROM note_capture ORDER BY captured_at DESC"))
                .isEqualTo("2");
        assertThat(database.text("SELECT title || ' ' || liked_count FROM note"))
                .isEqualTo("t 1");
    }

    @Test
    void olderResponseWhoseSidecarNoAuditHasReadStaysInTheTable() {
        for (int i = 0; i < 4; i++) {
            save(captureOf("\"title\":\"t\"", NOW.plusSeconds(i)));
            if (i == 0) {
                verified();
            }
        }

        assertThat(database.texts("SELECT (response IS NOT NULL)::text FROM note_capture ORDER BY captured_at"))
                .containsExactly("false", "true", "true", "true");
    }

    private void verified() {
        database.update("UPDATE note_capture SET sidecar_verified_at = now()");
    }

    @Test
    void newestTwoResponsesToEachEndpointStayInTheTable() {
        for (int i = 0; i < 4; i++) {
            verified();
            save(captureOf("\"title\":\"t\",\"liked_count\":" + i, NOW.plusSeconds(2 * i)));
            NoteCapture video = captureOf("\"title\":\"v\"", NOW.plusSeconds(2 * i + 1));
            database.inTransaction(() -> notes.restore(video, true, List.of(), null));
            if (i == 2) {
                database.update("""
                        INSERT INTO fixity_finding (kind, object_key, seen, first_seen, last_seen, job_execution_id)
                        SELECT 'SIDECAR_MISSING', sidecar_key, 'x', now(), now(), 1
                        FROM note_capture ORDER BY captured_at OFFSET 2 LIMIT 1
                        """);
            }
        }

        save(captureOf("\"title\":\"late\"", NOW.minusSeconds(1)));
        verified();
        save(captureOf("\"title\":\"late\"", NOW.minusSeconds(1)));

        assertThat(database.texts("SELECT (response IS NOT NULL)::text FROM note_capture ORDER BY captured_at"))
                .as("the late one, then pairs of note and video; an audit misses the sidecar of the second note")
                .containsExactly("false", "false", "false", "true", "false", "true", "true", "true", "true");
        assertThat(database.texts("SELECT liked_count::text FROM note_capture WHERE title = 't' ORDER BY captured_at"))
                .containsExactly("0", "1", "2", "3");
    }

    @Test
    void commentsBelongToTheirCapture() {
        save(withComments(
                "{\"id\":\"c1\",\"content\":\"a\",\"sub_comments\":[{\"id\":\"c2\",\"content\":\"b\"}]}", NOW));
        save(withComments("", NOW.plusSeconds(1)));
        save(withComments("{\"id\":\"c1\",\"content\":\"a, edited\"}", NOW.plusSeconds(2)));

        assertThat(database.texts("""
                                        SELECT concat_ws('|', extract(epoch FROM captured_at - ?)::int, ordinal, comment_id, parent_id, comment_text)
                                        FROM note_comment ORDER BY captured_at, ordinal
                                        """, Timestamp.from(NOW)))
                .containsExactly("0|0|c1|a", "0|1|c2|c1|b", "2|0|c1|a, edited");
    }

    private NoteCapture withComments(String comments, Instant at) {
        byte[] answer =
                "{\"code\":0,\"data\":[{\"note_list\":[{\"id\":\"%s\",\"title\":\"t\"}],\"comment_list\":[%s]}]}"
                        .formatted(Captures.ID, comments)
                        .getBytes(StandardCharsets.UTF_8);
        return Captures.of(answer, call(), at);
    }

    @Test
    void noteIsCompleteOnlyIfItsNewestCaptureIs() {
        NoteCapture capture = Captures.of(Captures.sample(), call(), NOW);
        save(capture, List.of(missing(IMAGE)), false);
        assertThat(notes.find(Captures.ID).orElseThrow().archivedAt()).isNull();

        save(capture, List.of(stored(IMAGE)), true);

        assertThat(notes.find(Captures.ID).orElseThrow().archivedAt()).isEqualTo(NOW);
        assertThat(media.slotsOf(Captures.ID)).containsExactly(stored(IMAGE).at(NOW));
        assertThat(media.slotsOf(Captures.ID).getFirst().isFor(IMAGE)).isTrue();
        assertThat(media.slotsOf(Captures.ID).getFirst().isFor(AGAIN)).isFalse();
    }

    /** A compressed value is compared as stored. */
    @Test
    void unchangedWordsCostNoIndexEntries() {
        SlotRow slot = stored(IMAGE).with(FILE.with("some words ".repeat(500)));

        database.inTransaction(() -> {
            String updates = "SELECT pg_stat_get_xact_tuples_hot_updated('note_media'::regclass)";
            save(captureOf("\"title\":\"t\"", NOW), List.of(slot), true);
            long before = database.count(updates); // may include earlier transactions of the connection
            save(captureOf("\"title\":\"t\"", NOW.plusSeconds(1)), List.of(slot), true);

            assertThat(database.count(updates) - before).isOne();
        });
    }

    @Test
    void motionOfALivePhotoMovesWithItsStill() {
        MediaSlot motion = new MediaSlot(MediaKind.MOTION, 0, "motion", List.of(), null);
        save(captureOf("\"title\":\"live\"", NOW), List.of(stored(IMAGE), stored(motion)), true);

        Instant later = NOW.plusSeconds(60);
        save(captureOf("\"title\":\"no longer\"", later), List.of(stored(IMAGE)), true);

        assertThat(media.slotsOf(Captures.ID))
                .extracting(SlotRow::kind, SlotRow::ordinal)
                .containsExactly(tuple(MediaKind.IMAGE, 0), tuple(MediaKind.MOTION, 0));

        MediaSlot another = new MediaSlot(MediaKind.IMAGE, 0, "another", List.of(), null);
        save(captureOf("\"title\":\"another\"", later.plusSeconds(60)), List.of(missing(another)), false);

        assertThat(media.slotsOf(Captures.ID))
                .extracting(SlotRow::kind, SlotRow::ordinal)
                .containsExactly(tuple(MediaKind.IMAGE, 0), tuple(MediaKind.IMAGE, 1), tuple(MediaKind.MOTION, 1));
    }

    private void save(NoteCapture capture) {
        save(capture, List.of(), false);
    }

    private void save(NoteCapture capture, List<SlotRow> slots, boolean complete) {
        database.inTransaction(() -> notes.save(CapturedNote.of(capture, null, slots, complete, NOW)));
    }

    private NoteCapture captureOf(String properties, Instant at) {
        return Captures.of(Captures.answerWith(properties), call(), at);
    }

    private static SlotRow stored(MediaSlot slot) {
        return SlotRow.stored(slot, FILE, "original", 1080, 1440, "size match", null);
    }

    private static SlotRow missing(MediaSlot slot) {
        return SlotRow.missing(slot, SlotRow.Gap.DEAD, "HTTP 404", Night.of(NOW));
    }

    private long call() {
        return Captures.call(database, "note-detail/v1");
    }

    private Map<String, Long> counts() {
        return Stream.of("author", "note", "note_capture", "note_topic", "note_mention", "media_object", "note_media")
                .collect(Collectors.toMap(table -> table, table -> database.count("SELECT count(*) FROM " + table)));
    }
}
