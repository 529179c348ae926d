package io.github.notearchive.export;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.archive.stats.NoteSnapshots.Selection;
import io.github.notearchive.export.ExportOptions.AuthorMode;
import io.github.notearchive.export.ExportOptions.ExportFormat;
import io.github.notearchive.export.ExportOptions.MediaMode;
import io.github.notearchive.export.Exporter.ExportReport;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Base of the tests that export a {@link SmallArchive}. */
abstract class ExportScenario {

    @TempDir
    Path directory;

    SmallArchive archive;
    Path target;

    @BeforeEach
    void fill() {
        archive = SmallArchive.filled();
        target = directory.resolve("out");
    }

    @AfterEach
    void close() {
        archive.close();
    }

    ExportReport export(ExportOptions options) throws IOException {
        return archive.exporter().export(options, () -> false);
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
