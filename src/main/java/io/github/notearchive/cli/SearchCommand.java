package io.github.notearchive.cli;

import io.github.notearchive.archive.catalog.NoteSearch;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.io.TerminalText;
import java.time.Instant;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.commons.lang3.Strings;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code search}: finds archived notes by words. */
@Command(name = "search")
final class SearchCommand extends JsonCommand {

    private static final int LENGTH = 40;

    private static final int BEFORE = 10;

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

        private static FoundNote of(NoteSearch.Hit hit, String words) {
            return new FoundNote(
                    hit.id().value(),
                    hit.publishedAt(),
                    hit.authorId(),
                    hit.author(),
                    hit.title(),
                    hit.text() == null ? null : SearchCommand.excerpt(hit.text(), words),
                    hit.likes());
        }
    }

    @Override
    public Integer call() throws Exception {
        String words = words();
        refuseIf(limit < 1, "--limit must be at least 1, but is " + limit);
        return read(NoteSearch.class, search -> {
            List<FoundNote> notes = search.find(words, limit).stream()
                    .map(hit -> FoundNote.of(hit, words))
                    .toList();
            Found found = new Found(words, limit, notes);
            print(found, "search");
            return ExitCode.COMPLETED;
        });
    }

    private String words() {
        String words = String.join(" ", texts);
        refuseIf(!VISIBLE.matcher(words).find(), "TEXT is \"" + words + "\", which contains no word");
        return words;
    }

    /**
     * Returns an excerpt of a text in one line, around the first match of a word regardless of case, or from the
     * beginning.
     *
     * @param words words, separated by white space
     */
    static String excerpt(String text, String words) {
        String line = TerminalText.line(text);
        int first = Stream.of(words.strip().split("\\s+"))
                .mapToInt(word -> Strings.CI.indexOf(line, word))
                .filter(at -> at >= 0)
                .min()
                .orElse(0);
        int[] characters = line.codePoints().toArray();
        int from = Math.max(0, line.codePointCount(0, first) - BEFORE);
        int to = Math.min(characters.length, from + LENGTH);
        return (from == 0 ? "" : "…") + new String(characters, from, to - from) + (to == characters.length ? "" : "…");
    }
}
