package io.github.notearchive.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.acceptance.Program.Ended;
import io.github.notearchive.note.Night;
import io.github.notearchive.report.PageChecks;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The first thing that anybody runs: the jar as it is, no token, no network, no server. */
class SandboxCommandTests {

    @TempDir
    Path directory;

    @Test
    void practisesANightThatAQuotaEndsAndItsRestartAndDoesSoAgain() throws Exception {
        Path data = directory.resolve("practice");

        Ended first = sandbox(data).with(0);
        Ended second = sandbox(data).with(0);

        for (Ended ended : new Ended[] {first, second}) {
            assertThat(ended.out())
                    .containsPattern("(?m)^ *1 +1 +STOPPED +QUOTA_EXHAUSTED ")
                    .containsPattern("(?m)^ *2 +1 +COMPLETED +COMPLETED *")
                    .contains("the gate is closed, nothing is asked")
                    .containsPattern("ARCHIVED +\\d+")
                    .doesNotContain("POSTPONED", "FAILED");
            assertThat(ended.err()).doesNotContain("ERROR", "\tat ");
        }
        try (Stream<Path> reports = Files.list(data.resolve("reports"))) {
            List<Path> pages = reports.sorted().toList();
            assertThat(pages).hasSize(2);
            assertThat(pages.getFirst()).content().contains("Exit 3, QUOTA_EXHAUSTED");
            assertThat(pages.getLast()).content().contains("Exit 0, COMPLETED");
            for (Path page : pages) {
                PageChecks.assertSound(Files.readString(page));
            }
        }
    }

    @Test
    void itsNextStepsLeadToWhatItMadeAndNobodyElseMayLook() throws Exception {
        Path data = directory.resolve("practice");

        Ended sandbox = sandbox(data).with(0);

        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(data)))
                .isEqualTo("rwx------");
        List<String> steps = sandbox.out()
                .lines()
                .dropWhile(line -> !line.equals("Look further:"))
                .skip(1)
                .toList();
        assertThat(steps).hasSize(4);
        for (String step : steps) {
            Matcher words = Pattern.compile("  ARCHIVE_DATA_DIR='(.+)' ARCHIVE_NODE=(.+) bin/note-archive (.+)")
                    .matcher(step);
            assertThat(words.matches()).as(step).isTrue();
            Map<String, String> environment =
                    Map.of("ARCHIVE_DATA_DIR", words.group(1), "ARCHIVE_NODE", words.group(2));
            if (words.group(3).startsWith("servers ")) {
                continue; // it stays until it is told to end
            }
            Ended ended = Program.startPackaged(
                            directory, environment, words.group(3).split(" "))
                    .end();
            assertThat(ended.with(0).out()).containsAnyOf(data.toString(), "from \"sandbox\"");
            if (words.group(3).equals("status")) {
                assertThat(ended.out()).contains("HEALTHY: ").doesNotContain("a clock ahead");
            }
        }
        assertThat(sandbox.out())
                .as("the last night of the practice is today")
                .contains("report --night " + Night.current(Clock.systemUTC()));
        Ended other = Program.startPackaged(directory, Map.of("ARCHIVE_DATA_DIR", data.toString()), "report")
                .end();
        assertThat(other.with(6).message())
                .contains(
                        "no run of node main has ended yet; there are runs of sandbox: note-archive report --node sandbox");
    }

    @Test
    void emptiesNoDirectoryThatIsNotItsOwn() throws Exception {
        Path foreign = Files.createDirectory(directory.resolve("foreign"));
        Files.writeString(foreign.resolve("thesis.txt"), "years of work");

        Ended ended = sandbox(foreign).with(2);

        assertThat(ended.message()).contains(foreign.toString(), "is not empty", "name another --data-dir");
        assertThat(foreign.resolve("thesis.txt")).hasContent("years of work");
        assertThat(foreign.toFile().list()).containsExactly("thesis.txt");
    }

    private Ended sandbox(Path data) {
        return Program.startPackaged(directory, Map.of(), "sandbox", "--data-dir", data.toString())
                .end();
    }
}
