package io.github.notearchive.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.acceptance.Program.Ended;
import io.github.notearchive.sandbox.SandboxNoteKind;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Data sets of what a night archived, by the packaged program. */
@ExtendWith(OutsideServers.Running.class)
class ExportCommandTests {

    @Test
    void aNightIsExportedAndAnExportThatIsKilledOrStoppedIsNone() throws Exception {
        try (Scene scene = new Scene(Place.OUTSIDE)) {
            Practice practice = scene.practice();
            List<String> ids = new ArrayList<>(scene.provider().noteIds(SandboxNoteKind.IMAGES, 3));
            ids.addAll(scene.provider().noteIds(SandboxNoteKind.LIVE_PHOTOS, 2));
            Path list = practice.file("ids.txt", String.join("\n", ids));
            practice.call("enqueue", list.toString()).with(0);
            practice.call("run").with(0);
            Path home = practice.directory();

            // no class of Hadoop is in the jar, so this shows that none is needed
            Path parquet = home.resolve("parquet");
            Ended exported = practice.call("export", "--format", "parquet", parquet.toString())
                    .with(0);
            assertThat(exported.out()).containsPattern("notes +5").containsPattern("captures +5");
            try (Archive archive = practice.look()) {
                for (String table : List.of("note", "note_capture", "note_topic", "note_media")) {
                    assertThat(rows(parquet, table))
                            .as(table)
                            .isEqualTo(archive.number("SELECT count(*) FROM " + table));
                }
            }

            Path folder = home.resolve("folder");
            killAndStop(scene, folder);

            Ended whole = practice.call("export", "--format", "folder", folder.toString())
                    .with(0);
            assertThat(whole.out()).contains(" copied and compared, 0 missing");
            assertThat(whole.err()).contains("belongs to an unfinished export");
            assertThat(folder.resolve("index.html")).isRegularFile();
            assertThat(folder.resolve("notes").toFile().list()).hasSize(5);
            Ended refused = practice.call("export", "--format", "csv", folder.toString())
                    .with(2);
            assertThat(refused.message()).contains("is not empty; nothing was exported");
            assertThat(refused.err()).doesNotContain("Exporting to");
            assertThat(whole.err()).contains("Exporting to " + folder, ", all notes");

            Path more = practice.file("more.txt", ids.getFirst() + "\n" + "f".repeat(24));
            Ended some = practice.call(
                            "export",
                            "--format",
                            "jsonl",
                            "--authors",
                            "omit",
                            "--ids",
                            more.toString(),
                            home.resolve("some").toString())
                    .with(6);
            assertThat(some.err())
                    .as("what is left of another export")
                    .contains("rm -r '" + partial(folder).getFirst() + "'");
            assertThat(some.out()).contains("ids: 2 named, 1 of them never captured: " + "f".repeat(24));
        }
    }

    /** Both in the middle of the first file, which a proxy holds. */
    private static void killAndStop(Scene scene, Path target) throws Exception {
        Practice practice = scene.practice();
        scene.wayToStore().holdAnswers(line -> line.contains("/media/"));
        Program killed = practice.start("export", "--format", "folder", target.toString());
        scene.wayToStore().awaitHeld(1, Scene.PATIENCE);
        killed.killRunning();
        scene.settle();
        assertThat(target).doesNotExist();
        assertThat(partial(target)).hasSize(1);

        scene.wayToStore().holdAnswers(line -> line.contains("/media/"));
        Program stopped = practice.start("export", "--format", "folder", target.toString());
        scene.wayToStore().awaitHeld(1, Scene.PATIENCE);
        stopped.terminate();
        stopped.awaitLog("SIGTERM: the export stops");
        scene.wayToStore().release();
        assertThat(practice.end(stopped).with(7).message()).contains("its files were deleted");
        assertThat(target).doesNotExist();
        assertThat(partial(target)).hasSize(1);
    }

    private static List<Path> partial(Path target) {
        try (Stream<Path> siblings = Files.list(target.getParent())) {
            return siblings.filter(path -> path.getFileName().toString().contains(".partial-"))
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** How many rows DuckDB finds in the file of a table. */
    private static long rows(Path directory, String table) {
        String file = switch (table) {
            case "note" -> "notes";
            case "note_capture" -> "captures";
            case "note_topic" -> "topics";
            default -> "media";
        };
        return Archive.countInFile("'" + directory.resolve(file + ".parquet") + "'");
    }
}
