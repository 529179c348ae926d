package io.github.notearchive.browse;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.archive.catalog.Expected.Damage;
import io.github.notearchive.archive.catalog.SlotRow;
import io.github.notearchive.archive.catalog.SlotRow.Gap;
import io.github.notearchive.archive.catalog.SlotRow.SlotState;
import io.github.notearchive.archive.query.InvalidFilterException.Problem;
import io.github.notearchive.archive.worklist.NoteState;
import io.github.notearchive.archive.worklist.StateReason;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.note.Billed;
import io.github.notearchive.note.MediaKind;
import io.github.notearchive.note.MediaSlots;
import io.github.notearchive.report.Health.HealthCause;
import io.github.notearchive.report.NoteHistories;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.text.MessageFormat;
import java.util.List;
import java.util.Locale;
import java.util.Properties;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TextsTests {

    private static final String SOURCES = sources();

    /** Constants that pages show. */
    private static final Stream<Class<? extends Enum<?>>> SHOWN = Stream.of(
            NoteState.class,
            StateReason.class,
            MediaKind.class,
            SlotState.class,
            Gap.class,
            Damage.FindingKind.class,
            NoteHistories.EventKind.class,
            Billed.class,
            ExitCode.class);

    private static final List<String> SLOT_REASONS =
            List.of("DEGRADED", SlotRow.NOT_REFRESHED, MediaSlots.NOT_OFFERED_BY_V1, MediaSlots.NOT_OFFERED_BY_V6);

    /** The English texts of constants are in the code. */
    @Test
    void bothLanguagesHaveTheSameKeysAndChineseOnesOfConstants() {
        Set<String> english = new TreeSet<>(texts("").stringPropertyNames());
        Stream.of(StateReason.values()).forEach(reason -> english.add("reason." + reason));
        Stream.of(ExitCode.values()).forEach(exit -> english.addAll(List.of("next." + exit, "why." + exit)));
        Stream.of(HealthCause.values()).forEach(cause -> english.add("cause." + cause));
        Stream.of(Problem.values()).forEach(problem -> english.add("filter." + problem));
        SHOWN.flatMap(type -> Stream.of(type.getEnumConstants())).forEach(constant -> english.add("name." + constant));
        SLOT_REASONS.forEach(reason -> english.add("name." + reason));
        english.addAll(List.of("health.summary", "filter.ADDRESS", "why.CRASHED"));
        Set<String> chinese = new TreeSet<>(texts("_zh").stringPropertyNames());
        // instructions; a remedy that is a command needs none
        chinese.removeIf(key -> key.startsWith("remedy."));

        assertThat(chinese).isEqualTo(english);
    }

    /** A key is used as it is, or by a prefix that the code completes. */
    @Test
    void eachTextIsUsed() {
        assertThat(texts("").stringPropertyNames()).allMatch(TextsTests::isUsed);
    }

    private static boolean isUsed(String key) {
        String prefix = key;
        if (SOURCES.contains("\"" + key + "\"")) {
            return true;
        }
        while (prefix.contains(".")) {
            prefix = prefix.substring(0, prefix.lastIndexOf('.'));
            if (SOURCES.contains("\"" + prefix + ".\" +") || SOURCES.contains("name(\"" + prefix + "\"")) {
                return true;
            }
        }
        return false;
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "_zh"})
    void eachTextIsAMessageWithTheArgumentsOfTheOtherLanguage(String language) {
        Properties texts = texts(language);
        Properties english = texts("");

        for (String key : english.stringPropertyNames()) {
            MessageFormat format = new MessageFormat(texts.getProperty(key), Locale.ROOT);
            assertThat(format.getFormatsByArgumentIndex())
                    .as(key)
                    .hasSameSizeAs(
                            new MessageFormat(english.getProperty(key), Locale.ROOT).getFormatsByArgumentIndex());
        }
    }

    @Test
    void chineseTextsAreChinese() {
        Properties texts = texts("_zh");
        Set<String> latin = texts.stringPropertyNames().stream()
                .filter(key -> texts.getProperty(key)
                        .codePoints()
                        .noneMatch(c -> Character.UnicodeScript.of(c) == Character.UnicodeScript.HAN))
                .collect(Collectors.toCollection(TreeSet::new));

        assertThat(latin).as("names of keys, and formats").hasSizeLessThan(12);
    }

    private static Properties texts(String language) {
        Properties texts = new Properties();
        try (InputStream in = Site.class.getResourceAsStream("texts" + language + ".properties")) {
            texts.load(new InputStreamReader(in, StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return texts;
    }

    private static String sources() {
        return Stream.of(
                        "src/main/jte",
                        "src/main/jte-text/report",
                        "src/main/java/io/github/notearchive/browse",
                        "src/main/java/io/github/notearchive/report")
                .flatMap(root -> files(Path.of(root)).stream())
                .map(file -> {
                    try {
                        return Files.readString(file);
                    } catch (IOException e) {
                        throw new UncheckedIOException(e);
                    }
                })
                .collect(Collectors.joining());
    }

    private static List<Path> files(Path root) {
        try (Stream<Path> files = Files.walk(root)) {
            return files.filter(Files::isRegularFile).toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
