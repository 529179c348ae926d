package io.github.notearchive.archive.catalog;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.mockito.ArgumentMatchers.any;
import static org.mockito.ArgumentMatchers.eq;
import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.when;

import io.github.notearchive.ArchiveDatabase;
import io.github.notearchive.archive.catalog.StoredResponses.Page;
import io.github.notearchive.archive.catalog.StoredResponses.RemapChange;
import io.github.notearchive.archive.catalog.StoredResponses.ResponsePosition;
import io.github.notearchive.io.jdbc.Columns;
import io.github.notearchive.note.NoteCapture;
import io.github.notearchive.store.ObjectKey;
import io.github.notearchive.store.ObjectStore;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.sql.Timestamp;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.apache.commons.io.function.IOBiFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.mockito.invocation.InvocationOnMock;

/** Maps stored responses again; rows of an older mapper are simulated by spoiling them. */
class StoredResponsesTests {

    private static final Instant NOW = Captures.NOW;

    private final ArchiveDatabase database = ArchiveDatabase.emptied();
    private final ObjectStore store = mock();
    private final Map<ObjectKey, String> sidecars = new HashMap<>();
    private final SchemaDrift drift = new SchemaDrift(database.jdbc());
    private final NoteCatalog notes =
            new NoteCatalog(database.jdbc(), new MediaCatalog(database.jdbc(), database.transactions()));
    private final StoredResponses answers = new StoredResponses(database.jdbc(), store, drift);

