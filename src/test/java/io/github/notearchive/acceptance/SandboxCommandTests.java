package io.github.notearchive.acceptance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.notearchive.acceptance.Program.Ended;
import io.github.notearchive.note.Night;
import io.github.notearchive.report.PageChecks;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The command {@code sandbox} as a new user runs it: the jar as it is, no token, no network, no server.
 *
 * <p>A practice takes seconds, so two of them serve all tests: a short one, and then one with the default options in
 * the same directory.
 */
@Execution(value = ExecutionMode.SAME_THREAD, reason = "its tests share a data directory")
class SandboxCommandTests {

    @TempDir
    static Path directory;

    private static Path data;
    private static Ended shortPractice;
    private static Ended practice;

    @BeforeAll
    static void practise() {
        data = directory.resolve("practice");
        shortPractice = program("sandbox", "--data-dir", data.toString(), "--notes", "6", "--quota", "4", "--verbose");
        String[] packaged = {"sandbox", "--data-dir", data.toString(), "--verbose"};
        practice = Program.execute(directory, Map.of(), Program.command(Program.OPTIONS, Program.JAR, packaged))
                .end();
    }

    @Test
    void executesANightEndedByTheQuotaAndItsRestartInAnySandboxOfADirectory() {
        for (Ended ended : List.of(shortPractice, practice)) {
            assertThat(ended.with(0).out())
                    .containsPattern("(?m)^ *1 +1 +STOPPED +QUOTA_EXHAUSTED ")
                    .containsPattern("(?m)^ *2 +1 +COMPLETED +(COMPLETED|INCOMPLETE) ")
                    .contains("the gate is closed, so no call is made")
                    .containsPattern("ARCHIVED +\\d+")
                    .doesNotContain("POSTPONED");
            assertThat(ended.err())
                    .doesNotContainPattern("(?m)^\\S+ ERROR ")
                    .doesNotContain("\tat ", "clock of this machine");
        }
    }

    /** Each change that a page shows has happened. */
    @Test
    void lastLinesNameWhatFailedVanishedAndWasEditedAndTheCommandToLook() {
        List<String> lines = practice.out().lines().toList();

        assertThat(lines.subList(lines.size() - 12, lines.size()))
                .satisfiesExactly(
                        line -> assertThat(line)
                                .matches("Archived 5\\d notes in 4 nights: \\d+ files, [\\d.]+ MB; "
                                        + "2 failed, 3 vanished, 4 edited, \\d not found"),
                        line -> assertThat(line).startsWith("  failed    "),
                        line -> assertThat(line).startsWith("  failed    "),
                        line -> assertThat(line).startsWith("  vanished  "),
                        line -> assertThat(line).startsWith("  vanished  "),
                        line -> assertThat(line).startsWith("  vanished  "),
                        line -> assertThat(line).startsWith("  edited    "),
                        line -> assertThat(line).startsWith("  edited    "),
                        line -> assertThat(line).startsWith("  edited    "),
                        line -> assertThat(line).startsWith("  edited    "),
                        line -> assertThat(line).startsWith("Why one failed: bin/note-archive explain 6"),
                        line -> assertThat(line)
                                .isEqualTo("Look at them: bin/note-archive browse --data-dir '" + data + "'"));
    }

    @Test
    void servesThePagesAfterwardsUntilASignal() {
        Path browsed = directory.resolve("browsed");
        String[] arguments = {"sandbox", "--data-dir", browsed.toString(), "--notes", "2", "--browse"};
        Program program = Program.start(directory, Map.of("ARCHIVE_BROWSE_PORT", "0"), arguments);

        await().atMost(Duration.ofMinutes(2)).until(() -> Files.exists(browsed.resolve("browse.link")));
        program.terminate();

        assertThat(program.end().with(0).out())
                .containsPattern("(?m)^Look at them: .*\\Rhttp://127\\.0\\.0\\.1:\\d+/enter\\?token=");
    }

    @Test
    void servesNoPagesAfterAnInterruptedNight() {
        String[] arguments = {
            "sandbox", "--data-dir", directory.resolve("cut").toString(), "--latency", "5s", "--browse"
        };
        Program program = Program.start(directory, Map.of("ARCHIVE_BROWSE_PORT", "0"), arguments);

        program.awaitLog("Starting a new run").terminate();

        assertThat(program.end().with(7).out())
                .contains("INTERRUPTED", "Archived 0 notes in 1 night:")
                .doesNotContain("/enter?token=");
    }

