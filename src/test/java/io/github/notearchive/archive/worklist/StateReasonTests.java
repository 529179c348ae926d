package io.github.notearchive.archive.worklist;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.ArchiveDatabase;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Checks that each reason is a column value, has an advice, and is documented on an exit page. */
class StateReasonTests {

    private static final Path PAGE = Path.of("src", "docs", "exit-codes", "6.md");

    @Test
    void columnAcceptsExactlyTheNames() {
        String check = ArchiveDatabase.running().text("""
                        SELECT pg_get_constraintdef(oid) FROM pg_constraint
                        WHERE conrelid = 'worklist'::regclass AND conname = 'worklist_reason_check'
                        """);

        assertThat(Pattern.compile("'(\\w+)'").matcher(check).results().map(value -> value.group(1)))
                .containsExactlyInAnyOrderElementsOf(
                        Arrays.stream(StateReason.values()).map(Enum::name).toList());
    }

    @ParameterizedTest
    @EnumSource
    void exitPageHasAnEntryWithItsAdvice(StateReason reason) throws IOException {
        String entry = "\n* `%s`: %s. Do: %s: %s.\n"
                .formatted(
                        reason,
                        reason.meaning(),
                        reason.command().startsWith("note-archive") ? "`" + reason.command() + "`" : reason.command(),
                        reason.effect());

        assertThat(Files.readString(PAGE)).containsIgnoringWhitespaces(entry);
    }
}
