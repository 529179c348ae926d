package io.github.notearchive.export;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.archive.query.NoteSnapshots.Selection;
import io.github.notearchive.export.ExportOptions.AuthorMode;
import io.github.notearchive.export.ExportOptions.ExportFormat;
import io.github.notearchive.export.ExportOptions.MediaMode;
import io.github.notearchive.export.Exporter.ExportReport;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.yaml.snakeyaml.Yaml;
import tools.jackson.databind.JsonNode;

/** A vault has a page for each note, whose text has no effect as Markdown, HTML or YAML. */
class MarkdownTests extends ExportScenario {

    @Test
    void eachNoteIsAPageThatShowsItsFiles() throws Exception {
        ExportReport report = export(options(ExportFormat.MARKDOWN, target));

        assertThat(report.copied()).isEqualTo(6);
        try (Stream<Path> pages = Files.list(target.resolve("notes"))) {
            assertThat(pages.map(page -> page.getFileName().toString()))
                    .containsExactlyInAnyOrder(
                            "files",
                            "2026-02-10 " + HOSTILE + ".md",
                            "2026-02-20 " + FORMULA + ".md",
                            "undated " + VIDEO + ".md",
                            "undated " + BARE + ".md");
        }
        String page = page(HOSTILE);
        assertThat(page)
                .contains("![](files/" + HOSTILE + "/01.jpg)\n", "![](files/" + HOSTILE + "/audio.m4a)\n")
                .contains("\\<img src\\=x onerror\\=alert(2)\\>\\\n\"引号\"")
                .contains("[[国风]] [[拍照, 姿势]]\n")
                .contains("| 2026-03-10T04:00:00Z | 10 |  |  |  |\n")
                .doesNotContainPattern("(?<!\\\\)<")
                .doesNotContain("\u202e");
        assertThat(page(VIDEO)).contains("Missing: IMAGE 1");
        assertThat(target.resolve("notes/files/" + HOSTILE + "/02.heic")).hasBinaryContent(bytes("picture.heic"));
    }

    @Test
    void theFrontMatterIsTheRow() throws Exception {
        text(HOSTILE, "a: \"b\"\n---\n# \u2028- x\u0085\u007f\u202e'", HOSTILE_TEXT);
        database.update(
                "UPDATE note_topic SET name = E'---\\n!!js/function [[x]]' WHERE note_id = ? AND ordinal = 0", HOSTILE);
        export(options(ExportFormat.JSONL, directory.resolve("tables")));
        JsonNode row = lines(directory.resolve("tables/notes.jsonl")).getFirst();

        export(options(ExportFormat.MARKDOWN, target));

        Map<String, Object> front =
                new Yaml().load(page(HOSTILE).split("\n---\n", 2)[0].substring(4));
        assertThat(front.get("title")).isEqualTo(row.path("title").stringValue());
        assertThat(front.get("liked_count")).isEqualTo(9007199254740993L);
        assertThat(front.get("published_at")).isEqualTo("2026-02-10T04:13:24.123456Z");
        assertThat(front.get("topics")).isEqualTo(List.of("---\n!!js/function [[x]]", "拍照,\"姿势\""));
        assertThat(front).doesNotContainKeys("note_text", "media", "captures", "shared_count");
    }

    @Test
    void aPageWithoutFilesHasNoLinksToFilesAndNoAuthor() throws Exception {
        export(options(ExportFormat.MARKDOWN, target, Selection.all(), MediaMode.NONE, AuthorMode.HASH));

        assertThat(target.resolve("notes/files")).doesNotExist();
        assertThat(page(HOSTILE)).doesNotContain("![](", "松间", AUTHOR);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            # heading              | \\# heading
            - item                 | \\- item
            12. item               | 12\\. item
            `   code`              | code
            [a](javascript:x)      | \\[a\\](javascript:x)
            ![[x]] #tag            | !\\[\\[x\\]\\] \\#tag
            https://evil.example   | https\\://evil.example
            %%c%% ==h== $x$          | \\%\\%c\\%\\% \\=\\=h\\=\\= \\$x\\$
            key:: value            | key\\:\\: value
            www.evil.example a@b.c | www\\.evil.example a\\@b.c
            1.5 - 2                | 1\\.5 - 2
            """)
    void textHasNoEffect(String text, String escaped) {
        assertThat(Markdown.escape(text)).isEqualTo(escaped);
    }

    @Test
    void linesStayLinesAndNamesOfTopicsAreNamesOfNotes() {
        assertThat(Markdown.escape("a\nb\n\nc\\\n")).isEqualTo("a\\\nb\n\nc\\\\");
        assertThat(Markdown.name("../a|b]] #c\u202e")).isEqualTo("a b c");
        assertThat(Markdown.name("]]")).isEmpty();
        assertThat(Markdown.name("a`$b@c www.d")).isEqualTo("a b c www d");
        assertThat(Markdown.escape("`x`")).isEqualTo("\\`x\\`");
    }

    private String page(String note) throws Exception {
        try (Stream<Path> pages = Files.list(target.resolve("notes"))) {
            return Files.readString(pages.filter(page -> page.toString().contains(note))
                    .findFirst()
                    .orElseThrow());
        }
    }
}
