package io.github.notearchive.export;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.ArchiveDatabase;
import io.github.notearchive.archive.stats.NoteSnapshots;
import io.github.notearchive.archive.stats.NoteSnapshots.Selection;
import io.github.notearchive.embedded.DataDirectory;
import io.github.notearchive.embedded.EmbeddedStore;
import io.github.notearchive.export.Exporter.ExportOptions;
import io.github.notearchive.export.Exporter.ExportOptions.AuthorMode;
import io.github.notearchive.export.Exporter.ExportOptions.ExportFormat;
import io.github.notearchive.export.Exporter.ExportOptions.MediaMode;
import io.github.notearchive.export.Exporter.ExportReport;
import io.github.notearchive.store.ObjectKey;
import io.github.notearchive.store.ObjectStore;
import io.github.notearchive.store.StoreFixture;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import javax.sql.DataSource;
import org.apache.commons.codec.digest.DigestUtils;
import org.apache.commons.io.FileUtils;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.jdbc.support.JdbcTransactionManager;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Base of the tests that export four notes in a real database and a real store: one with everything and with hostile
 * text; one with formulas of a spreadsheet; a video; and one without content.
 */
abstract class ExportScenario {

    static final String HOSTILE = "65a000000000000000000001";
    static final String FORMULA = "65a000000000000000000002";
    static final String VIDEO = "65a000000000000000000003";
    static final String BARE = "65a000000000000000000004";

    static final String HOSTILE_TITLE = "</title><script>alert(1)</script>\"'& ../../etc/passwd\u202e CON|x:\n第二行";
    static final String HOSTILE_TEXT = "清晨 <img src=x onerror=alert(2)>\n\"引号\", 逗号\tUntitled 🍚";
    static final String FORMULA_TITLE = "=HYPERLINK(\"http://evil.example\",\"看\")";
    static final String AUTHOR = "5cc800000000000000000001";

    private static final String LINES = """
            INSERT INTO author (author_id, red_id, nickname, avatar_url, verified, verified_type, updated_at)
            VALUES ('5cc800000000000000000001', '518955047', '松间<b>', 'https://example.org/a.jpg', true, 1, '2026-03-10T00:00Z'),
                   ('5cc800000000000000000002', NULL, NULL, NULL, NULL, NULL, '2026-03-10T00:00Z');
            INSERT INTO note (note_id, note_type, author_id, published_at, edited_at, place, language, download_allowed,
                              in_censor, privacy_type, liked_count, collected_count, comments_count, shared_count, view_count,
                              first_captured_at, last_captured_at, archived_at)
            VALUES ('65a000000000000000000001', 'normal', '5cc800000000000000000001', '2026-02-10T04:13:24.123456Z',
                    '2026-02-11T00:00Z', '浙江', 'zh', true, false, 0, 9007199254740993, 3, 0, NULL, 0,
                    '2026-03-10T04:00Z', '2026-03-12T04:00Z', '2026-03-12T04:00Z'),
                   ('65a000000000000000000002', 'normal', '5cc800000000000000000001', '2026-02-20T00:00Z',
                    NULL, NULL, NULL, NULL, NULL, NULL, 5, NULL, NULL, NULL, NULL,
                    '2026-03-10T04:00Z', '2026-03-10T04:00Z', '2026-03-10T04:00Z'),
                   ('65a000000000000000000003', 'video', '5cc800000000000000000002', NULL,
                    NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
                    '2026-03-11T04:00Z', '2026-03-11T04:00Z', NULL),
                   ('65a000000000000000000004', NULL, NULL, NULL,
                    NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
                    '2026-03-11T04:00Z', '2026-03-11T04:00Z', NULL);
            INSERT INTO worklist (note_id, state, reason, due_at, source, enqueued_at)
            VALUES ('65a000000000000000000001', 'ARCHIVED', NULL, NULL, 'test', '2026-03-01T00:00Z'),
                   ('65a000000000000000000002', 'ARCHIVED', NULL, NULL, 'test', '2026-03-01T00:00Z'),
                   ('65a000000000000000000003', 'FAILED', 'REJECTED', NULL, 'test', '2026-03-01T00:00Z'),
                   ('65a000000000000000000009', 'PENDING', NULL, '2026-03-01T00:00Z', 'test', '2026-03-01T00:00Z');
            INSERT INTO note_topic (note_id, ordinal, topic_id, name, topic_type)
            VALUES ('65a000000000000000000001', 0, 't1', '国风', 'topic'),
                   ('65a000000000000000000001', 1, NULL, '拍照,"姿势"', NULL),
                   ('65a000000000000000000002', 0, 't1', '国风', 'topic');
            INSERT INTO note_mention (note_id, ordinal, user_id, nickname)
            VALUES ('65a000000000000000000001', 0, '5cc800000000000000000002', '=朋友'),
                   ('65a000000000000000000002', 0, '5cc800000000000000000001', '松间');
            """;

