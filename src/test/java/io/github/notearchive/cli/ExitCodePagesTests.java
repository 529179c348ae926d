package io.github.notearchive.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import io.github.notearchive.ArchiveDatabase;
import io.github.notearchive.batch.ExitCode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Each exit code has a page, whose commands and queries are valid, and so are those of the other documents. */
class ExitCodePagesTests {

    private static final Path DOCUMENTS = Path.of("src", "docs");
    private static final Path PAGES = DOCUMENTS.resolve("exit-codes");
    private static final String INDEX = "README";

    /** A call of the launcher in a code block, up to a comment, a pipe or a redirection. */
    private static final Pattern COMMAND_LINE = Pattern.compile("(?m)^(?: {4,}.*)?bin/note-archive ([a-z][^#|<>\\n]*)");

    private static final Pattern ARGUMENT = Pattern.compile("\"[^\"]*\"|\\S+");
    private static final Pattern COMMAND = Pattern.compile("note-archive ([a-z-]+)((?: --[a-z-]+)?)");
    private static final Pattern SQL =
            Pattern.compile("```sql\\n(.*?);?\\n```|`(SELECT [^`]* FROM [^`]*)`", Pattern.DOTALL);

    /** Texts of all documents by their paths. */
    private static final Map<Path, String> TEXTS = new TreeMap<>();

    /** Texts of the pages of exit codes by their names. */
    private static final Map<String, String> PAGE = new TreeMap<>();

    @BeforeAll
    static void read() throws IOException {
        TEXTS.put(Path.of("README.md"), Files.readString(Path.of("README.md")));
        try (Stream<Path> files = Files.walk(DOCUMENTS)) {
            for (Path file :
                    files.filter(file -> file.toString().endsWith(".md")).toList()) {
                TEXTS.put(file, Files.readString(file));
                if (file.startsWith(PAGES)) {
                    PAGE.put(file.getFileName().toString().replace(".md", ""), TEXTS.get(file));
                }
            }
        }
    }

    private static Set<String> codes() {
        return Arrays.stream(ExitCode.values())
                .map(code -> String.valueOf(code.number()))
                .collect(Collectors.toCollection(TreeSet::new));
    }

    @Test
    void eachExitCodeHasAPage() {
        Set<String> expected = codes();
        expected.addAll(List.of("137", "143", INDEX)); // of killed processes in a shell

        assertThat(PAGE.keySet()).containsExactlyElementsOf(expected);
    }

    @Test
    void eachNameOfAnExecutionIsOnThePageOfItsNumber() {
        for (ExitCode code : EnumSet.complementOf(EnumSet.of(ExitCode.ALREADY_RUNNING, ExitCode.FINDINGS))) {
            assertThat(PAGE.get(String.valueOf(code.number()))).contains("`" + code.name() + "`");
            assertThat(PAGE.get(INDEX)).contains("`" + code.name() + "`");
        }
    }

    @Test
    void eachPageHasAllSections() {
        assertThat(PAGE.get(INDEX)).contains("](0.md)", "](137.md)");
        PAGE.forEach((name, page) -> {
            if (!name.equals(INDEX)) {
                assertThat(page)
                        .startsWith("# " + name + ": ")
                        .contains("**What happened.**", "**What it looks like.**", "**What to do.**")
                        .contains("**If you do nothing.**", "**What is billed.**");
            }
        });
    }

    @Test
    void commandsAndOptionsOfPagesExist() {
        var commands = NoteArchiveCommand.commandLine().getSubcommands();

        for (MatchResult match : PAGE.values().stream()
                .flatMap(page -> COMMAND.matcher(page).results())
                .toList()) {
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

    @Test
    void commandLinesOfDocumentsCanBeParsed() {
        TEXTS.forEach((file, text) -> COMMAND_LINE.matcher(text).results().forEach(line -> {
            String[] arguments = ARGUMENT.matcher(line.group(1))
                    .results()
                    .map(argument -> argument.group().replace("\"", ""))
                    .toArray(String[]::new);

            assertThatCode(() -> NoteArchiveCommand.commandLine().parseArgs(arguments))
                    .as(file + ": " + line.group().strip())
                    .doesNotThrowAnyException();
        }));
    }

    @Test
    void queriesOfDocumentsAreValid() {
        ArchiveDatabase database = ArchiveDatabase.emptied();
        List<String> queries = TEXTS.values().stream()
                .flatMap(text -> SQL.matcher(text).results())
                .flatMap(match -> match.group(1) == null
                        ? Stream.of(match.group(2))
                        : Arrays.stream(match.group(1).split(";\\s*\\n")))
                .distinct()
                .toList();

        assertThat(queries)
                .isNotEmpty()
                .allSatisfy(
                        query -> assertThat(database.texts("EXPLAIN " + query)).isNotEmpty());
    }

    @Test
    void pageIsPrintedWithoutMarkup() {
        for (String name : PAGE.keySet()) {
            String printed = name.equals(INDEX) ? print("exit-code") : print("exit-code", name);

            assertThat(printed).as(name).doesNotContain("**", "`", "](", "```", "|--");
            assertThat(printed.lines()).as(name).noneMatch(line -> line.startsWith("#"));
        }
        assertThat(print("exit-code", "3"))
                .startsWith("""
                        3: the quota of the day is used up

                        What happened. The provider replied 303,""")
                .contains(
                        "    QUOTA_EXHAUSTED (exit 3): the provider's daily quota (code 303) is used up; no call before 2026-11-27 00:00 Shanghai\n");
        assertThat(print("exit-code"))
                .contains("| code | name in the tables | meaning | action required |")
                .contains("| 2 | –, USAGE | usage or configuration is wrong | yes |");
    }

    private static String print(String... arguments) {
        ExecutedCommand command = ExecutedCommand.of(arguments);
        assertThat(command.exitCode()).isZero();
        return command.out();
    }
}
