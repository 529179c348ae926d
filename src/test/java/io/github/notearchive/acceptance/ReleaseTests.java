package io.github.notearchive.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.acceptance.Program.Ended;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The release archive, unpacked as the deployment page says. */
class ReleaseTests {

    @TempDir
    static Path home;

    @BeforeAll
    static void unpack() throws Exception {
        try (Stream<Path> files = Files.list(Path.of("target"))) {
            Path archive = files.filter(file -> file.toString().endsWith(".tar.gz"))
                    .findFirst()
                    .orElseThrow();
            execute("tar", "-xzf", archive.toAbsolutePath().toString(), "--strip-components=1");
        }
    }

    @Test
    void programStartsFromItsLibrariesWithTheSettingsBesideIt() throws Exception {
        Path settings = home.resolve("config").resolve("application.yml");
        assertThat(settings).doesNotExist();

        Ended version = execute("bin/note-archive", "--version");
        Files.writeString(settings, "archive.nod: east\n");
        Ended mistyped = Program.execute(home, environment(), List.of("bin/note-archive", "config", "show"))
                .end()
                .with(2);

        assertThat(version.out()).startsWith("note-archive ").hasLineCount(1);
        assertThat(mistyped.out()).contains("archive.nod");
    }

    @Test
    void completionsAreThoseOfTheCommands() {
        Ended ended = execute("bash", "-c", "source completions/note-archive.bash && complete -p note-archive");

        assertThat(ended.out()).contains("note-archive");
        assertThat(home.resolve("completions").resolve("note-archive.bash"))
                .content()
                .contains("--summary-json", "delete-orphans");
    }

    @Test
    void noticesNameEveryLibrary() throws Exception {
        String notices = Files.readString(home.resolve("THIRD-PARTY-NOTICES.txt"));

        assertThat(home.resolve("LICENSE")).isNotEmptyFile();
        try (Stream<Path> libraries = Files.list(home.resolve("lib"))) {
            assertThat(libraries.map(library -> library.getFileName().toString()))
                    .hasSizeGreaterThan(80)
                    .filteredOn(library -> !library.startsWith("spring-boot-jarmode"))
                    .allSatisfy(library -> assertThat(notices).contains(artifactAndVersion(library)));
        }
    }

    /** Names a jar as the notices do: {@code picocli-4.7.7.jar} as {@code :picocli:4.7.7}. */
    private static String artifactAndVersion(String library) {
        return ":" + library.replaceFirst("-(?=[0-9]+\\.[0-9])", ":").replace(".jar", "");
    }

    private static Ended execute(String... command) {
        return Program.execute(home, environment(), List.of(command)).end().with(0);
    }

    private static Map<String, String> environment() {
        return Map.of("JAVA_HOME", System.getProperty("java.home"));
    }
}
