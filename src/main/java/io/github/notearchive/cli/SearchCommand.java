package io.github.notearchive.cli;

import io.github.notearchive.archive.catalog.NoteCatalog;
import io.github.notearchive.batch.ExitCode;
import java.util.List;
import java.util.regex.Pattern;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code search}: finds archived notes by words. */
@Command(name = "search")
final class SearchCommand extends JsonCommand {

    /** Any character that the search does not ignore. */
    private static final Pattern VISIBLE = Pattern.compile("[^\\s\\p{Z}\\p{C}\\ufe0e\\ufe0f]");

    @Parameters(paramLabel = "TEXT", arity = "1..*")
    private List<String> texts = List.of();

    @Option(names = "--limit", paramLabel = "N")
    private int limit = 20;

    record Found(String text, int limit, List<NoteCatalog.Hit> notes) {}

    @Override
    public Integer call() throws Exception {
        String words = String.join(" ", texts);
        refuseIf(!VISIBLE.matcher(words).find(), "TEXT is \"" + words + "\", which contains no word");
        refuseIf(limit < 1, "--limit must be at least 1, but is " + limit);
        return read(NoteCatalog.class, catalog -> {
            print(new Found(words, limit, catalog.search(words, limit)), "search");
            return ExitCode.COMPLETED;
        });
    }
}
