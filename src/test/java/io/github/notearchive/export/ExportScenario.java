package io.github.notearchive.export;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.ArchiveDatabase;
import io.github.notearchive.SmallArchive;
import io.github.notearchive.archive.query.NoteSnapshots;
import io.github.notearchive.archive.query.NoteSnapshots.Selection;
import io.github.notearchive.export.ExportOptions.AuthorMode;
import io.github.notearchive.export.ExportOptions.ExportFormat;
import io.github.notearchive.export.ExportOptions.MediaMode;
import io.github.notearchive.export.ExportOptions.Packaging;
import io.github.notearchive.export.Exporter.ExportReport;
import io.github.notearchive.io.image.HeifCommand;
import io.github.notearchive.store.ObjectStore;
import java.io.IOException;
import java.lang.reflect.RecordComponent;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import javax.sql.DataSource;
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

    static final String HOSTILE = SmallArchive.HOSTILE;
    static final String FORMULA = SmallArchive.FORMULA;
    static final String VIDEO = SmallArchive.VIDEO;
    static final String BARE = SmallArchive.BARE;

    static final String HOSTILE_TITLE = SmallArchive.HOSTILE_TITLE;
    static final String HOSTILE_TEXT = SmallArchive.HOSTILE_TEXT;
    static final String FORMULA_TITLE = SmallArchive.FORMULA_TITLE;
    static final String AUTHOR = SmallArchive.AUTHOR;

    @TempDir
    Path directory;

    final SmallArchive archive = SmallArchive.ofFourNotes();
    final ArchiveDatabase database = archive.database();
    final ObjectStore store = archive.store();
    Path target;

    @BeforeEach
    void fill() {
        target = directory.resolve("out");
    }

    @AfterEach
    void close() {
        archive.close();
    }

    Exporter exporter() {
        return exporter(database.dataSource(), store);
    }

    static Exporter exporter(DataSource dataSource, ObjectStore store) {
        return exporter(dataSource, store, new HeifCommand(""));
    }

    static Exporter exporter(DataSource dataSource, ObjectStore store, HeifCommand heif) {
        return new Exporter(snapshots(dataSource), () -> store, heif);
    }

    static NoteSnapshots snapshots(DataSource dataSource) {
        return new NoteSnapshots(JdbcClient.create(dataSource), new JdbcTransactionManager(dataSource));
    }

    static String key(String name, String extension) {
        return SmallArchive.key(name, extension);
    }

    static byte[] bytes(String name) {
        return SmallArchive.bytes(name);
    }

    static String sha256(byte[] bytes) {
        return SmallArchive.sha256(bytes);
    }

    void text(String note, String title, String text) {
        archive.text(note, title, text);
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
                format,
                target,
                selection,
                media,
                authors,
                authorKey,
                Duration.ofHours(1),
                null,
                new Packaging(false, excel, null, null, null, false),
                "note-archive test");
    }

    /** Returns a record with another value of a component. */
    static <R extends Record> R with(R all, String component, Object value) {
        try {
            RecordComponent[] components = all.getClass().getRecordComponents();
            Object[] values = new Object[components.length];
            for (int i = 0; i < values.length; i++) {
                values[i] = components[i].getName().equals(component)
                        ? value
                        : components[i].getAccessor().invoke(all);
            }
            Class<?>[] types =
                    Stream.of(components).map(RecordComponent::getType).toArray(Class<?>[]::new);
            @SuppressWarnings("unchecked")
            R changed = (R) all.getClass().getDeclaredConstructor(types).newInstance(values);
            return changed;
        } catch (ReflectiveOperationException e) {
            throw new AssertionError(e);
        }
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
