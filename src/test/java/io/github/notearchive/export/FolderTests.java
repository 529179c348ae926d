package io.github.notearchive.export;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.archive.query.NoteSnapshots.Selection;
import io.github.notearchive.export.ExportOptions.AuthorMode;
import io.github.notearchive.export.ExportOptions.ExportFormat;
import io.github.notearchive.export.ExportOptions.MediaMode;
import io.github.notearchive.export.Exporter.ExportReport;
import io.github.notearchive.export.NoteFolders.FolderNote;
import io.github.notearchive.io.image.HeifCommand;
import io.github.notearchive.note.MediaKind;
import java.io.File;
import java.io.IOException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.apache.commons.io.FileUtils;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** Folders with readable file names and pages without scripts. */
class FolderTests extends ExportScenario {

    private static final Pattern REFERENCE = Pattern.compile("(?:src|href)=\"([^\"]*)\"");

    @Test
    void eachNoteHasADirectoryWithItsFilesInOrder() throws Exception {
        ExportReport report = export(options(ExportFormat.FOLDER, target));

        assertThat(report.rows()).containsEntry("notes", 4L).containsEntry("captures", 6L);
        assertThat(report.copied()).isEqualTo(6);
        assertThat(directories())
                .containsExactly(
                        "2026-02-10-" + HOSTILE, "2026-02-20-" + FORMULA, "undated-" + VIDEO, "undated-" + BARE);
        Path hostile = target.resolve("notes").resolve(directories().getFirst());
        assertThat(hostile.toFile().list())
                .containsExactlyInAnyOrder(
                        "01.jpg", "01-motion.mp4", "02.heic", "audio.m4a", "index.html", "note.json");
        assertThat(hostile.resolve("02.heic")).hasBinaryContent(bytes("picture.heic"));
        JsonNode note = json(hostile.resolve("note.json"));
        assertThat(note.path("title").stringValue()).isEqualTo(HOSTILE_TITLE);
        assertThat(note.at("/media/1/path").stringValue()).isEqualTo("02.heic");
        assertThat(note.path("captures")).hasSize(3);
        assertThat(target.resolve("notes").resolve("undated-" + VIDEO).resolve("video.mp4"))
                .hasBinaryContent(bytes("film.mp4"));
    }

    @Test
    void pagesRunNothingFetchNothingAndLeadOnlyToFilesThatAreThere() throws Exception {
        export(options(ExportFormat.FOLDER, target));

        List<Path> pages = pages();
        assertThat(pages).hasSize(5);
        for (Path page : pages) {
            String html = Files.readString(page);
            assertThat(html)
                    .as(page.toString())
                    .contains("Content-Security-Policy\" content=\"default-src &#39;none&#39;;")
                    .doesNotContain("<script", "<img src=x", "<b>", "javascript:", "style=\"", "\u202e")
                    .contains("<html lang=\"en\">", "<meta name=\"viewport\"", "<h1");
            Matcher reference = REFERENCE.matcher(html);
            while (reference.find()) {
                String to = reference.group(1);
                if (to.startsWith("https:")) {
                    assertThat(to).startsWith("https://www.xiaohongshu.com/explore/");
                } else {
                    Path file = page.resolveSibling(URLDecoder.decode(to, StandardCharsets.UTF_8))
                            .normalize();
                    assertThat(file).startsWith(target).isRegularFile();
                }
            }
        }
        assertThat(Files.readString(target.resolve("index.html")))
                .contains("&lt;/title&gt;&lt;script&gt;alert(1)&lt;/script&gt;")
                .contains("4 notes");
    }

    @Test
    void pageShowsPicturesAudioTextHistoryAndMissingFiles() throws Exception {
        export(options(ExportFormat.FOLDER, target));

        String hostile = pageOf(directories().getFirst());
        assertThat(hostile)
                .contains("alt=\"Picture 1 of 2\" src=\"01.jpg\"")
                .contains("alt=\"Picture 2 of 2, which not every browser shows\" src=\"02.heic\"")
                .contains("<video controls", "src=\"01-motion.mp4\"")
                .contains("<audio controls", "src=\"audio.m4a\"")
                .contains("清晨 &lt;img src=x onerror=alert(2)&gt;")
                .contains("<bdi>松间&lt;b&gt;</bdi>")
                .contains("datetime=\"2026-02-10T04:13:24.123456Z\">2026-02-10 12:13</time>")
                .contains("<td class=\"number\">10</td>", "<td class=\"number\">–</td>");
        assertThat(pageOf("undated-" + VIDEO)).contains("src=\"video.mp4\"", "IMAGE 1: MISSING, GONE");
    }

    @Test
    void aHeicPictureHasAJpegBesideItIfACommandConvertsIt() throws Exception {
        HeifCommand command = new HeifCommand("heif-dec -q 90 {input} {output}");
        exporter(database.dataSource(), store, command).export(options(ExportFormat.FOLDER, target), () -> false);

        Path hostile = target.resolve("notes").resolve(directories().getFirst());
        assertThat(hostile.resolve("02.heic")).hasBinaryContent(bytes("picture.heic"));
        assertThat(ImageIO.read(hostile.resolve("02.jpg").toFile()).getWidth()).isEqualTo(48);
        assertThat(pageOf(directories().getFirst()))
                .contains("alt=\"Picture 2 of 2\" src=\"02.jpg\"")
                .contains("<a href=\"02.heic\">02.heic</a>");
        assertThat(json(hostile.resolve("note.json")).at("/media/1/preview").stringValue())
                .isEqualTo("02.jpg");
    }

    @Test
    void aPictureThatIsNotConvertedIsExportedAsItIs() throws Exception {
        ExportReport report = exporter(database.dataSource(), store, new HeifCommand("false"))
                .export(options(ExportFormat.FOLDER, target), () -> false);

        assertThat(report.isComplete()).isTrue();
        assertThat(pageOf(directories().getFirst())).contains("src=\"02.heic\"");
    }

