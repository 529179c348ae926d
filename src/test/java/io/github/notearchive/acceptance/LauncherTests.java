package io.github.notearchive.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.acceptance.Program.Ended;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** The launch script. */
@DisabledOnOs(OS.WINDOWS)
class LauncherTests {

    private static final Path LAUNCHER = Path.of("bin", "note-archive").toAbsolutePath();

    @TempDir
    Path elsewhere;

    @Test
    void worksFromAnyDirectoryAndThroughALinkWithoutAnotherBuild() throws Exception {
        Path link = Files.createSymbolicLink(elsewhere.resolve("na"), LAUNCHER);
        FileTime built = Files.getLastModifiedTime(Program.JAR);

        Ended help = launch(LAUNCHER, "--help").with(0);
        Ended version = launch(link, "--version").with(0);
        Files.delete(link);

        assertThat(help.out()).contains("Usage: note-archive", "run", "enqueue", "sandbox");
        assertThat(version.out()).startsWith("note-archive ").doesNotContain("not packaged");
        assertThat(help.err() + version.err()).isEmpty();
        assertThat(Files.getLastModifiedTime(Program.JAR)).isEqualTo(built);
    }

    @Test
    void chineseArgumentsArriveWhereTheLocaleIsNotInstalled() {
        Ended ended = Program.execute(
                        elsewhere,
                        Map.of("JAVA_HOME", System.getProperty("java.home"), "LC_ALL", "xx_XX.UTF-8"),
                        List.of(LAUNCHER.toString(), "explain", "露营"))
                .end()
                .with(2);

        assertThat(ended.message()).contains("\"露营\" is not a note id");
    }

    @Test
    void mismatchedClassCacheIsIgnoredWithoutAMessage() throws Exception {
        Path home = Files.createDirectories(elsewhere.resolve("installed"));
        Path launcher = Files.createDirectories(home.resolve("bin")).resolve("note-archive");
        Files.copy(LAUNCHER, launcher);
        Files.createSymbolicLink(home.resolve("note-archive.jar"), Program.JAR);
        Path cache = home.resolve("note-archive.aot");

        Files.writeString(cache, "no classes");
        Ended garbage = launch(launcher, "--version").with(0);
        Files.copy(Program.Unpacked.CACHE, cache, StandardCopyOption.REPLACE_EXISTING);
        Ended ofAnotherJar = launch(launcher, "--version").with(0);

        for (Ended ended : List.of(garbage, ofAnotherJar)) {
            assertThat(ended.out()).startsWith("note-archive ").hasLineCount(1);
            assertThat(ended.err()).isEmpty();
        }
    }

    private Ended launch(Path launcher, String argument) {
        Map<String, String> environment = Map.of("JAVA_HOME", System.getProperty("java.home"));
        return Program.execute(elsewhere, environment, List.of(launcher.toString(), argument))
                .end();
    }
}
