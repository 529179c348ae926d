package io.github.notearchive.acceptance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.notearchive.acceptance.Program.Ended;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.SocketTimeoutException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.util.FileSystemUtils;

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

    /** Settings of every kind name a server that would see each request. */
    @Test
    @Tag("long")
    void preparationUsesNoSetting() throws Exception {
        Path home = Files.createDirectories(elsewhere.resolve("installed"));
        FileSystemUtils.copyRecursively(Path.of("bin"), home.resolve("bin"));
        Path jar = Files.createDirectories(home.resolve("lib")).resolve("note-archive.jar");
        Files.copy(Program.JAR, jar);
        Path prepare = home.resolve("bin").resolve("note-archive-prepare");
        try (ServerSocket trap = new ServerSocket(0, 9, InetAddress.getLoopbackAddress())) {
            String host = "127.0.0.1:" + trap.getLocalPort();
            String database = "jdbc:postgresql://" + host + "/archive";
            String settings = "spring.datasource.url: " + database + "\n";
            Files.writeString(Files.createDirectories(home.resolve("config")).resolve("application.yml"), settings);
            Files.writeString(elsewhere.resolve("application.yml"), settings);
            Map<String, String> hostile = Map.of(
                    "JAVA_HOME",
                    System.getProperty("java.home"),
                    "JUSTONEAPI_BASE_URL",
                    "http://" + host,
                    "JUSTONEAPI_TOKEN",
                    "a-token-that-is-billed",
                    "ARCHIVE_DATABASE_URL",
                    database,
                    "ARCHIVE_S3_ENDPOINT",
                    "http://" + host,
                    "ARCHIVE_DATA_DIR",
                    elsewhere.resolve("data").toString(),
                    "ARCHIVE_NOTIFY_EVENTS",
                    "start,success,attention,failure",
                    "ARCHIVE_NOTIFY_WEBHOOK_URL",
                    "http://" + host,
                    "SPRING_APPLICATION_JSON",
                    "{\"spring.datasource.url\": \"" + database + "\"}",
                    "JAVA_OPTS",
                    "-Dspring.datasource.url=" + database);

            Ended ended = Program.execute(elsewhere, hostile, List.of(prepare.toString()))
                    .end()
                    .with(0);

            assertThat(ended.err()).endsWith("made " + home.resolve("lib/note-archive.aot") + "\n");
            trap.setSoTimeout(1);
            assertThatThrownBy(trap::accept).isInstanceOf(SocketTimeoutException.class);
        }
        assertThat(elsewhere.resolve("data")).doesNotExist();
    }

    private Ended launch(Path launcher, String argument) {
        Map<String, String> environment = Map.of("JAVA_HOME", System.getProperty("java.home"));
        return Program.execute(elsewhere, environment, List.of(launcher.toString(), argument))
                .end();
    }
}