    /** Started once for all tests of this JVM. */
    private static final EmbeddedStore SERVER = serve();

    private static int buckets;

    @TempDir
    Path directory;

    final ArchiveDatabase database = ArchiveDatabase.emptied();
    final ObjectStore store = StoreFixture.of(SERVER, "exports-" + ++buckets);
    Path target;

    private static EmbeddedStore serve() {
        try {
            Path root = Files.createTempDirectory("note-archive-exports");
            DataDirectory directory = DataDirectory.open(root);
            Runtime.getRuntime().addShutdownHook(new Thread(() -> {
                directory.close();
                FileUtils.deleteQuietly(root.toFile());
            }));
            return new EmbeddedStore(directory);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @BeforeEach
    void fill() {
        target = directory.resolve("out");
        store.ensureBucket();
        database.update(LINES);
        text(HOSTILE, HOSTILE_TITLE, HOSTILE_TEXT);
        text(FORMULA, FORMULA_TITLE, "");
        capture(HOSTILE, "2026-03-10T04:00Z", 10L);
        capture(HOSTILE, "2026-03-11T04:00Z", 20L);
        capture(HOSTILE, "2026-03-12T04:00Z", null);
        capture(FORMULA, "2026-03-10T04:00Z", 5L);
        capture(VIDEO, "2026-03-11T04:00Z", null);
        capture(BARE, "2026-03-11T04:00Z", null);
        database.update("""
                        INSERT INTO note_comment (note_id, captured_at, ordinal, comment_id, author_id, author_nickname,
                                                  comment_text, place, liked_count)
                        VALUES (?, '2026-03-12T04:00Z', 0, 'c1', '5cc800000000000000000002', '=朋友', '好看', '云南', 3)
                        """, HOSTILE);
        String jpeg = object("baseline.jpg", "jpg", "image/jpeg");
        String heic = object("picture.heic", "heic", "image/heic");
        String film = object("film.mp4", "mp4", "video/mp4");
        String sound = object("sound.m4a", "m4a", "audio/mp4");
        stored(HOSTILE, "IMAGE", 0, jpeg);
        stored(HOSTILE, "IMAGE", 1, heic);
        stored(HOSTILE, "MOTION", 0, film);
        stored(HOSTILE, "AUDIO", 0, sound);
        stored(FORMULA, "IMAGE", 0, jpeg);
        stored(VIDEO, "VIDEO", 0, film);
        database.update("""
                        INSERT INTO note_media (note_id, kind, ordinal, identity, state, reason, captured_at, updated_at)
                        VALUES (?, 'IMAGE', 0, 'gone', 'MISSING', 'GONE', '2026-03-11T04:00Z', '2026-03-11T04:00Z')
                        """, VIDEO);
    }

    @AfterEach
    void close() {
        store.close();
    }

    Exporter exporter() {
        return exporter(database.dataSource(), store);
    }

    static Exporter exporter(DataSource dataSource, ObjectStore store) {
        return new Exporter(
                new NoteSnapshots(JdbcClient.create(dataSource), new JdbcTransactionManager(dataSource)), () -> store);
    }

    /** The key of a file of the tests that was stored. */
    static String key(String name, String extension) {
        String sha256 = sha256(bytes(name));
        return "media/" + sha256.substring(0, 2) + "/" + sha256 + "." + extension;
    }

    static byte[] bytes(String name) {
        try (InputStream in = ExportScenario.class.getResourceAsStream("/media/" + name)) {
            return in.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static String sha256(byte[] bytes) {
        return DigestUtils.sha256Hex(bytes);
    }

    void text(String note, String title, String text) {
        database.update("UPDATE note SET title = ?, note_text = ? WHERE note_id = ?", title, text, note);
    }

    private void capture(String note, String at, Long likes) {
        OffsetDateTime time = OffsetDateTime.parse(at);
        database.update("""
                        INSERT INTO api_call (note_id, endpoint, sent_at, received_at, billed)
                        VALUES (?, 'note-detail/v1', ?, ?, 'YES')
                        """, note, time, time);
        database.update("""
                        INSERT INTO note_capture (note_id, captured_at, call_id, liked_count, response)
                        VALUES (?, ?, (SELECT max(id) FROM api_call), ?, '{}')
                        """, note, time, likes);
    }

    private String object(String name, String extension, String type) {
        byte[] bytes = bytes(name);
        String sha256 = sha256(bytes);
        String key = key(name, extension);
        store.putBytes(new ObjectKey(key), bytes, type);
        database.update("""
                        INSERT INTO media_object (sha256, object_key, size_bytes, content_type, stored_at, verified_at)
                        VALUES (?, ?, ?, ?, '2026-03-10T04:00Z', '2026-03-10T04:00Z')
                        """, sha256, key, bytes.length, type);
        return sha256;
    }

    private void stored(String note, String kind, int ordinal, String sha256) {
        database.update("""
                        INSERT INTO note_media (note_id, kind, ordinal, identity, state, rendition, width, height, sha256,
                                                captured_at, updated_at)
                        VALUES (?, ?, ?, 'file', 'STORED', 'original', 1080, NULL, ?,
                                '2026-03-10T04:00Z', '2026-03-10T04:00Z')
                        """, note, kind, ordinal, sha256);
    }

    ExportReport export(ExportOptions options) throws IOException {
        return exporter().export(options, () -> false);
    }

    /** Options without special settings. */
    static ExportOptions options(ExportFormat format, Path target) {
        return options(format, target, Selection.all(), format.usualMedia(), AuthorMode.KEEP);
    }

    static ExportOptions options(
            ExportFormat format, Path target, Selection selection, MediaMode media, AuthorMode authors) {
        return options(format, target, selection, media, authors, null, false);
    }

    static ExportOptions options(
            ExportFormat format,
            Path target,
            Selection selection,
            MediaMode media,
            AuthorMode authors,
            Path authorKey,
            boolean excel) {
        return new ExportOptions(
                format, target, selection, media, authors, authorKey, Duration.ofHours(1), excel, "note-archive test");
    }

    static JsonNode json(Path file) throws IOException {
        return JsonMapper.shared().readTree(Files.readAllBytes(file));
    }

    static List<JsonNode> lines(Path file) throws IOException {
        List<JsonNode> lines = new ArrayList<>();
        for (String line : Files.readAllLines(file)) {
            lines.add(JsonMapper.shared().readTree(line));
        }
        return lines;
    }

    /** Returns a text of each of some objects, where it is one. */
    static List<String> texts(Iterable<JsonNode> nodes, String property) {
        List<String> texts = new ArrayList<>();
        nodes.forEach(node -> node.path(property).stringValueOpt().ifPresent(texts::add));
        return texts;
    }

    void assertNothingIsLeft() throws IOException {
        assertThat(target).doesNotExist();
        try (var files = Files.list(directory)) {
            assertThat(files).noneMatch(path -> path.getFileName().toString().contains("partial"));
        }
    }
}
