package io.github.notearchive.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.TypeConversionException;

/** Parsing of the command line, without starting the program. */
@Isolated("sets system properties")
@ExtendWith(RestoredProperties.class)
class CommandLineTests {

    /** Set when a context is opened. */
    private static final String OPENED = "spring.config.location";

    private static final String ID = "66aa00000000000000000001";

    @BeforeEach
    void nothingIsOpened() {
        System.clearProperty(OPENED);
    }

    @AfterEach
    void nothingWasOpened() {
        assertThat(System.getProperty(OPENED)).as("a context was opened").isNull();
    }

    static Stream<String> commands() {
        return NoteArchiveCommand.commandLine().getSubcommands().keySet().stream()
                .filter(command -> !command.equals("help"));
    }

    @ParameterizedTest
    @MethodSource("commands")
    void everyOptionAndParameterHasADescription(String name) {
        CommandSpec command =
                NoteArchiveCommand.commandLine().getSubcommands().get(name).getCommandSpec();

        assertThat(command.usageMessage().description()).isNotEmpty();
        assertThat(command.args())
                .allSatisfy(each ->
                        assertThat(each.description()).as(each.toString()).isNotEmpty());
    }

    static Stream<String> ownCommands() {
        return commands().filter(command -> !command.equals("completion"));
    }

    @ParameterizedTest
    @MethodSource("ownCommands")
    void everyCommandTakesADataDirectory(String name) {
        CommandLine command = NoteArchiveCommand.commandLine().getSubcommands().get(name);
        CommandLine last = command.getSubcommands().getOrDefault("show", command); // config has one

        assertThat(last.getCommandSpec().findOption("--data-dir")).isNotNull();
    }

    @ParameterizedTest
    @MethodSource("ownCommands")
    void everyCommandRejectsUnknownOptions(String command) {
        assertThat(usageError(command, "--no-such-option"))
                .startsWith("note-archive: ")
                .contains("Try: note-archive " + command + " --help")
                .doesNotContain("exit-code 2");
    }

    @Test
    void versionIsPrinted() {
        assertThat(ExecutedCommand.of("--version").out()).startsWith("note-archive ");
    }

    @Test
    void missingCommandIsReported() {
        assertThat(usageError()).contains("Missing required subcommand");
    }

    @Test
    void misspelledNamesHaveASuggestionAndValuesAreNoOptions() {
        assertThat(usageError("serach", "x")).contains("Did you mean", "search");
        assertThat(usageError("list", "--limt", "-3", "x"))
                .contains("Unknown option: --limt")
                .contains("--limit");
        assertThat(usageError("check", "--limt", "3"))
                .contains("Unknown option: --limt")
                .doesNotContain("3'");
    }

