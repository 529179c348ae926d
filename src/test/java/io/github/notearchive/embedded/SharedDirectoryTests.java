package io.github.notearchive.embedded;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.github.notearchive.io.ScriptedServer;
import java.io.IOException;
import java.net.ConnectException;
import java.net.Socket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.api.parallel.ResourceLock;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The process of a directory and its users. */
@ResourceLock("own servers")
@Execution(ExecutionMode.CONCURRENT) // the class, not its methods
class SharedDirectoryTests {

    @TempDir
    Path home;

    /** Waits until the servers have stopped, also those of a killed user. */
    @AfterEach
    void end() {
        DataDirectory.open(home).close();
        assertThat(home.resolve("servers.properties")).doesNotExist();
        assertThat(home.resolve("users")).isEmptyDirectory();
    }

    @Test
    void serverIsStartedWhenItIsNeededAndNoOtherAndHasStoppedWhenTheLastUserHasLeft() throws Exception {
        URI endpoint;
        try (DataDirectory directory = DataDirectory.share(home)) {
            assertThat(home).isEmptyDirectory();

            endpoint = new EmbeddedStore(directory, false).endpoint();

            assertThat(process()).isNotEqualTo(ProcessHandle.current().pid());
            assertThat(home.resolve("postgres")).doesNotExist();
            for (String file : List.of("servers.log", "servers.properties", "lock")) {
                assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(home.resolve(file))))
                        .as(file)
                        .isEqualTo("rw-------");
            }
            assertThatThrownBy(() -> DataDirectory.open(home))
                    .isInstanceOf(DataDirectoryException.class)
                    .hasMessageContaining("it is in use by note-archive ")
                    .hasMessageContaining("(pid %d); end that first"
                            .formatted(ProcessHandle.current().pid()));
        }

        assertThat(home.resolve("servers.properties")).doesNotExist();
        assertClosed(endpoint);
        assertThat(home.resolve("servers.log")).isEmptyFile();
    }

    @Tag("long")
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void endOfTheFirstUserTakesNothingFromTheSecond(boolean isKilled) throws Exception {
        try (ChildProcess first = ChildProcess.sharing(home, "store");
                DataDirectory second = DataDirectory.share(home)) {
            String endpoint = first.ready();
            assertThat(new EmbeddedStore(second, false).endpoint()).hasToString(endpoint);
            long process = process();

            if (isKilled) {
                first.kill();
            } else {
                first.close();
            }
            try (ChildProcess third = ChildProcess.sharing(home, "store")) {
                assertThat(third.ready()).isEqualTo(endpoint);
            }

            assertThat(process()).isEqualTo(process);
            assertThat(new EmbeddedStore(second, false).endpoint()).hasToString(endpoint);
        }
    }

    @Tag("long")
    @Test
    void serversOfAKilledUserStop() throws Exception {
        URI endpoint;
        try (ChildProcess only = ChildProcess.sharing(home, "store")) {
            endpoint = URI.create(only.ready());
            only.kill();
        }

        DataDirectory.open(home).close();

        assertClosed(endpoint);
    }

    @Tag("long")
    @Test
    void userThatComesWhileTheLastOneLeavesHasAServer() throws Exception {
        DataDirectory first = DataDirectory.share(home);
        var _ = new EmbeddedStore(first, false);
        var leaving = new FutureTask<Void>(first::close, null);
        Thread.ofVirtual().start(leaving);
        await().pollInterval(Duration.ofMillis(1)).until(() -> !Files.exists(home.resolve("servers.properties")));

        try (DataDirectory second = DataDirectory.share(home)) {
            // the one that still runs, or another one
            int port = new EmbeddedStore(second, false).endpoint().getPort();
            leaving.get(30, TimeUnit.SECONDS);

            new Socket("127.0.0.1", port).close();
        }
    }

    @Tag("long")
    @Test
    void usersThatStartAtOnceHaveOneProcess() throws Exception {
        try (ChildProcess one = ChildProcess.sharing(home, "store");
                ChildProcess other = ChildProcess.sharing(home, "store")) {
            assertThat(one.ready()).isEqualTo(other.ready());
        }
    }

    @Tag("long")
    @Test
    void failureIsReportedToItsUserWhoMayTryAgainBesideOthers() throws Exception {
        Files.writeString(home.resolve("s3.credentials"), "access-key=A\n");
        try (DataDirectory other = DataDirectory.share(home);
                DataDirectory directory = DataDirectory.share(home)) {
            for (DataDirectory each : List.of(other, directory, directory)) {
                assertThatThrownBy(() -> new EmbeddedStore(each, false))
                        .isInstanceOf(DataDirectoryException.class)
                        .hasMessageContaining("s3.credentials does not hold both keys");
            }
            long process = process();
            Files.delete(home.resolve("s3.credentials"));

            assertThat(new EmbeddedStore(directory, false).endpoint()).hasHost("127.0.0.1");

            assertThat(process()).isEqualTo(process);
        }
    }

    @Tag("long")
    @Test
    void factsOfAKilledProcessAreNotTrusted() throws Exception {
        new PrivateFile(home.resolve("s3.credentials"))
                .writeProperties(Map.of("access-key", "KEY", "secret-key", "secret-of-this-test"));
        byte[] list = "<ListAllMyBucketsResult><Owner/><Buckets/></ListAllMyBucketsResult>".getBytes();
        try (ScriptedServer foreign = new ScriptedServer().always(ScriptedServer.reply(200, list));
                DataDirectory directory = DataDirectory.share(home)) {
            for (String facts : List.of("s3.port=" + foreign.port(), "pid=x\n\\u00", "", "s3.port=x\n")) {
                new PrivateFile(home.resolve("servers.properties")).write(facts);

                assertThat(new EmbeddedStore(directory, false).endpoint().getPort())
                        .isNotEqualTo(foreign.port());

                kill(process());
            }
        }
    }

    @Tag("long")
    @Test
    void storeSyncsFromTheFirstUserOnThatWantsIt() throws Exception {
        try (DataDirectory careless = DataDirectory.share(home);
                DataDirectory careful = DataDirectory.share(home)) {
            URI endpoint = new EmbeddedStore(careless, false).endpoint();
            assertThat(careless.facts()).doesNotContainKey("s3.sync.port");

            assertThat(new EmbeddedStore(careful, true).endpoint()).isEqualTo(endpoint);

            assertThat(careless.facts()).containsEntry("s3.sync.port", String.valueOf(endpoint.getPort()));
        }
    }

    @Tag("long")
    @Test
    void processThatIsKilledIsReplacedByTheNextRequest() throws Exception {
        try (DataDirectory directory = DataDirectory.share(home)) {
            URI endpoint = new EmbeddedStore(directory, false).endpoint();
            long killed = process();
            kill(killed);
            assertClosed(endpoint);

            assertThat(new EmbeddedStore(directory, false).endpoint()).isNotEqualTo(endpoint);

            assertThat(process()).isNotEqualTo(killed);
        }
    }

    @Tag("long")
    @Test
    void processThatEndsAtOnceIsReportedWithItsLog() throws Exception {
        Path obstacle =
                Files.createDirectories(home.resolve("servers.properties").resolve("in-the-way"));
        try (DataDirectory directory = DataDirectory.share(home)) {
            assertThatThrownBy(() -> new EmbeddedStore(directory, false))
                    .isInstanceOf(DataDirectoryException.class)
                    .hasMessageContaining("the process of its servers ends at once; correct what its log names")
                    .hasMessageContaining("used by note-archive ")
                    .hasMessageEndingWith("see " + home.toRealPath().resolve("servers.log"));
        }
        assertThat(home.resolve("servers.log")).content().contains("servers.properties");
        Files.delete(obstacle);
        Files.delete(obstacle.getParent());
    }

    /** The pid of the process of the directory. */
    private long process() throws IOException {
        String pid = new PrivateFile(home.resolve("servers.properties"))
                .readProperties()
                .getProperty("pid");
        assertThat(ProcessHandle.of(Long.parseLong(pid))).isPresent();
        return Long.parseLong(pid);
    }

    private static void kill(long process) {
        ProcessHandle handle = ProcessHandle.of(process).orElseThrow();
        handle.destroyForcibly();
        handle.onExit().join();
    }

    private static void assertClosed(URI endpoint) {
        assertThatThrownBy(() -> new Socket("127.0.0.1", endpoint.getPort()).close())
                .isInstanceOf(ConnectException.class);
    }
}
