package io.github.notearchive.cli;

import io.github.notearchive.archive.catalog.NoteSearch;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.io.TerminalText;
import java.nio.charset.StandardCharsets;
import java.text.Normalizer;
import java.time.Instant;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code search}: finds archived notes by words. */
@Command(name = "search")
final class SearchCommand extends ArchiveCommand {

    /** Number of characters of an excerpt, and of those before the first match. */
    private static final int LENGTH = 40;

    private static final int BEFORE = 10;

    @Parameters(paramLabel = "TEXT", arity = "1..*")
    private List<String> texts = List.of();

    @Option(names = "--limit", paramLabel = "N")
    private int limit = 20;

    @Mixin
    private JsonOption json = new JsonOption();

    /** Result, as printed. */
    record Found(String text, int limit, List<FoundNote> notes) {

        /** Returns the words for display, of which a note has to contain each. */
        String words() {
            return String.join(" and ", text.strip().split("\\s+"));
        }
    }

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
            json.print(found, out(), () -> ConsoleText.render("search", found));
            return ExitCode.COMPLETED;
        });
    }

    /** Returns the words as typed. */
    private String words() {
        String words = String.join(" ", texts);
        refuseIf(
                words.codePoints().allMatch(SearchCommand::isBlank),
                "TEXT is \"" + words + "\", which contains no word");
        String encoding = System.getProperty("sun.jnu.encoding", "");
        refuseIf(
                !encoding.equalsIgnoreCase(StandardCharsets.UTF_8.name())
                        && words.codePoints().anyMatch(c -> c == '?' || c == 0xFFFD),
                "TEXT arrived as \"%s\": in this locale Java reads arguments as %s; set LC_ALL=C.UTF-8"
                        .formatted(words, encoding));
        return words;
    }

    private static boolean isBlank(int c) {
        return Character.isWhitespace(c) || Character.isSpaceChar(c) || Character.isISOControl(c) || isInvisible(c);
    }

    /**
     * Returns an excerpt of a text in one line, around the first match or from the beginning. Compares characters as
     * {@code search_text} does in the database, which finds {@code ＯＯＴＤ} by {@code ootd}.
     *
     * @param words words, separated by white space
     */
    static String excerpt(String text, String words) {
        String line = TerminalText.line(text);
        String compared = folded(line);
        int first = Stream.of(folded(TerminalText.line(words)).split(" "))
                .mapToInt(compared::indexOf)
                .filter(at -> at >= 0)
                .min()
                .orElse(0);
        int[] characters = line.codePoints().toArray();
        int from = Math.max(0, compared.codePointCount(0, first) - BEFORE);
        int to = Math.min(characters.length, from + LENGTH);
        return (from == 0 ? "" : "…") + new String(characters, from, to - from) + (to == characters.length ? "" : "…");
    }

    /** Folds each character into one, so that positions stay; one that has a longer form is unchanged. */
    private static String folded(String text) {
        int[] folded = text.codePoints()
                .map(c -> {
                    int[] form = Normalizer.normalize(Character.toString(c), Normalizer.Form.NFKC)
                            .codePoints()
                            .toArray();
                    return Character.toLowerCase(form.length == 1 ? form[0] : c);
                })
                .toArray();
        return new String(folded, 0, folded.length);
    }

    /** Returns whether the search ignores a character. */
    private static boolean isInvisible(int c) {
        return c == 0xAD || (c >= 0x200B && c <= 0x200D) || c == 0x2060 || c == 0xFE0E || c == 0xFE0F || c == 0xFEFF;
    }
}