    @Test
    void servesTheProviderForCommandsThatUseTheVariablesItPrints() throws Exception {
        Path served = directory.resolve("served");
        Program provider = Program.start(
                directory,
                Map.of(),
                "sandbox",
                "--serve",
                "--data-dir",
                served.toString(),
                "--notes",
                "3",
                "--missing",
                "0");
        await().atMost(Duration.ofMinutes(2)).until(() -> provider.hasPrinted("Then, "));
        String shell = ". " + Files.writeString(directory.resolve("variables"), provider.printed());

        Ended enqueued = Program.startAfter(
                        directory,
                        Map.of(),
                        shell,
                        "enqueue",
                        served.resolve("ids.txt").toString())
                .end();
        Ended night = Program.startAfter(directory, Map.of(), shell, "run").end();
        provider.terminate();

        assertThat(enqueued.with(0).out()).contains("3 new");
        assertThat(night.with(0).out()).contains("COMPLETED (exit 0)").contains("3 archived");
        assertThat(provider.end().with(0).err()).isEmpty();
    }

    @Test
    void writesAReportForEachNight() throws Exception {
        try (Stream<Path> reports = Files.list(data.resolve("reports"))) {
            List<Path> pages = reports.sorted().toList();

            assertThat(pages).hasSize(4);
            assertThat(pages.getFirst()).content().contains("QUOTA_EXHAUSTED (exit 3)");
            assertThat(pages.getLast()).content().contains("COMPLETED (exit 0)");
            for (Path page : pages) {
                PageChecks.assertValid(Files.readString(page));
            }
        }
    }

    /** Each of these opens the archive differently. */
    @ParameterizedTest
    @CsvSource({
        "list state:archived,                       ' notes'",
        "verify,                                    store and tables match",
        "enqueue --offline 000000000000000000000000, 1 new",
        "config show --changed,                     option --data-dir"
    })
    void commandsFindTheArchiveOfADataDirectory(String line, String expected) {
        List<String> arguments = new ArrayList<>(List.of(line.split(" ")));
        arguments.addAll(List.of("--data-dir", data.toString()));
        Map<String, String> elsewhere = Map.of("ARCHIVE_DATABASE_URL", "jdbc:postgresql://127.0.0.1:1/none");

        Ended ended = Program.start(directory, elsewhere, arguments.toArray(String[]::new))
                .end();

        assertThat(ended.with(0).out()).contains(expected);
    }

    @Test
    void printsCommandsThatShowThePractice() {
        List<String> steps = practice.out()
                .lines()
                .dropWhile(line -> !line.equals("Look further:"))
                .skip(1)
                .takeWhile(line -> !line.isEmpty())
                .toList();

        assertThat(steps).hasSize(4);
        for (String step : steps) {
            Matcher words = Pattern.compile("  ARCHIVE_DATA_DIR='(.+)' ARCHIVE_NODE=(.+) bin/note-archive (.+)")
                    .matcher(step);
            assertThat(words.matches()).as(step).isTrue();
            if (words.group(3).startsWith("servers ")) {
                continue; // runs until it is stopped
            }
            Map<String, String> environment =
                    Map.of("ARCHIVE_DATA_DIR", words.group(1), "ARCHIVE_NODE", words.group(2));
            Ended ended = Program.start(directory, environment, words.group(3).split(" "))
                    .end();
            assertThat(ended.with(0).out()).containsAnyOf(data.toString(), "from \"sandbox\"");
            if (words.group(3).equals("status")) {
                assertThat(ended.out()).contains("ATTENTION: 2 problems").doesNotContain("a clock ahead");
            }
        }
        assertThat(practice.out())
                .as("the last night of the practice is today")
                .contains("report --night " + Night.current(Clock.systemUTC()));
    }

    @Test
    void refusesToEmptyAForeignDirectory() throws Exception {
        Path foreign = Files.createDirectory(directory.resolve("foreign"));
        Files.writeString(foreign.resolve("thesis.txt"), "years of work");

        Ended ended = program("sandbox", "--data-dir", foreign.toString()).with(2);

        assertThat(ended.message()).contains(foreign.toString(), "is not empty", "name another --data-dir");
        assertThat(foreign.resolve("thesis.txt")).hasContent("years of work");
        assertThat(foreign.toFile().list()).containsExactly("thesis.txt");
    }

    private static Ended program(String... arguments) {
        return Program.start(directory, Map.of(), arguments).end();
    }
}
