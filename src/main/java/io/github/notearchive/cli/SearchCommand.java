package io.github.notearchive.cli;

import io.github.notearchive.archive.catalog.NoteSearch;
import io.github.notearchive.batch.ExitCode;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code search}: finds archived notes by words. */
@Command(name = "search")
final class SearchCommand extends ArchiveCommand {

    @Parameters(paramLabel = "TEXT", arity = "1..*")
    private List<String> texts = List.of();

    @Option(names = "--limit", paramLabel = "N")
    private int limit = 20;

    @Mixin
    private JsonOption json = new JsonOption();

    /** Result, as printed. */
    record Found(String text, int limit, List<FoundNote> notes) {}

    /** Matching note. */
    record FoundNote(
            String noteId,
            @Nullable Instant publishedAt,
            @Nullable String authorId,
            @Nullable String author,
            @Nullable String title,
            @Nullable String excerpt,
            @Nullable Long likes) {

        private static FoundNote of(NoteSearch.Hit hit, String words) {
            return new FoundNote(
                    hit.id().value(),
                    hit.publishedAt(),
                    hit.authorId(),
                    hit.author(),
                    hit.title(),
                    hit.text() == null ? null : Excerpt.of(hit.text(), words),
                    hit.likes());
        }
    }

    @Override
    public Integer call() throws Exception {
        String words = words();
        if (limit < 1) {
            throw usage("--limit must be at least 1, but is " + limit);
        }
        return execute(NoteSearch.class, search -> {
            List<FoundNote> notes = search.find(words, limit).stream()
                    .map(hit -> FoundNote.of(hit, words))
                    .toList();
            Found found = new Found(words, limit, notes);
            json.print(found, out(), () -> ConsoleText.render("search", found));
            return ExitCode.COMPLETED;
        });
    }

    /** Returns the words as typed. */
    private String words() {
        String words = String.join(" ", texts);
        if (words.codePoints().allMatch(SearchCommand::isBlank)) {
            throw usage("TEXT is \"" + words + "\", which contains no word");
        }
        String encoding = System.getProperty("sun.jnu.encoding", "");
        if (!encoding.equalsIgnoreCase(StandardCharsets.UTF_8.name())
                && words.codePoints().anyMatch(c -> c == '?' || c == 0xFFFD)) {
            throw usage("TEXT arrived as \"%s\": in this locale Java reads arguments as %s; set LC_ALL=C.UTF-8"
                    .formatted(words, encoding));
        }
        return words;
    }

    private static boolean isBlank(int c) {
        return Character.isWhitespace(c)
                || Character.isSpaceChar(c)
                || Character.isISOControl(c)
                || Excerpt.isInvisible(c);
    }
}
