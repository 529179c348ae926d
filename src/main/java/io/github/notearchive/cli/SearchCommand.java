package io.github.notearchive.cli;

import io.github.notearchive.archive.catalog.NoteSearch;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.io.DisplayFormat;
import io.github.notearchive.io.TerminalText;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code search}: the notes that hold certain words. */
@Command(
        name = "search",
        mixinStandardHelpOptions = true,
        description =
                "Finds the notes whose title or text holds every word, the newest first. A word may be one character.",
        footer = {
            "",
            "Blanks separate words. ASCII letters match in either case, full-width forms match plain ones.",
            "Exit codes: 0 done, whether or not there are such notes; 2 usage; 8 the database is out of reach."
        })
final class SearchCommand implements Callable<Integer> {

    @Parameters(paramLabel = "TEXT", arity = "1..*", description = "The words.")
    private List<String> texts = List.of();

    @Option(names = "--limit", paramLabel = "N", description = "Shows at most N notes (default: ${DEFAULT-VALUE}).")
    private int limit = 20;

    @Option(names = "--json", description = "Prints the same as one JSON document.")
    private boolean json;

    @Spec
    private CommandSpec spec = CommandSpec.create();

    /** All of it, as it is printed. */
    record Found(String text, int limit, List<FoundNote> notes) {}

    /** One note. */
    record FoundNote(
            String noteId,
            @Nullable Instant publishedAt,
            @Nullable String authorId,
            @Nullable String author,
            @Nullable String title,
            @Nullable String excerpt,
            @Nullable Long likes) {}

    @Override
    public Integer call() {
        String words = words();
        if (limit < 1) {
            throw new ParameterException(spec.commandLine(), "--limit must be at least 1, but is " + limit);
        }
        try (CommandContext context = CommandContext.openExisting()) {
            List<FoundNote> notes = context.get(NoteSearch.class).find(words, limit).stream()
                    .map(hit -> found(hit, words))
                    .toList();
            PrintWriter out = spec.commandLine().getOut();
            if (json) {
                Json.print(new Found(words, limit, notes), out);
            } else {
                print(words, notes, out);
            }
            out.flush();
            return ExitCode.COMPLETED.number();
        }
    }

    /** What was typed, if anything visible was, and if Java has understood it. */
    private String words() {
        String words = String.join(" ", texts);
        if (words.codePoints().allMatch(SearchCommand::isBlank)) {
            throw new ParameterException(spec.commandLine(), "TEXT is \"" + words + "\", which holds no word");
        }
        String encoding = System.getProperty("sun.jnu.encoding", "");
        if (!encoding.equalsIgnoreCase(StandardCharsets.UTF_8.name())
                && words.codePoints().anyMatch(c -> c == '?' || c == 0xFFFD)) {
            throw new ParameterException(
                    spec.commandLine(),
                    "TEXT arrived as \""
                            + words
                            + "\": in this locale Java reads arguments as "
                            + encoding
                            + "; set LC_ALL=C.UTF-8");
        }
        return words;
    }

    private static boolean isBlank(int c) {
        return Character.isWhitespace(c)
                || Character.isSpaceChar(c)
                || Character.isISOControl(c)
                || Excerpt.isInvisible(c);
    }

    private static FoundNote found(NoteSearch.Hit hit, String words) {
        return new FoundNote(
                hit.id().value(),
                hit.publishedAt(),
                hit.authorId(),
                hit.author(),
                hit.title(),
                hit.text() == null ? null : Excerpt.of(hit.text(), words),
                hit.likes());
    }

    private void print(String words, List<FoundNote> notes, PrintWriter out) {
        if (notes.isEmpty()) {
            out.println("No archived note holds \"" + TerminalText.line(words) + "\"");
            return;
        }
        TextTable table = new TextTable("note", "published (Shanghai)", "author", "likes", "title", "text");
        notes.forEach(note -> table.row(
                note.noteId(),
                DisplayFormat.minute(note.publishedAt()),
                note.author(),
                note.likes(),
                note.title(),
                note.excerpt()));
        out.print(table);
        out.println(
                notes.size() < limit
                        ? notes.size() + (notes.size() == 1 ? " note" : " notes")
                        : "the newest " + limit + "; there may be more: --limit N, or SELECT with search_matches");
    }
}
