package io.github.notearchive.cli;

import io.github.notearchive.archive.catalog.NoteCatalog;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.io.TerminalText;
import java.time.Instant;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code search}: finds archived notes by words. */
@Command(name = "search")
final class SearchCommand extends JsonCommand {

    private static final int LENGTH = 41;

    /** Any character that the search does not ignore. */
    private static final Pattern VISIBLE = Pattern.compile("[^\\s\\p{Z}\\p{C}\\ufe0e\\ufe0f]");

    @Parameters(paramLabel = "TEXT", arity = "1..*")
    private List<String> texts = List.of();

    @Option(names = "--limit", paramLabel = "N")
    private int limit = 20;

    record Found(String text, int limit, List<FoundNote> notes) {

        /** Returns the words for display, of which a note has to contain each. */
        String words() {
            return String.join(" and ", text.strip().split("\\s+"));
        }
    }

    record FoundNote(
            String noteId,
            @Nullable Instant publishedAt,
            @Nullable String authorId,
            @Nullable String author,
            @Nullable String title,
            @Nullable String excerpt,
            @Nullable Long likes) {

        private static FoundNote of(NoteCatalog.Hit hit) {
            return new FoundNote(
                    hit.id().value(),
                    hit.publishedAt(),
                    hit.authorId(),
                    hit.author(),
                    hit.title(),
                    hit.text() == null ? null : TextTable.shortened(TerminalText.line(hit.text()), LENGTH),
                    hit.likes());
        }
    }

    @Override
    public Integer call() throws Exception {
        String words = String.join(" ", texts);
        refuseIf(!VISIBLE.matcher(words).find(), "TEXT is \"" + words + "\", which contains no word");
        refuseIf(limit < 1, "--limit must be at least 1, but is " + limit);
        return read(NoteCatalog.class, catalog -> {
            List<FoundNote> notes =
                    catalog.search(words, limit).stream().map(FoundNote::of).toList();
            Found found = new Found(words, limit, notes);
            print(found, "search");
            return ExitCode.COMPLETED;
        });
    }
}