    @Test
    void damagedColumnsAreRestoredFromTheResponse() {
        saveSample();
        List<String> before = everything();
        spoil();
        assertThat(everything()).isNotEqualTo(before);

        SortedMap<String, RemapChange> changes = remap(false);

        assertThat(everything()).isEqualTo(before);
        assertThat(changes.keySet())
                .containsAll(names(NoteCatalog.NOTE).stream()
                        .filter(column -> !List.of("edited_at", "video_duration_ms", "music_id", "music_name")
                                .contains(column))
                        .map("note."::concat)
                        .toList())
                .contains(
                        "note_capture.title",
                        "note_capture.author_nickname",
                        "note_capture.liked_count",
                        "author.nickname",
                        "note_topic",
                        "note_mention",
                        "note_comment");
        assertThat(changes.get("note.title")).isEqualTo(new RemapChange(1, List.of(Captures.ID.value())));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "\"view_count\":1.2345678E7,\"time\":1.7224164E9 | view_count | 12345678",
                // independent of the order of codecs
                "\"video_info_v2\":{\"media\":{\"stream\":{\"h265\":[{\"duration\":61234}],\"h264\":[{\"duration\":61200}]}}} | video_duration_ms | 61200"
            })
    void valueMatchesTheStoredResponse(String properties, String column, String value) {
        save(properties, NOW);

        assertThat(database.text("SELECT %s::text FROM note".formatted(column))).isEqualTo(value);
        assertThat(remap(true)).isEmpty();
    }

    @Test
    void newestResponseDeterminesTheNote() {
        String properties = "\"title\":\"%1$s\",\"user\":{\"id\":\"w\",\"nickname\":\"%1$s\"}";
        save(properties.formatted("old"), NOW);
        save(properties.formatted("new"), NOW.plusSeconds(1));
        List<String> before = everything();
        spoil();

        SortedMap<String, RemapChange> changes = remap(false);

        assertThat(everything()).isEqualTo(before);
        assertThat(changes.get("note_capture.title").rows()).isEqualTo(2);
        assertThat(changes.get("note.title").rows()).isEqualTo(1);
    }

    @Test
    void concurrentNewerResponseIsKept() {
        save("\"title\":\"old\",\"hash_tag\":[{\"name\":\"a\"}],\"user\":{\"id\":\"w\",\"nickname\":\"old\"}", NOW);
        spoil();
        Page read = page(ResponsePosition.FIRST, false);
        save(
                "\"title\":\"new\",\"hash_tag\":[{\"name\":\"b\"}],\"user\":{\"id\":\"w\",\"nickname\":\"new\"}",
                NOW.plusSeconds(1));

        database.inTransaction(() -> answers.write(read));

        assertThat(database.text("SELECT concat_ws(' ', title, mapper_version) FROM note"))
                .isEqualTo("new " + NoteMapper.VERSION);
        assertThat(database.text("SELECT nickname FROM author")).isEqualTo("new");
        assertThat(database.text("SELECT string_agg(name, ' ') FROM note_topic"))
                .isEqualTo("b");
        assertThat(database.text("SELECT string_agg(title, ' ' ORDER BY captured_at) FROM note_capture"))
                .isEqualTo("old new");
    }

    @Test
    void concurrentlyRemovedRowsAreNotRestored() {
        saveSample();
        spoil();
        Page read = page(ResponsePosition.FIRST, false);
        ArchiveDatabase.emptied();

        database.inTransaction(() -> answers.write(read));

        assertThat(everything()).isEmpty();
    }

    @Test
    void videoResponseIsSkipped() {
        save("\"title\":\"t\"", NOW);
        NoteCapture video = Captures.of(
                Captures.answerWith("\"title\":\"v\",\"liked_count\":2"),
                Captures.call(database, "note-detail/v6"),
                NOW.plusSeconds(1));
        database.inTransaction(() -> notes.restore(video, true, List.of(), null));
        List<String> before = everything();

        assertThat(remap(true)).isEmpty();
        assertThat(answers.count(ResponsePosition.FIRST, true)).isOne();
        assertThat(everything()).isEqualTo(before);
    }

    @Test
    void pageEndsAtTheTextLimit() {
        for (int i = 0; i < 3; i++) {
            save("\"desc\":\"" + "长".repeat(1_000_000) + "\"", NOW.plusSeconds(i));
        }

        Page first = page(ResponsePosition.FIRST, true);
        Page second = page(first.last(), true);

        assertThat(first.responses()).isEqualTo(2);
        assertThat(second.responses()).isEqualTo(1);
        assertThat(page(second.last(), true).responses()).isZero();
    }

    /** The beginning of each one is read by a separate thread. */
    @ParameterizedTest
    @CsvSource({"300000,true false", "3000,true"})
    void largeSidecarsAreReadOneAfterTheOther(int size, String reads) {
        for (int i = 0; i < 3; i++) {
            save("\"title\":\"t\"", NOW.plusSeconds(i));
            database.update("UPDATE note_capture SET sidecar_verified_at = now()");
        }
        byte[] sidecar = (sidecars.get(Sidecar.keyOf(Captures.ID, NOW)) + " ".repeat(size)).getBytes(UTF_8);
        List<String> threads = new ArrayList<>();
        when(store.read(eq(Sidecar.keyOf(Captures.ID, NOW)), any())).thenAnswer(call -> {
            threads.add(String.valueOf(Thread.currentThread().isVirtual()));
            return read(call, sidecar);
        });

        assertThat(remap(true)).isEmpty();

        assertThat(threads).containsExactly(reads.split(" "));
    }

    @Test
    void newFieldsOfStoredResponsesAreRecorded() {
        save("\"title\":\"t\",\"brand_new\":1", NOW);
        save("\"title\":\"t\",\"brand_new\":1", NOW.plusSeconds(1));

        remap(true);

        assertThat(database.text("SELECT path FROM schema_drift")).isEqualTo("note.brand_new");
        assertThat(database.count("SELECT count(*) FROM schema_drift WHERE first_seen_at = ?", Timestamp.from(NOW)))
                .isOne();
    }

    private void saveSample() {
        byte[] answer = new String(Captures.sample(), UTF_8)
                .replace("\"comment_list\": []", "\"comment_list\": [{\"id\":\"c\",\"content\":\"x\"}]")
                .getBytes(UTF_8);
        NoteCapture capture = Captures.of(answer, Captures.call(database, "note-detail/v1"), NOW);
        database.inTransaction(() -> notes.restore(capture, false, List.of(), NOW));
    }

    private void save(String properties, Instant at) {
        NoteCapture capture =
                Captures.of(Captures.answerWith(properties), Captures.call(database, "note-detail/v1"), at);
        byte[] sidecar = Captures.sidecar(capture, List.of()).bytes();
        sidecars.put(Sidecar.keyOf(Captures.ID, at), new String(sidecar, UTF_8));
        when(store.read(eq(Sidecar.keyOf(Captures.ID, at)), any())).thenAnswer(call -> read(call, sidecar));
        database.inTransaction(() -> notes.restore(capture, false, List.of(), NOW));
    }

    private static Object read(InvocationOnMock call, byte[] content) throws IOException {
        IOBiFunction<InputStream, Optional<String>, ?> reader = call.getArgument(1);
        return reader.apply(new ByteArrayInputStream(content), Optional.empty());
    }

    /** Simulates rows of an older mapper, with wrong values. */
    private void spoil() {
        List<String> columns = new ArrayList<>(names(NoteCatalog.NOTE));
        columns.remove("author_id");
        columns.forEach(column -> database.update(spoiling("note", column)));
        names(NoteCatalog.CAPTURE).forEach(column -> database.update(spoiling("note_capture", column)));
        database.update("""
                UPDATE note SET author_id = NULL, mapper_version = 1;
                UPDATE note_capture SET mapper_version = 1;
                UPDATE author SET nickname = 'spoilt', red_id = NULL, verified_type = 7, verified = true;
                DELETE FROM note_topic WHERE ordinal = 0;
                DELETE FROM note_mention;
                UPDATE note_comment SET comment_text = 'spoilt';
                """);
    }

    private static List<String> names(Columns<?> columns) {
        return List.of(columns.each("?").split(", "));
    }

    private String spoiling(String table, String column) {
        String type = database.text(
                "SELECT data_type FROM information_schema.columns WHERE table_name = ? AND column_name = ?",
                table,
                column);
        String value = switch (type) {
            case "text" -> "CASE WHEN %s IS NULL THEN NULL ELSE 'spoilt' END";
            case "boolean" -> "NOT %s";
            case "integer", "bigint" -> "%s + 1";
            default -> "%s + interval '1 day'";
        };
        return "UPDATE " + table + " SET " + column + " = " + value.formatted(column);
    }

    private SortedMap<String, RemapChange> remap(boolean all) {
        SortedMap<String, RemapChange> changes = new TreeMap<>();
        for (Page page = page(ResponsePosition.FIRST, all); page.responses() > 0; page = page(page.last(), all)) {
            Page read = page;
            database.inTransaction(() -> answers.write(read));
            read.changes().forEach((column, change) -> changes.merge(column, change, RemapChange::and));
        }
        return changes;
    }

    private Page page(ResponsePosition after, boolean all) {
        List<Page> pages = new ArrayList<>();
        database.inTransaction(() -> pages.add(answers.next(after, all)));
        return pages.getFirst();
    }

    /** All rows mapped from responses. */
    private List<String> everything() {
        return Stream.of("note", "note_capture", "author", "note_topic", "note_mention", "note_comment")
                .flatMap(table ->
                        database
                                .texts("SELECT (to_jsonb(t) - 'changed_at')::text FROM " + table + " t ORDER BY 1")
                                .stream())
                .toList();
    }
}
