package io.github.notearchive;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Identifiers, texts and comments of the main code use standard terms, and log messages are short. */
class VocabularyTests {

    private static final Path MAIN = Path.of("src", "main", "java", "io", "github", "notearchive");

    /** Words and phrases that are not used; the glossary of CONTRIBUTING.md has the standard terms. */
    private static final List<String> BANNED = List.of(
            "told",
            "tell",
            "tells",
            "telling",
            "untold",
            "anew",
            "trouble",
            "troubles",
            "whoever",
            "whatever",
            "whichever",
            "nobody",
            "somebody",
            "anybody",
            "heed",
            "heeded",
            "whence",
            "thereof",
            "maybe",
            "for ever",
            "goes on",
            "went on",
            "going on",
            "put off",
            "puts off",
            "handed back",
            "hand back",
            "hands back",
            "given back",
            "given up",
            "give up",
            "gives up",
            "gave up",
            "taken up",
            "takes up",
            "take up",
            "taken over",
            "takes over",
            "brought in",
            "bring in",
            "in hand",
            "in work",
            "is away",
            "are away",
            "out of reach",
            "left behind",
            "left over",
            "what became",
            "what becomes",
            "of old",
            "is said to",
            "lies in",
            "lies at",
            "stands in");

    /** Uses that remain to be replaced, by module. The numbers may only shrink. */
    private static final Map<String, Integer> REMAINING = Map.of();

    /** Maximum length of the format of a log message. */
    private static final int LONGEST_MESSAGE = 120;

    private static final Pattern WORDS =
            Pattern.compile("\\b(?:" + String.join("|", BANNED) + ")\\b", Pattern.CASE_INSENSITIVE);

    private static final Pattern CAMEL_CASE = Pattern.compile("(?<=[a-z0-9])(?=[A-Z])");

    private static final Pattern LOG_MESSAGE =
            Pattern.compile("\\blog\\.(?:error|warn|info)\\(\\s*((?:\"(?:[^\"\\\\]|\\\\.)*\"[\\s+]*)+)");

    @Test
    void theMainCodeUsesStandardTerms() throws IOException {
        Map<String, Integer> counts = new TreeMap<>();
        StringBuilder places = new StringBuilder();
        for (Path source : sources()) {
            String text =
                    CAMEL_CASE.matcher(Files.readString(source)).replaceAll(" ").replaceAll("\\s*\\n[\\s*/]*", " ");
            List<String> found =
                    WORDS.matcher(text).results().map(MatchResult::group).toList();
            if (!found.isEmpty()) {
                counts.merge(MAIN.relativize(source).getName(0).toString(), found.size(), Integer::sum);
                places.append(MAIN.relativize(source))
                        .append(": ")
                        .append(found)
                        .append('\n');
            }
        }

        assertThat(counts).as("Replace these by standard terms:%n%s", places).isEqualTo(new TreeMap<>(REMAINING));
    }

    @Test
    void logMessagesAreShort() throws IOException {
        for (Path source : sources()) {
            LOG_MESSAGE.matcher(Files.readString(source)).results().forEach(message -> {
                String format = message.group(1).replaceAll("\"[\\s+]*\"", "").strip();
                assertThat(format.length() - 2)
                        .as("length of the log message %s in %s", format, source)
                        .isLessThanOrEqualTo(LONGEST_MESSAGE);
            });
        }
    }

    private static List<Path> sources() throws IOException {
        try (Stream<Path> files = Files.walk(MAIN)) {
            return files.filter(file -> file.toString().endsWith(".java"))
                    .sorted()
                    .toList();
        }
    }
}