    @Test
    void aPictureAndItsMotionHaveTheSameNumberIfAnyPictureIsMissing() throws Exception {
        database.update("""
                        UPDATE note_media SET state = 'MISSING', reason = 'GONE', sha256 = NULL
                        WHERE note_id = ? AND kind = 'IMAGE' AND ordinal = 0
                        """, HOSTILE);

        export(options(ExportFormat.FOLDER, target));

        assertThat(pageOf(directories().getFirst()))
                .contains("alt=\"Picture 2 of 2, which not every browser shows\" src=\"02.heic\"")
                .contains("aria-label=\"Live photo of picture 1\" src=\"01-motion.mp4\"")
                .contains("IMAGE 1: MISSING, GONE");
    }

    @Test
    void aPageShowsTheStoredPreviewOfAPictureThatNotEveryBrowserShows() throws Exception {
        archive.stored(HOSTILE, "PREVIEW", 0, sha256(bytes("baseline.jpg")));
        archive.stored(HOSTILE, "PREVIEW", 1, sha256(bytes("baseline.jpg")));

        export(options(ExportFormat.FOLDER, target));

        assertThat(target.resolve("notes").resolve(directories().getFirst()).resolve("02-preview.jpg"))
                .hasBinaryContent(bytes("baseline.jpg"));
        assertThat(pageOf(directories().getFirst()))
                .contains("alt=\"Picture 1 of 2\" src=\"01.jpg\"")
                .contains("alt=\"Picture 2 of 2\" src=\"02-preview.jpg\"", "href=\"02.heic\"")
                .doesNotContain("src=\"01-preview.jpg\"", "not every browser");
    }

    @ParameterizedTest
    @CsvSource({"FOLDER, src=\"02-preview.jpg\"", "MARKDOWN, ![](files/%s/02-preview.jpg)"})
    void aPageShowsThePreviewInPlaceOfAPictureThatIsTooLarge(ExportFormat format, String shown) throws Exception {
        archive.stored(HOSTILE, "PREVIEW", 1, sha256(bytes("baseline.jpg")));
        Selection small = with(Selection.all(), "mediaKinds", List.of(MediaKind.PREVIEW));

        export(options(format, target, small, MediaMode.COPY, AuthorMode.KEEP));

        try (Stream<Path> pages = Files.find(
                target.resolve("notes"),
                2,
                (path, _) ->
                        path.toString().contains(HOSTILE) && path.toString().matches(".*(html|md)"))) {
            assertThat(Files.readString(pages.findFirst().orElseThrow())).contains(shown.formatted(HOSTILE));
        }
    }

    @Test
    void manyNotesAreListedOnSeveralPagesEachOnce() throws Exception {
        database.update("""
                        INSERT INTO note (note_id, title, first_captured_at, last_captured_at)
                        SELECT '66' || lpad(i::text, 22, '0'), '标题 ' || i, '2026-03-10T04:00Z', '2026-03-10T04:00Z'
                        FROM generate_series(1, 200) i
                        """);

        export(options(ExportFormat.FOLDER, target, Selection.all(), MediaMode.NONE, AuthorMode.KEEP));

        List<String> listed = new ArrayList<>();
        for (String page : List.of("index.html", "index-2.html", "index-3.html", "index-4.html")) {
            Matcher note = Pattern.compile("href=\"notes/[0-9a-z-]+-([0-9a-f]{24})")
                    .matcher(Files.readString(target.resolve(page)));
            while (note.find()) {
                listed.add(note.group(1));
            }
        }
        assertThat(listed).hasSize(204).doesNotHaveDuplicates();
        assertThat(target.resolve("index-5.html")).doesNotExist();
        assertThat(Files.readString(target.resolve("index-2.html")))
                .contains("page 2 of 4", "aria-current=\"page\">2</a>");
    }

    @Test
    void directoriesAndFilesAreNamedByWhatTheyAre() {
        ObjectNode note = JsonMapper.shared()
                .createObjectNode()
                .put("note_id", HOSTILE)
                .put("published_at", "2026-02-09T16:00:00Z");
        assertThat(new FolderNote(note).directory()).isEqualTo("notes/2026-02-10-" + HOSTILE);
        for (String line : """
                IMAGE, 0, x, media/ab/cd.jpg, 01.jpg
                IMAGE, 99, x, media/ab/cd.heic, 100.heic
                MOTION, 1, x, media/ab/cd.mp4, 02-motion.mp4
                AUDIO, 0, x, media/ab/cd.m4a, audio.m4a
                AUDIO, 1, x, media/ab/cd.m4a, audio-02.m4a
                VIDEO, 0, x, media/ab/cd.mp4, video.mp4
                SUBTITLE, 0, zh-CN, media/ab/cd.srt, subtitle-01-zh-CN.srt
                SUBTITLE, 1, ../zh, media/ab/cd.vtt, subtitle-02.vtt
                """.lines().toList()) {
            String[] file = line.split(", ");
            assertThat(NoteFolders.fileName(file[0], Long.parseLong(file[1]), file[2], file[3]))
                    .isEqualTo(file[4]);
        }
    }

    private List<String> directories() {
        return Stream.of(target.resolve("notes").toFile().list()).sorted().toList();
    }

    /** Returns the page of a note, by the name of its directory. */
    private String pageOf(String directory) throws IOException {
        return Files.readString(target.resolve("notes").resolve(directory).resolve("index.html"));
    }

    private List<Path> pages() {
        return FileUtils.listFiles(target.toFile(), new String[] {"html"}, true).stream()
                .map(File::toPath)
                .toList();
    }
}