    /** Invalid arguments of commands, separated by semicolons. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            runn    | ;
            run     | --limit 0; --limit -1; --max-duration 0s; --max-duration soon; --max-duration -5m
            run     | --summary-json /no/such/directory/summary.json; --summary-json /
            report  | --night yesterday; --night 2026-02-30; surplus
            status  | --fail-on WORSE; surplus; --bill 2026; --bill 2026-13; --bill 2026-11 --verbose
            notify  | ; surplus
            enqueue | ; /no/such/file; /tmp; --priority 10 ID; --priority x ID; --rejects /no/such/directory/x ID
            enqueue | --rejects /tmp ID; --refresh-after 36h ID; --refresh-after 0d ID; --refresh-after soon ID
            enqueue | --refresh-after 2027-02-30 ID
            explain | ; nonsense
            requeue | ; nonsense; --state NONSENSE; --filter size:3; ID --filter state:failed
            waive   | ID; ID IMAGE x --reason x; nonsense IMAGE 0 --reason x
            waive   | --filter state:failed --reason x; --filter media-reason:lost --reason x; --filter media-reason:gone
            waive   | ID --filter media-reason:gone --reason x; ID IMAGE 0 --reason x --yes; ID IMAGE --reason x; --reason x
            search  | --limit 0 word; --limit x word; \u200b
            list    | --limit 0; --limit 2147483647; size:3; author:; (a; -旧
            forget  | ; nonsense; --yes; ID --author 5f0000000000000000000001; ID --yes --dry-run
            verify  | surplus; --max-duration 0s; --max-duration 90; --self-test --repair
            verify  | --self-test --delete-orphans; --self-test --max-duration 1h
            rebuild | --max-duration 90
            remap   | --max-duration 90
            sandbox | --latency 150
            export  | out; --format csv; --format xml out; --format 4cat --media copy out
            export  | --format folder --media link out; --format csv --media all out; --format jsonl --excel out
            export  | --format csv --authors some out; --format csv --author-key pom.xml out
            export  | --format csv --authors hash --author-key /no/such/file out
            export  | --format csv --media presigned --presign-for 8d out; --format csv --published-from yesterday out
            export  | --format csv --published-from 2026-03-02 --published-to 2026-03-01 out
            export  | --format folder --compress gzip out; --format csv --compress lz4 out; --format csv --answers out
            export  | --format bagit --authors hash --answers out; --format csv --bag-info pom.xml out
            export  | --format csv --media-kind IMAGE out; --format csv --media copy --media-kind PHOTO out
            export  | --format csv --media copy --max-size big out; --format csv --media copy --max-size -1MB out
            export  | --format markdown --descriptor pom.xml out; --format markdown --partition-by month out
            export  | --format markdown --media link out; --format csv --descriptor /no/such/file out
            export  | --format csv --filter size:3 out; --format csv --filter likes:many out
            export  | --format csv --since /no/such/file out; --format csv --authors hash --since pom.xml out; --format csv --state NONSENSE out; --format csv --ids /no/such/file out; --format csv --ids /tmp out
            """)
    void usageErrorIsReportedBeforeTheStart(String command, String invalid) {
        for (String arguments : invalid.replace("ID", ID).split("; ?", -1)) {
            assertThat(usageError((command + " " + arguments).strip().split(" ")))
                    .as(arguments)
                    .startsWith("note-archive: ")
                    .contains("--help");
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            run --limt 3 | Unknown option: --limt
            run --limit x | Invalid value for option '--limit': 'x' is not a long
            search | Missing required parameter: 'FILTER'
            status --fail-on HEALTHY | --fail-on must be ATTENTION or BROKEN, but is HEALTHY
            sandbox --fail-301 2 | --fail-301 must be from 0 to 1, but is 2.0
            report --night soon | Invalid value for option '--night': "soon" is not a day; write it like 2026-11-25
            run --max-duration 90 | Invalid value for option '--max-duration': "90" has no unit; write it like 90m, 6h or PT1H30M
            explain 66aa000000000000000000010 | "66aa000000000000000000010" is not a note id, which has 24 hexadecimal digits
            """)
    void usageErrorNamesTheArgumentAndTheProblem(String line, String message) {
        assertThat(usageError(line.split(" ")).lines().findFirst()).contains("note-archive: " + message);
    }

    @Test
    void sandboxChecksItsOptionsBeforeItEmptiesItsDirectory(@TempDir Path data) throws IOException {
        Files.writeString(data.resolve("note-archive-sandbox"), "");
        Files.createDirectory(data.resolve("postgres"));

        for (String option :
                "--fail-301 2;--dead-media -1;--quota 0;--notes 0;--calls-per-second 0;--latency 0s".split(";")) {
            assertThat(usageError(("sandbox " + option + " --data-dir " + data).split(" ")))
                    .as(option)
                    .isNotEmpty();
        }

        assertThat(data.resolve("postgres")).exists();
    }

    /** A date starts in Shanghai. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            duration | 1m; PT1M; 60s                 | PT1M
            duration | 90s                           | PT1M30S
            duration | 90m; PT1H30M                  | PT1H30M
            duration | 6h                            | PT6H
            duration | 2d                            | PT48H
            duration | pt5m                          | PT5M
            duration | 500ms                         | PT0.5S
            time     | 2026-03-01                    | 2026-02-28T16:00:00Z
            time     | 2026-03-01T00:00:00Z          | 2026-03-01T00:00:00Z
            time     | 2026-03-01T12:30+08:00        | 2026-03-01T04:30:00Z
            refresh  | 7d; 168h; P7D                 | RefreshAfter[days=7, night=null]
            refresh  | P30D                          | RefreshAfter[days=30, night=null]
            refresh  | 2027-01-31                    | RefreshAfter[days=null, night=2027-01-31]
            """)
    void argumentIsParsed(String kind, String texts, String expected) {
        Function<String, Object> parser = Map.<String, Function<String, Object>>of(
                        "duration", Arguments::positive, "time", Arguments::time, "refresh", Arguments::refreshAfter)
                .get(kind);

        assertThat(Stream.of(texts.split("; ")).map(parser))
                .allSatisfy(parsed -> assertThat(parsed).hasToString(expected));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " ", "soon", "5x", "1.5h", "90", "+90", "0s", "-5m", "PT0S", "99999999999999999d"})
    void invalidDurationIsRejected(String text) {
        assertThatThrownBy(() -> Arguments.positive(text))
                .isInstanceOf(TypeConversionException.class)
                .hasMessageContaining("\"" + text + "\"");
    }

    private static String usageError(String... arguments) {
        ExecutedCommand command = ExecutedCommand.of(arguments);
        assertThat(command.exitCode()).as(String.join(" ", arguments)).isEqualTo(2);
        return command.err();
    }
}
