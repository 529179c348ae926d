package io.github.notearchive.acceptance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Commands beside each other on embedded servers. {@code browse} needs the database until a file is viewed, a run and
 * {@code servers} need both servers; the short ones need nothing, the database, or both.
 */
@ExtendWith(OutsideServers.Running.class)
@Tag("long")
class CommandPairsTests {

    @ParameterizedTest(name = "{0}, then {1}; the first ends by SIG{2}")
    @CsvSource({
        "browse, run, KILL",
        "run, browse, KILL",
        "browse, servers, INT",
        "servers, browse, INT",
        "servers, run, KILL",
        "browse, browse, KILL"
    })
    void eachHasItsServersAndTheEndOfTheFirstTakesNoneFromTheSecond(String first, String second, String signal)
            throws Exception {
        try (Practice practice = Practice.begin(Place.EMBEDDED)) {
            practice.environment().put("ARCHIVE_BROWSE_PORT", "0");
            practice.enqueue(1);
            practice.call("run").with(0);
            practice.enqueue(10);
            practice.provider().holdResponses();

            Program one = open(practice, first);
            assertThat(practice.site().facts().containsKey("s3.port")).isEqualTo(!first.equals("browse"));
            Program other = open(practice, second);
            callShortOnes(practice);
            Object process = practice.site().facts().get("pid");

            one.signal(signal);
            assertThat(one.endsWithin(Practice.PATIENCE)).isTrue();

            callShortOnes(practice);
            assertThat(practice.site().facts()).containsEntry("pid", process);
            practice.provider().releaseResponses();
            if (second.equals("run")) {
                practice.end(other).with(0);
            } else {
                assertThat(other.isRunning()).isTrue();
                other.signal("INT");
                // its output is not checked for secrets: servers prints them
                assertThat(other.endsWithin(Practice.PATIENCE)).isTrue();
            }
            assertThat(practice.site().facts()).as("the servers have stopped").isEmpty();
        }
    }

    /** Starts a command that stays open, and returns when it has its servers. */
    private static Program open(Practice practice, String command) throws Exception {
        Path link = practice.directory().resolve("data/browse.link");
        Files.deleteIfExists(link);
        Program program = practice.start(command);
        if (command.equals("run")) {
            practice.provider().awaitHeld(1, Practice.PATIENCE);
        } else {
            await().atMost(Practice.PATIENCE)
                    .pollInterval(Duration.ofMillis(50))
                    .until(() -> command.equals("browse") ? Files.exists(link) : program.hasPrinted("store "));
        }
        return program;
    }

    private static void callShortOnes(Practice practice) {
        practice.call("config", "show").with(0);
        practice.call("status").with(0);
        practice.call("verify").with(0);
    }
}
