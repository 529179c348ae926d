package io.github.notearchive;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Identifiers, texts and comments of the code use standard terms, and log messages are short. */
class VocabularyTests {

    private static final Path MAIN = Path.of("src", "main", "java");
    private static final Path TESTS = Path.of("src", "test", "java");

    /** Words and phrases that are not used; the glossary of CONTRIBUTING.md has the standard terms. */
    static final Pattern BANNED = Pattern.compile(
            "\\b(?:told|tells?|telling|untold|anew|troubles?|whoever|whatever|whichever|nobody|somebody|anybody"
                    + "|heeds?|heeded|whence|thereof|maybe|for ever|go on|goes on|went on|going on|puts? off"
                    + "|handed back|hands? back|given back|gives? back|takes? back|taken back|given up|gives? up|gave up|taken up|takes? up|taken over|takes over"
                    + "|brought in|bring in|in hand|in work|is away|are away|out of reach|left behind|left over"
                    + "|dead address(?:es)?|what became|what becomes|of old|is said to|lies in|lies at|stands in)\\b",
            Pattern.CASE_INSENSITIVE);

    /** Maximum length of the format of a log message. */
    private static final int LONGEST_MESSAGE = 120;

    private static final Pattern CAMEL_CASE = Pattern.compile("(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])");

    private static final Pattern LOG_MESSAGE =
            Pattern.compile("\\blog\\.(?:error|warn|info)\\(\\s*((?:\"(?:[^\"\\\\]|\\\\.)*\"[\\s+]*)+)");

    static List<Path> sources() throws IOException {
        return sources(MAIN);
    }

    static List<Path> allSources() throws IOException {
        return Stream.concat(sources(MAIN).stream(), sources(TESTS).stream())
                .filter(file -> !file.endsWith("VocabularyTests.java"))
                .toList();
    }

    private static List<Path> sources(Path root) throws IOException {
        try (Stream<Path> files = Files.walk(root)) {
            return files.filter(file -> file.toString().endsWith(".java")).toList();
        }
    }

    @ParameterizedTest
    @MethodSource("allSources")
    void codeUsesStandardTerms(Path source) throws IOException {
        String text =
                CAMEL_CASE.matcher(Files.readString(source)).replaceAll(" ").replaceAll("\\s*\\n[\\s*/]*", " ");

        assertThat(BANNED.matcher(text).results().map(MatchResult::group)).isEmpty();
    }

    @ParameterizedTest
    @MethodSource("sources")
    void logMessagesAreShort(Path source) throws IOException {
        assertThat(LOG_MESSAGE.matcher(Files.readString(source)).results())
                .map(message -> message.group(1).replaceAll("\"[\\s+]*\"", "").strip())
                .allSatisfy(format -> assertThat(format).hasSizeLessThanOrEqualTo(LONGEST_MESSAGE + 2));
    }
}
