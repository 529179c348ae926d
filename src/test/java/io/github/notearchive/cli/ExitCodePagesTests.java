package io.github.notearchive.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import io.github.notearchive.ArchiveDatabase;
import io.github.notearchive.batch.ExitCode;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.springframework.jdbc.core.simple.JdbcClient;
import picocli.CommandLine;

/** Each exit code has a page, whose commands and queries are valid. */
class ExitCodePagesTests {

    private static final Path PAGES = Path.of("src", "docs", "exit-codes");

    /** Exit codes of killed processes in a shell. */
    private static final Set<String> OF_SIGNALS = Set.of("137", "143");

    private static final Path DOCUMENTS = Path.of("src", "docs");
    private static final String INDEX = "README";

    /** A call of the launcher in a code block, up to a comment, a pipe or a redirection. */
    private static final Pattern COMMAND_LINE = Pattern.compile("(?m)^(?: {4,}.*)?bin/note-archive ([a-z][^#|<>\\n]*)");

    private static final Pattern ARGUMENT = Pattern.compile("\"[^\"]*\"|\\S+");
    private static final Pattern COMMAND = Pattern.compile("note-archive ([a-z-]+)((?: --[a-z-]+)?)");
    private static final Pattern SQL =
            Pattern.compile("```sql\\n(.*?);?\\n```|`(SELECT [^`]* FROM [^`]*)`", Pattern.DOTALL);

    static Stream<Path> pages() throws IOException {
        try (Stream<Path> files = Files.list(PAGES)) {
            return files.sorted().toList().stream();
        }
    }

    static Set<String> codes() {
        return Arrays.stream(ExitCode.values())
                .map(code -> String.valueOf(code.number()))
                .collect(Collectors.toCollection(TreeSet::new));
    }

    @Test
    void eachExitCodeHasAPage() throws IOException {
        Set<String> expected = new TreeSet<>(codes());
        expected.addAll(OF_SIGNALS);
        expected.add(INDEX);

        assertThat(pages().map(page -> page.getFileName().toString().replace(".md", "")))
                .containsExactlyInAnyOrderElementsOf(expected);
    }

    @Test
    void eachNameIsOnThePageOfItsNumber() throws IOException {
        for (ExitCode code : ExitCode.values()) {
            if (hasExecution(code)) {
                assertThat(page(String.valueOf(code.number()))).contains("`" + code.name() + "`");
                assertThat(page(INDEX)).contains("`" + code.name() + "`");
            }
        }
    }

    /** The others are not in the job repository. */
    private static boolean hasExecution(ExitCode code) {
        return code != ExitCode.ALREADY_RUNNING && code != ExitCode.FINDINGS;
    }

    @ParameterizedTest
    @MethodSource("pages")
    void eachPageHasAllSections(Path file) throws IOException {
        String name = file.getFileName().toString().replace(".md", "");
        String page = Files.readString(file);
        if (name.equals(INDEX)) {
            assertThat(page).contains("](0.md)", "](137.md)");
            return;
        }

        assertThat(page)
                .startsWith("# " + name + ": ")
                .contains(
                        "**What happened.**",
                        "**What it looks like.**",
                        "**What to do.**",
                        "**If you do nothing.**",
                        "**What is billed.**");
        assertThat(page.lines().count()).isLessThan(80);
    }

    @ParameterizedTest
    @MethodSource("pages")
    void commandsAndOptionsOfPagesExist(Path file) throws IOException {
        var commands = NoteArchiveCommand.commandLine().getSubcommands();

        for (MatchResult match :
                COMMAND.matcher(Files.readString(file)).results().toList()) {
            String command = match.group(1);
            if (command.equals("exit") || command.equals("main")) {
                continue;
            }
            assertThat(commands).as(match.group()).containsKey(command);
            String option = match.group(2).strip();
            if (!option.isEmpty()) {
                assertThat(commands.get(command).getCommandSpec().optionsMap())
                        .as(match.group())
                        .containsKey(option);
            }
        }
    }

    static Stream<Path> documents() throws IOException {
        try (Stream<Path> files = Files.walk(DOCUMENTS)) {
            return Stream.concat(
                    Stream.of(Path.of("README.md")),
                    files.filter(file -> file.toString().endsWith(".md")))
                    .sorted()
                    .toList()
                    .stream();
        }
    }

    @ParameterizedTest
    @MethodSource("documents")
    void commandLinesOfDocumentsCanBeParsed(Path file) throws IOException {
        for (MatchResult line :
                COMMAND_LINE.matcher(Files.readString(file)).results().toList()) {
            String[] arguments = ARGUMENT.matcher(line.group(1))
                    .results()
                    .map(argument -> argument.group().replace("\"", ""))
                    .toArray(String[]::new);

            assertThatCode(() -> NoteArchiveCommand.commandLine().parseArgs(arguments))
                    .as(line.group().strip())
                    .doesNotThrowAnyException();
        }
    }

    @Test
    void queriesOfDocumentsAreValid() throws IOException {
        JdbcClient jdbc = ArchiveDatabase.emptied().jdbc();
        List<String> queries = documents()
                .flatMap(file -> queriesIn(read(file)).stream())
                .distinct()
                .toList();

        assertThat(queries).isNotEmpty();
        for (String query : queries) {
            assertThat(jdbc.sql("EXPLAIN " + query).query().listOfRows())
                    .as(query)
                    .isNotEmpty();
        }
    }

    @Test
    void pageIsPrintedWithoutMarkup() throws IOException {
        for (Path file : pages().toList()) {
            String name = file.getFileName().toString().replace(".md", "");
            String printed = name.equals(INDEX) ? print("exit-code") : print("exit-code", name);
            if (codes().contains(name)) {
                assertThat(NoteArchiveCommand.pointer(Integer.parseInt(name))).endsWith(" exit-code " + name);
            }

            assertThat(printed).as(name).doesNotContain("**", "`", "](", "```", "|--");
            assertThat(printed.lines()).as(name).noneMatch(line -> line.startsWith("#"));
            assertThat(paragraphs(printed)).as(name).allMatch(line -> line.length() <= 80);
        }
        assertThat(print("exit-code", "3"))
                .startsWith("""
                        3: the quota of the day is used up

                        What happened. The provider replied 303,""")
                .contains(
                        "    QUOTA_EXHAUSTED (exit 3): the provider's daily quota (code 303) is used up; no call before 2026-11-27 00:00 Shanghai\n");
        assertThat(print("exit-code"))
                .containsPattern("(?m)^  code +name in the tables +meaning +action required$")
                .containsPattern("(?m)^  2 +–, USAGE +usage or configuration is wrong +yes$");
    }

    /** Lines of running text; a message and a row of a table are not broken. */
    private static List<String> paragraphs(String printed) {
        return printed.lines().filter(line -> !line.startsWith("  ")).toList();
    }

    private static String print(String... arguments) {
        CommandLine command = NoteArchiveCommand.commandLine();
        StringWriter out = new StringWriter();
        command.setOut(new PrintWriter(out, true));
        assertThat(command.execute(arguments)).isZero();
        return out.toString();
    }

    private static List<String> queriesIn(String page) {
        return SQL.matcher(page)
                .results()
                .flatMap(match -> match.group(1) == null
                        ? Stream.of(match.group(2))
                        : Arrays.stream(match.group(1).split(";\\s*\\n")))
                .toList();
    }

    private static String page(String name) throws IOException {
        return Files.readString(PAGES.resolve(name + ".md"));
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }
}
