package io.github.notearchive.cli;

import io.github.notearchive.archive.query.NoteCards;
import io.github.notearchive.archive.query.NoteFilter;
import io.github.notearchive.batch.ExitCode;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code search}: finds archived notes by words and other terms of a filter. */
@Command(name = "search")
final class SearchCommand extends JsonCommand {

    @Parameters(paramLabel = "FILTER", arity = "1..*")
    private List<String> terms = List.of();

    @Option(names = "--limit", paramLabel = "N")
    private int limit = 20;

    @Option(names = "--order", paramLabel = "published|likes")
    private NoteCards.CardOrder order = NoteCards.CardOrder.PUBLISHED;

    record SearchResult(String text, int limit, NoteCards.CardOrder order, List<NoteCards.Hit> notes) {}

    @Override
    public Integer call() throws Exception {
        NoteFilter filter = filter(String.join(" ", terms));
        refuseIf(limit < 1, "--limit must be at least 1, but is " + limit);
        return read(context -> {
            List<NoteCards.Hit> notes = context.get(NoteCards.class).search(filter, order, limit);
            print(new SearchResult(filter.text(), limit, order, notes), "search");
            return ExitCode.COMPLETED;
        });
    }
}
